// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
internal import Synchronization

/// The identity of one request: on every response, in every log line and audit entry about it.
package struct RequestID: Sendable, Hashable, CustomStringConvertible {
    package let value: UniqueID

    package init(_ value: UniqueID) { self.value = value }

    /// An identifier no other request of this service has. Not a secret: it need not be hard to guess.
    ///
    /// A counter, mixed so that it reads as a random UUID; asking the system for randomness would cost a system call.
    package static func next() -> Self {
        let ordinal = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
        let low = Self.mixed(ordinal ^ Self.seed.low)
        return Self(
            UniqueID(
                high: (Self.seed.high &+ low >> 32) & 0xFFFF_FFFF_FFFF_0FFF | 0x4000,
                low: low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
            )
        )
    }

    package var description: String { self.value.description }

    private static let counter = Atomic<UInt64>(0)

    private static let seed: UniqueID = {
        var generator = SystemRandomNumberGenerator()
        return UniqueID(high: generator.next(), low: generator.next())
    }()

    /// The finalizer of SplitMix64, which maps different inputs to different outputs.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
