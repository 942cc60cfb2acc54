// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A value with a compact binary form, for state and history rows.
///
/// The form has no names and no type tags: a reader must know the format that wrote it, so each stored document starts
/// with a format number and every format ever written stays readable (golden files hold them).
///
/// What reads and writes is inlinable, so that other modules' types are read and written without asking their metadata.
public protocol StateCodable {
    func encode(to writer: inout StateWriter)
    init(from reader: inout StateReader) throws(StateDecodingError)
}

/// The numbers that stored documents start with.
public enum StateFormat {
    /// The newest, which is written unless others are to read it that know it not yet. 1 was before conditions, rollbacks
    /// and parallel executions.
    public static let current = 2
    /// What can be written. All older ones can be read.
    public static let written = 2...current
}

/// Stored bytes that this version cannot read: damaged, or written by a newer one.
public struct StateDecodingError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// Appends values in the compact form: integers as zig-zag variable-length numbers, text with its length in front.
public struct StateWriter: Sendable {
    @usableFromInline var written: [UInt8] = []
    /// What is written, one of ``StateFormat/written``.
    public let format: Int

    public init(capacity: Int = 512, format: Int = StateFormat.current) {
        self.format = format
        self.written.reserveCapacity(capacity)
    }

    /// All that was written.
    public var bytes: [UInt8] { self.written }

    /// Starts a document.
    public mutating func writeFormat() { self.write(self.format) }

    @inlinable
    public mutating func write(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            self.written.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.written.append(UInt8(truncatingIfNeeded: rest))
    }

    @inlinable
    public mutating func write(_ value: some StateCodable) { value.encode(to: &self) }

    @inlinable
    public mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { buffer in
            self.write(UInt64(buffer.count))
            self.written.append(contentsOf: buffer)
        }
    }

    @inlinable
    public mutating func write<Value: StateCodable>(_ value: Value?) {
        guard let value else { return self.written.append(0) }
        self.written.append(1)
        self.write(value)
    }

    @inlinable
    public mutating func write<Value: StateCodable>(_ values: [Value]) {
        self.write(UInt64(values.count))
        for value in values { self.write(value) }
    }
}

/// Reads what ``StateWriter`` wrote; every length is checked against what is left before anything is allocated.
public struct StateReader: Sendable {
    /// The most elements that an array has room made for before any of them was read.
    @usableFromInline static let maximumReservedCount = 64

    /// The format of the document that is being read: what it had not yet is not there to be read.
    public private(set) var format = StateFormat.current

    @usableFromInline let bytes: [UInt8]
    @usableFromInline var position = 0

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads what ``StateWriter/writeFormat()`` wrote; what is read from here on is of that format.
    ///
    /// - Parameter document: Names the document in the error.
    public mutating func readFormat(of document: String) throws(StateDecodingError) {
        try self.adopt(format: try self.read(Int.self), of: document)
    }

    /// As ``readFormat(of:)``, for a number that was read before.
    public mutating func adopt(format: Int, of document: String) throws(StateDecodingError) {
        guard 1...StateFormat.current ~= format else { throw StateDecodingError("\(document) of format \(format)") }
        self.format = format
    }

    public var isAtEnd: Bool { self.position == self.bytes.count }

    @inlinable
    public mutating func readByte() throws(StateDecodingError) -> UInt8 {
        guard self.position < self.bytes.count else { throw StateDecodingError("the document ends too early") }
        defer { self.position += 1 }
        return self.bytes[self.position]
    }

    @inlinable
    public mutating func readUInt64() throws(StateDecodingError) -> UInt64 {
        // Most numbers are lengths and cases: one byte.
        let first = try self.readByte()
        return first < 0x80 ? UInt64(first) : try self.readRest(of: first)
    }

    /// The number whose first byte says that others follow.
    @usableFromInline
    mutating func readRest(of first: UInt8) throws(StateDecodingError) -> UInt64 {
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            let byte = try self.readByte()
            guard shift < 63 || byte <= 1 else { throw StateDecodingError("a number is too large") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// A count of things that take at least one byte each.
    @inlinable
    public mutating func readCount() throws(StateDecodingError) -> Int {
        let count = try self.readUInt64()
        guard count <= UInt64(self.bytes.count - self.position) else {
            throw StateDecodingError("a length of \(count) exceeds the document")
        }
        return Int(count)
    }

    @inlinable
    public mutating func read<Value: StateCodable>(_: Value.Type = Value.self) throws(StateDecodingError) -> Value {
        try Value(from: &self)
    }

    public mutating func readString() throws(StateDecodingError) -> String {
        let count = try self.readCount()
        let start = self.position
        let text = self.bytes.withUnsafeBufferPointer { bytes in
            Self.text(of: UnsafeBufferPointer(rebasing: bytes[start..<start + count]))
        }
        guard let text else { throw StateDecodingError("a text is not UTF-8") }
        self.position += count
        return text
    }

    /// `nil` when the bytes are not UTF-8. Decoding repairs what is not, which changes it; asking for validation costs
    /// more than to look whether that happened.
    private static func text(of bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var text = String(decoding: bytes, as: UTF8.self)
        return text.withUTF8 { $0.count == bytes.count && $0.elementsEqual(bytes) } ? text : nil
    }

    @inlinable
    public mutating func readOptional<Value: StateCodable>(
        _: Value.Type = Value.self
    ) throws(StateDecodingError) -> Value? {
        switch try self.readByte() {
        case 0: return nil
        case 1: return try Value(from: &self)
        case let other: throw StateDecodingError("\(other) is neither absence nor presence")
        }
    }

    @inlinable
    public mutating func readArray<Value: StateCodable>(
        _: Value.Type = Value.self
    ) throws(StateDecodingError) -> [Value] {
        let count = try self.readCount()
        var values: [Value] = []
        // An element may take far more memory than bytes: the rest of the room is made as elements really appear.
        values.reserveCapacity(min(count, Self.maximumReservedCount))
        for _ in 0..<count { values.append(try Value(from: &self)) }
        return values
    }
}
