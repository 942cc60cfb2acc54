// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where the random bits of the runtime's identifiers, nonces, keys and tokens come from. Copies draw from the same source.
package struct Entropy: RandomNumberGenerator, Sendable {
    /// The system's generator: numbers that nobody can guess.
    package static let system: Self = {
        let reserve = EntropyReserve()
        return Self { reserve.next() }
    }()

    private let draw: @Sendable () -> UInt64

    /// A source of the caller's own, so that a run can be repeated.
    package init(draw: @escaping @Sendable () -> UInt64) { self.draw = draw }

    package mutating func next() -> UInt64 { self.draw() }
}

/// Numbers of the system's generator, asked for many at once: a call of the system for each costs more than all else
/// that is done with it.
private final class EntropyReserve: Sendable {
    /// What `getentropy` gives at once. Source: POSIX.1-2024, `getentropy`: at most `GETENTROPY_MAX`, 256 bytes.
    private static let count = 256 / MemoryLayout<UInt64>.size

    private let numbers = Mutex<[UInt64]>([])

    /// A number that is given once.
    func next() -> UInt64 {
        self.numbers.withLock { numbers in
            if let number = numbers.popLast() { return number }
            numbers = Self.drawn()
            return numbers.removeLast()
        }
    }

    private static func drawn() -> [UInt64] {
        var drawn = [UInt64](repeating: 0, count: Self.count)
        let isDrawn = drawn.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { getentropy($0, bytes.count) == 0 } ?? false
        }
        guard isDrawn else {
            // Where the call is not to be had, the standard library knows another way.
            var generator = SystemRandomNumberGenerator()
            return drawn.map { _ in generator.next() }
        }
        return drawn
    }
}
