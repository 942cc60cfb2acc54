// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The same numbers on every run with the same seed, by a shift register and a multiplication.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    /// - Parameter seed: Not zero.
    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state ^= self.state >> 12
        self.state ^= self.state << 25
        self.state ^= self.state >> 27
        return self.state &* 0x2545_F491_4F6C_DD1D
    }
}
