// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Nothing: there is one writer, so that keys are not locked. As ``fleet``, it keeps the numbers alike.
    static let keyLocks = Migration(version: 8, sql: "")
}
