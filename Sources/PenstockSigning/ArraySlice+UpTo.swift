// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension ArraySlice<UInt8> {
    /// What is before the first of these bytes; everything when there is none.
    func upTo(_ byte: UInt8) -> Self { self[..<(self.firstIndex(of: byte) ?? self.endIndex)] }
}
