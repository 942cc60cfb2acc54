// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a string has to be: at least and at most so long, and of a pattern.
public struct StringConstraints: Sendable, Hashable {
    /// In Unicode scalar values.
    public var minimum: Int?
    /// In Unicode scalar values.
    public var maximum: Int?
    /// What the whole string has to match.
    public var pattern: StringPattern?

    /// Any string at all.
    public static let none = StringConstraints()

    /// Combines the given rules; those that are left out do not apply.
    public init(minimum: Int? = nil, maximum: Int? = nil, pattern: StringPattern? = nil) {
        self.minimum = minimum
        self.maximum = maximum
        self.pattern = pattern
    }

    /// All rules, in the order in which map failures list them: the maximum comes first.
    public var all: [WireConstraint] {
        var all: [WireConstraint] = []
        if let maximum = self.maximum {
            all.append(.maximumLength(maximum))
        }
        if let minimum = self.minimum {
            all.append(.minimumLength(minimum))
        }
        if let pattern = self.pattern {
            all.append(.pattern(pattern.rawValue))
        }
        return all
    }

    /// Which rules the string with these UTF-8 bytes breaks.
    func broken(by bytes: UnsafeBufferPointer<UInt8>) -> BrokenStringConstraints {
        var broken: BrokenStringConstraints = []
        // The number of scalars lies between a quarter of the number of bytes and that number: mostly that decides.
        if let minimum = self.minimum, bytes.count < minimum * 4, Self.scalarCount(of: bytes) < minimum {
            broken.insert(.minimum)
        }
        if let maximum = self.maximum, bytes.count > maximum, Self.scalarCount(of: bytes) > maximum {
            broken.insert(.maximum)
        }
        if let pattern = self.pattern, !pattern.matches(bytes) {
            broken.insert(.pattern)
        }
        return broken
    }

    private static func scalarCount(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) }
    }
}

/// The rules of ``StringConstraints`` that one string breaks.
struct BrokenStringConstraints: OptionSet {
    let rawValue: UInt8

    static let minimum = BrokenStringConstraints(rawValue: 1)
    static let maximum = BrokenStringConstraints(rawValue: 2)
    static let pattern = BrokenStringConstraints(rawValue: 4)
}

/// What an integer has to be.
public struct IntegerConstraints: Sendable, Hashable {
    /// The least value that passes.
    public var minimum: Int64?
    /// The greatest value that passes.
    public var maximum: Int64?
    /// What the type can hold at all; a number outside is not a broken constraint but a wrong type.
    public var representable: ClosedRange<Int64>

    /// Any integer of 32 bits, which is what the API means by integer.
    public static let none = IntegerConstraints()

    /// Combines the given rules; those that are left out do not apply.
    public init(
        minimum: Int64? = nil, maximum: Int64? = nil,
        representable: ClosedRange<Int64> = Int64(Int32.min)...Int64(Int32.max)
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.representable = representable
    }
}

/// How many elements a list or entries a map has to have.
public struct SizeConstraints: Sendable, Hashable {
    /// The least count that passes.
    public var minimum: Int?
    /// The greatest count that passes.
    public var maximum: Int?

    /// Any number of elements, none included.
    public static let none = SizeConstraints()

    /// Combines the given rules; those that are left out do not apply.
    public init(minimum: Int? = nil, maximum: Int? = nil) {
        self.minimum = minimum
        self.maximum = maximum
    }

    /// Whether one element more than `count` is too many. Such elements are checked but not kept.
    func isExceeded(by count: Int) -> Bool {
        self.maximum.map { count >= $0 } ?? false
    }
}
