// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension String: StateCodable {
    @inlinable
    public func encode(to writer: inout StateWriter) { writer.write(self) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) { self = try reader.readString() }
}

extension Int64: StateCodable {
    @inlinable
    public func encode(to writer: inout StateWriter) { writer.write(UInt64(bitPattern: (self << 1) ^ (self >> 63))) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        let raw = try reader.readUInt64()
        self = Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
    }
}

extension Int: StateCodable {
    @inlinable
    public func encode(to writer: inout StateWriter) { Int64(self).encode(to: &writer) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self = Int(try Int64(from: &reader))
    }
}

extension Bool: StateCodable {
    @inlinable
    public func encode(to writer: inout StateWriter) { writer.write(self ? 1 : 0 as UInt64) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        switch try reader.readByte() {
        case 0: self = false
        case 1: self = true
        case let other: throw StateDecodingError("\(other) is not a Boolean")
        }
    }
}

extension UniqueID: StateCodable {
    @inlinable
    public func encode(to writer: inout StateWriter) {
        writer.write(self.high)
        writer.write(self.low)
    }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(high: try reader.readUInt64(), low: try reader.readUInt64())
    }
}

extension UniqueIdentifier {
    @inlinable
    public func encode(to writer: inout StateWriter) { self.value.encode(to: &writer) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) { self.init(try UniqueID(from: &reader)) }
}

extension PipelineExecutionID: StateCodable {}
extension ActionExecutionID: StateCodable {}
extension RuleExecutionID: StateCodable {}
extension JobID: StateCodable {}
extension PipelineID: StateCodable {}
extension ClientID: StateCodable {}

extension Timestamp: StateCodable {
    @inlinable
    public func encode(to writer: inout StateWriter) { self.millisecondsSinceEpoch.encode(to: &writer) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(millisecondsSinceEpoch: try Int64(from: &reader))
    }
}

/// A string-backed enumeration is stored by its raw value, which therefore never changes.
extension StateCodable where Self: RawRepresentable, RawValue == String {
    @inlinable
    public func encode(to writer: inout StateWriter) { writer.write(self.rawValue) }
    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        let raw = try reader.readString()
        guard let value = Self(rawValue: raw) else { throw StateDecodingError("\(Self.self) has no value '\(raw)'") }
        self = value
    }
}

/// A key with its value; maps are kept as sorted or declared lists of these, so that their order is defined.
public struct KeyedValue: Sendable, Hashable, StateCodable {
    public var key: String
    public var value: String

    public init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }

    @inlinable
    public func encode(to writer: inout StateWriter) {
        writer.write(self.key)
        writer.write(self.value)
    }

    @inlinable
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(try reader.readString(), try reader.readString())
    }
}

extension [KeyedValue] {
    /// The value under the key; `nil` when there is none.
    public subscript(key key: String) -> String? { self.first { $0.key == key }?.value }
}
