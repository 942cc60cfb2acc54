// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Reads one JSON document strictly, straight into Swift values, and gathers every broken constraint on the way.
///
/// The reader pulls: a type's `init(from:)` asks for its members one after another, and what nobody asks for is skipped
/// without recursion. Only three things can go wrong: the text is not JSON, a value has another JSON type than the
/// member wants (both throw at once, as there is nothing sensible to continue with), or a value breaks a constraint.
/// The last kind is recorded and reading goes on, so that one answer names everything that is wrong with a request.
///
/// What is accepted: RFC 8259 in UTF-8 without a byte order mark, nested at most ``maximumDepth`` levels. Unpaired
/// surrogates, control characters inside strings, `NaN` and trailing bytes are refused. `null` is the same as absence,
/// unknown members are ignored unless somebody wants to know of them, and of a repeated member the last one counts.
///
/// Reading allocates for the values it returns and for at most ``maximumFailures`` failures, whatever the input.
public struct WireReader: ~Copyable {
    /// How deep arrays and objects may nest. The deepest value of the API needs 12 levels.
    public static let maximumDepth = 128

    /// How many broken constraints are gathered; later ones are dropped, since nobody reads that far.
    public static let maximumFailures = 500

    /// What becomes of members that a structure does not have.
    public enum UnknownMembers: Sendable, Hashable {
        /// As a service does, whose clients may be newer than itself.
        case ignored
        /// As it is good for what people write by hand, but for these names at the top level.
        case refused(exceptAtTop: Set<String>)
    }

    let bytes: UnsafeBufferPointer<UInt8>
    let checksConstraints: Bool
    private let unknownMembers: UnknownMembers
    var position = 0
    var depth = 0
    var failures: [ValidationFailure] = []
    /// Holds the last string that contained escapes, decoded.
    var unescaped: [UInt8] = []

    private init(bytes: UnsafeBufferPointer<UInt8>, checksConstraints: Bool, unknownMembers: UnknownMembers) {
        self.bytes = bytes
        self.checksConstraints = checksConstraints
        self.unknownMembers = unknownMembers
    }

    /// Reads a whole document, whose top level has to be an object.
    ///
    /// - Parameters:
    ///   - bytes: The body; an empty one counts as `{}`, as clients send it for operations without members.
    ///   - checkingConstraints: Whether lengths, ranges, patterns and value sets are checked, as a server must. A
    ///     client leaves them alone, so that it works with a service that is newer than itself; required members are
    ///     required of both.
    ///   - unknownMembers: What becomes of members that a structure does not have.
    /// - Throws: ``WireError`` with code `.malformed`, `.wrongType` or `.brokenConstraints`.
    public static func read<Value: WireDecodable>(
        _ type: Value.Type, from bytes: UnsafeRawBufferPointer, checkingConstraints: Bool,
        unknownMembers: UnknownMembers = .ignored
    ) throws(WireError) -> Value {
        guard bytes.isEmpty else {
            return try self.readDocument(
                type, from: bytes.assumingMemoryBound(to: UInt8.self), checkingConstraints: checkingConstraints,
                unknownMembers: unknownMembers)
        }
        let emptyObject: StaticString = "{}"
        return try self.readDocument(
            type, from: UnsafeBufferPointer(start: emptyObject.utf8Start, count: emptyObject.utf8CodeUnitCount),
            checkingConstraints: checkingConstraints, unknownMembers: unknownMembers)
    }

    /// Reads a whole document held in an array.
    public static func read<Value: WireDecodable>(
        _ type: Value.Type, from bytes: [UInt8], checkingConstraints: Bool, unknownMembers: UnknownMembers = .ignored
    ) throws(WireError) -> Value {
        try bytes.withUnsafeBufferPointer { buffer throws(WireError) in
            try self.read(
                type, from: UnsafeRawBufferPointer(buffer), checkingConstraints: checkingConstraints,
                unknownMembers: unknownMembers)
        }
    }

    private static func readDocument<Value: WireDecodable>(
        _ type: Value.Type, from bytes: UnsafeBufferPointer<UInt8>, checkingConstraints: Bool,
        unknownMembers: UnknownMembers
    ) throws(WireError) -> Value {
        if let invalid = UTF8Check.firstInvalidOffset(in: bytes) {
            throw .malformed("invalid UTF-8", at: invalid)
        }
        var reader = WireReader(
            bytes: bytes, checksConstraints: checkingConstraints, unknownMembers: unknownMembers)
        guard try reader.peek() == UInt8(ascii: "{") else {
            throw .malformed("the top level is not an object", at: reader.position)
        }
        let value: Value?
        do throws(WireError) {
            value = try Value(from: &reader)
        } catch {
            guard error.code == .wrongType else { throw error }
            let path = ValuePath(of: reader.position, in: bytes).text
            throw error.located(at: reader.position, path: path)
        }
        reader.skipWhitespace()
        guard reader.position == bytes.count else {
            throw .malformed("bytes after the end of the document", at: reader.position)
        }
        guard let value, reader.failures.isEmpty else {
            throw .brokenConstraints(reader.failures)
        }
        return value
    }

    // MARK: Bytes and tokens

    mutating func skipWhitespace() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x0A, 0x0D, 0x09: self.position += 1
            default: return
            }
        }
    }

    /// Returns the next byte that is not white space, without consuming it.
    @inline(__always)
    mutating func peek() throws(WireError) -> UInt8 {
        // Compact documents have no white space at all, so that case is decided here.
        if self.position < self.bytes.count, case let byte = self.bytes[self.position], byte > 0x20 {
            return byte
        }
        return try self.peekBehindWhitespace()
    }

    private mutating func peekBehindWhitespace() throws(WireError) -> UInt8 {
        self.skipWhitespace()
        guard self.position < self.bytes.count else {
            throw .malformed("unexpected end of input", at: self.position)
        }
        return self.bytes[self.position]
    }

    mutating func expect(_ byte: UInt8) throws(WireError) {
        guard try self.peek() == byte else {
            throw .malformed("'\(Character(Unicode.Scalar(byte)))' expected", at: self.position)
        }
        self.position += 1
    }

    mutating func expectLiteral(_ literal: StaticString) throws(WireError) {
        let count = literal.utf8CodeUnitCount
        guard self.bytes.count - self.position >= count else {
            throw .malformed("unexpected end of input", at: self.bytes.count)
        }
        for offset in 0..<count where self.bytes[self.position + offset] != literal.utf8Start[offset] {
            throw .malformed("not a JSON value", at: self.position)
        }
        self.position += count
    }

    /// Passes over the value of a member that its structure does not have.
    ///
    /// - Parameter start: Where its name begins.
    mutating func passUnknownMember(_ key: ScannedString, at start: Int) throws(WireError) {
        if case .refused(let exceptions) = self.unknownMembers {
            let name = self.withBytes(of: key) { String(decoding: $0, as: UTF8.self) }
            guard self.depth == 1, exceptions.contains(name) else { throw .unknownMember(name, at: start) }
        }
        try self.skipValue()
    }

    mutating func enter() throws(WireError) {
        self.position += 1
        self.depth += 1
        guard self.depth <= Self.maximumDepth else {
            throw .tooDeep(at: self.position)
        }
    }

    mutating func leave() {
        self.position += 1
        self.depth -= 1
    }

    /// Consumes `null` when that is the next value.
    mutating func consumeNull() throws(WireError) -> Bool {
        guard try self.peek() == UInt8(ascii: "n") else {
            return false
        }
        try self.expectLiteral("null")
        return true
    }
}
