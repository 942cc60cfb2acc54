// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

// The values that members hold. Each returns `nil` for `null`, and for a value that cannot be built, in which case a
// failure has been recorded; a value that merely breaks a constraint is returned, and its failure makes the document
// fail.

extension WireReader {
    /// Reads a string and checks its length and pattern.
    public mutating func string(_ constraints: StringConstraints = .none) throws(WireError) -> String? {
        guard try !self.consumeNull() else {
            return nil
        }
        guard self.bytes[self.position] == UInt8(ascii: "\"") else {
            throw try self.wrongType(expected: .string)
        }
        let scanned = try self.scanString()
        if self.checksConstraints, constraints != .none {
            let broken = self.withBytes(of: scanned) { constraints.broken(by: $0) }
            if !broken.isEmpty {
                self.record(broken, of: constraints)
            }
        }
        return self.withBytes(of: scanned) { String(decoding: $0, as: UTF8.self) }
    }

    /// Reads a string that must not show up in logs.
    public mutating func sensitive(_ constraints: StringConstraints = .none) throws(WireError) -> Sensitive? {
        try self.string(constraints).map(Sensitive.init(_:))
    }

    /// Reads one of a set of values; others are a broken constraint for a server and let through for a client.
    public mutating func enumeration<Value: WireEnumeration>(_ type: Value.Type) throws(WireError) -> Value? {
        guard let text = try self.string() else {
            return nil
        }
        let value = Value(rawValue: text)
        if self.checksConstraints, !Value.allKnown.contains(value) {
            self.record(.valueSet(Value.allKnown.map(\.rawValue)))
        }
        return value
    }

    /// Reads an integer, also one written as `5.0` or `5e0`.
    ///
    /// - Throws: ``WireError`` with code `.wrongType` for fractions and for what exceeds 32 bits, unless the
    ///   constraints allow more.
    public mutating func integer(_ constraints: IntegerConstraints = .none) throws(WireError) -> Int? {
        guard let number = try self.number(expected: .integer) else {
            return nil
        }
        guard let (value, isExact) = number.scaled(byPowerOfTen: 0) else {
            throw .wrongType("Numeric value out of range of Integer")
        }
        guard isExact else {
            throw .wrongType("NUMBER_VALUE with a fraction cannot be converted to Integer")
        }
        guard constraints.representable.contains(value) else {
            throw .wrongType("Numeric value out of range of Integer")
        }
        if self.checksConstraints {
            if let minimum = constraints.minimum, value < minimum {
                self.record(.minimumValue(minimum))
            }
            if let maximum = constraints.maximum, value > maximum {
                self.record(.maximumValue(maximum))
            }
        }
        return Int(value)
    }

    /// Reads a number of seconds since 1970, rounded to milliseconds.
    public mutating func timestamp() throws(WireError) -> WireTimestamp? {
        guard let number = try self.number(expected: .timestamp) else {
            return nil
        }
        guard let (milliseconds, _) = number.scaled(byPowerOfTen: 3),
            let timestamp = WireTimestamp(millisecondsSinceEpoch: milliseconds)
        else {
            throw .wrongType("Numeric value out of range of Timestamp")
        }
        return timestamp
    }

    /// Reads a number as a binary fraction.
    public mutating func double() throws(WireError) -> Double? {
        guard try !self.consumeNull() else {
            return nil
        }
        let start = self.position
        _ = try self.number(expected: .double)
        let text = String(decoding: UnsafeBufferPointer(rebasing: self.bytes[start..<self.position]), as: UTF8.self)
        guard let value = Double(text), value.isFinite else {
            throw .wrongType("Numeric value out of range of Double")
        }
        return value
    }

    /// Reads `true` or `false`.
    public mutating func boolean() throws(WireError) -> Bool? {
        switch try self.peek() {
        case UInt8(ascii: "t"):
            try self.expectLiteral("true")
            return true
        case UInt8(ascii: "f"):
            try self.expectLiteral("false")
            return false
        case UInt8(ascii: "n"):
            try self.expectLiteral("null")
            return nil
        default:
            throw try self.wrongType(expected: .boolean)
        }
    }

    /// Reads a structure.
    public mutating func structure<Value: WireDecodable>(_ type: Value.Type) throws(WireError) -> Value? {
        try self.consumeNull() ? nil : Value(from: &self)
    }

    /// Reads a list of structures.
    public mutating func list<Element: WireDecodable>(
        _ size: SizeConstraints = .none, of type: Element.Type
    ) throws(WireError) -> [Element]? {
        try self.elements(size) { reader throws(WireError) in try Element(from: &reader) }
    }

    /// Reads a list of strings.
    public mutating func strings(
        _ size: SizeConstraints = .none, of constraints: StringConstraints = .none
    ) throws(WireError) -> [String]? {
        try self.elements(size) { reader throws(WireError) in try reader.string(constraints) }
    }

    /// Reads a list of values out of a set.
    public mutating func enumerations<Element: WireEnumeration>(
        _ size: SizeConstraints = .none, of type: Element.Type
    ) throws(WireError) -> [Element]? {
        try self.elements(size) { reader throws(WireError) in try reader.enumeration(type) }
    }

    // MARK: Parts

    private mutating func number(expected: WireType) throws(WireError) -> ScannedNumber? {
        guard try !self.consumeNull() else {
            return nil
        }
        switch self.bytes[self.position] {
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return try self.scanNumber()
        default:
            throw try self.wrongType(expected: expected)
        }
    }

    private mutating func elements<Element>(
        _ size: SizeConstraints, _ read: (inout WireReader) throws(WireError) -> Element?
    ) throws(WireError) -> [Element]? {
        guard try !self.consumeNull() else {
            return nil
        }
        guard self.bytes[self.position] == UInt8(ascii: "[") else {
            throw try self.wrongType(expected: .list)
        }
        try self.enter()
        let firstFailure = self.failures.count
        var elements: [Element] = []
        var count = 0
        var isFirst = true
        while try self.nextElement(isFirst: &isFirst) {
            let firstElementFailure = self.failures.count
            if try self.consumeNull() {
                self.record(.mustNotBeNull)
            } else if let element = try read(&self), !size.isExceeded(by: count) || !self.checksConstraints {
                elements.append(element)
            }
            count += 1
            if self.failures.count != firstElementFailure {
                self.prefixFailures(from: firstElementFailure, with: "\(count).member", order: count)
            }
        }
        self.check(size, count: count)
        if self.failures.count != firstFailure {
            self.sortFailures(from: firstFailure)
        }
        return elements
    }

    mutating func check(_ size: SizeConstraints, count: Int) {
        guard self.checksConstraints else {
            return
        }
        if let minimum = size.minimum, count < minimum {
            self.record(.minimumLength(minimum))
        }
        if let maximum = size.maximum, count > maximum {
            self.record(.maximumLength(maximum))
        }
    }
}
