// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A 128-bit identifier, written as a lower-case hyphenated UUID.
///
/// Held as two words rather than as text: state and indexes are full of them. Comparison is by value, which is also the
/// order of the text form.
public struct UniqueID: Sendable, Hashable, Comparable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Parses the 36-character form; `nil` for everything else, upper-case letters included.
    public init?(_ text: some StringProtocol) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        var position = 0
        for byte in text.utf8 {
            switch (position, byte) {
            case (8, 0x2D), (13, 0x2D), (18, 0x2D), (23, 0x2D):
                position += 1
                continue
            case (8, _), (13, _), (18, _), (23, _):
                return nil
            case (_, 0x30...0x39), (_, 0x61...0x66):
                let digit = UInt64(byte < 0x40 ? byte - 0x30 : byte - 0x57)
                if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
                digits += 1
            case (_, _):
                return nil
            }
            position += 1
            guard position <= 36 else { return nil }
        }
        guard digits == 32, position == 36 else { return nil }
        self.init(high: high, low: low)
    }

    /// A version 4 UUID from the given generator.
    public static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let high = (generator.next() & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
        let low: UInt64 = (generator.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        return Self(high: high, low: low)
    }

    /// A version 7 UUID: what is made later is greater, to the millisecond, so that rows made at about one time stand
    /// together in an index. 74 of its bits are the generator's. Source: RFC 9562, section 5.7.
    ///
    /// An instant before 1970, or beyond the 48 bits that there are for it, counts as the nearest that there is.
    public static func ordered(at instant: Timestamp, using generator: inout some RandomNumberGenerator) -> Self {
        let milliseconds = UInt64(min(max(instant.millisecondsSinceEpoch, 0), 0xFFFF_FFFF_FFFF))
        let high = milliseconds << 16 | 0x7000 | generator.next() & 0x0FFF
        let low: UInt64 = (generator.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        return Self(high: high, low: low)
    }

    public static func < (left: Self, right: Self) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension UniqueID: CustomStringConvertible {
    /// The 36-character lower-case form.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for nibble in 0..<32 {
                if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 {
                    buffer[position] = 0x2D
                    position += 1
                }
                let word = nibble < 16 ? self.high : self.low
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(60 - (nibble % 16) * 4)) & 0xF
                buffer[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
                position += 1
            }
            return 36
        }
    }
}

/// An identifier of one kind of thing, so that an action execution is never passed for a pipeline execution.
public protocol UniqueIdentifier: Sendable, Hashable, Comparable, CustomStringConvertible {
    var value: UniqueID { get }
    init(_ value: UniqueID)
}

extension UniqueIdentifier {
    /// Parses the lower-case UUID form; `nil` for everything else.
    public init?(_ text: some StringProtocol) {
        guard let value = UniqueID(text) else { return nil }
        self.init(value)
    }

    public var description: String { self.value.description }

    public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
}

/// One pass of a pipeline from its start to its end; retries keep it.
public struct PipelineExecutionID: UniqueIdentifier {
    public let value: UniqueID
    public init(_ value: UniqueID) { self.value = value }
}

/// One attempt of one action; a retry makes a new one. Of a pending approval it is also the token.
public struct ActionExecutionID: UniqueIdentifier {
    public let value: UniqueID
    public init(_ value: UniqueID) { self.value = value }
}

/// One run of one rule; every evaluation of its condition makes a new one.
public struct RuleExecutionID: UniqueIdentifier {
    public let value: UniqueID
    public init(_ value: UniqueID) { self.value = value }
}

/// One piece of work handed to a worker; an action execution with continuations has several.
public struct JobID: UniqueIdentifier {
    public let value: UniqueID
    public init(_ value: UniqueID) { self.value = value }
}

/// A pipeline from its creation to its deletion; a pipeline created again under the same name is another one.
public struct PipelineID: UniqueIdentifier {
    public let value: UniqueID
    public init(_ value: UniqueID) { self.value = value }
}

/// A customer's connection of one partner action: the `clientId` of the third-party job operations.
public struct ClientID: UniqueIdentifier {
    public let value: UniqueID
    public init(_ value: UniqueID) { self.value = value }
}
