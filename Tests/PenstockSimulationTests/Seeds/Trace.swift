// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// What happened in a run, line by line, and a hash of all of it.
struct Trace: Sendable {
    private(set) var lines: [String] = []
    /// Source: Fowler, Noll and Vo, FNV-1a, 64 bits.
    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func note(_ line: String) {
        self.lines.append(line)
        self.mix(line.utf8)
    }

    mutating func mix(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { self.hash = (self.hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}
