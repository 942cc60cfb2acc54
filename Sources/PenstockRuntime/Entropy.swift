// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where the runtime's identifiers and nonces come from. Copies draw from the same source.
package struct Entropy: RandomNumberGenerator, Sendable {
    /// The system's generator: numbers that nobody can guess.
    package static let system = Self {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }

    private let draw: @Sendable () -> UInt64

    /// A source of the caller's own, so that a run can be repeated.
    package init(draw: @escaping @Sendable () -> UInt64) { self.draw = draw }

    package mutating func next() -> UInt64 { self.draw() }
}
