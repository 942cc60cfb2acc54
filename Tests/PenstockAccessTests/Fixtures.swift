// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import Testing

/// The same numbers each time: tests name what they are about, and nothing else varies.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64 = 1) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

func makeMasterKey(filledWith byte: UInt8 = 7) throws -> MasterKey {
    try #require(MasterKey(bytes: Array(repeating: byte, count: MasterKey.byteCount)))
}

func makeAccount(_ digits: String = "111111111111") throws -> AccountID { try #require(AccountID(digits)) }

let start = Timestamp(millisecondsSinceEpoch: 1_790_000_000_000)
