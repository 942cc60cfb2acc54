// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import CLibPQ
import PenstockModel
import PenstockStore

/// Reads the columns of one row from left to right, in the order in which its statement lists them.
///
/// A value that is not what the schema promises throws ``StoreError`` with code `.corrupt`. A row does not outlive the
/// closure that it is handed to.
struct PostgresRow {
    private let result: OpaquePointer
    private let number: Int32
    private var column: Int32 = 0

    init(of result: OpaquePointer, number: Int32) {
        self.result = result
        self.number = number
    }

    /// The bytes of the next column; `nil` for NULL. They are good while the result is.
    private mutating func next() -> UnsafeRawBufferPointer? {
        precondition(
            self.column < PQnfields(self.result), "a row is read by the columns of its own statement")
        defer { self.column += 1 }
        guard PQgetisnull(self.result, self.number, self.column) == 0 else { return nil }
        let start = PQgetvalue(self.result, self.number, self.column)
        return UnsafeRawBufferPointer(
            start: start, count: Int(PQgetlength(self.result, self.number, self.column)))
    }

    /// Whether the next column is NULL.
    var isNextNull: Bool { PQgetisnull(self.result, self.number, self.column) == 1 }

    private func corrupt(_ what: String) -> StoreError {
        let name = PQfname(self.result, self.column - 1).map { String(cString: $0) } ?? "?"
        return StoreError(.corrupt, "column \(name) holds \(what)")
    }

    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    // MARK: What may be absent

    mutating func integerIfPresent() throws -> Int64? {
        guard let bytes = self.next() else { return nil }
        guard bytes.count == 8 else { throw self.corrupt("\(bytes.count) bytes that are no bigint") }
        return Int64(bitPattern: Self.word(bytes, at: 0))
    }

    mutating func textIfPresent() throws -> String? {
        guard let bytes = self.next() else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw self.corrupt("no UTF-8")
        }
        return text
    }

    mutating func bytesIfPresent() -> [UInt8]? { self.next().map { Array($0) } }

    mutating func uuidIfPresent() throws -> UniqueID? {
        guard let bytes = self.next() else { return nil }
        guard bytes.count == 16 else { throw self.corrupt("\(bytes.count) bytes that are no uuid") }
        return UniqueID(high: Self.word(bytes, at: 0), low: Self.word(bytes, at: 8))
    }

    mutating func timestampIfPresent() throws -> Timestamp? {
        try self.integerIfPresent().map { Timestamp(millisecondsSinceEpoch: $0) }
    }

    mutating func idIfPresent<ID: UniqueIdentifier>(_: ID.Type = ID.self) throws -> ID? {
        try self.uuidIfPresent().map { ID($0) }
    }

    // MARK: What must be there

    private func require<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw self.corrupt("nothing") }
        return value
    }

    mutating func int64() throws -> Int64 { try self.require(self.integerIfPresent()) }

    mutating func int() throws -> Int { Int(try self.int64()) }

    mutating func text() throws -> String { try self.require(self.textIfPresent()) }

    mutating func bytes() throws -> [UInt8] { try self.require(self.bytesIfPresent()) }

    mutating func uuid() throws -> UniqueID { try self.require(self.uuidIfPresent()) }

    mutating func timestamp() throws -> Timestamp { try self.require(self.timestampIfPresent()) }

    mutating func id<ID: UniqueIdentifier>(_: ID.Type = ID.self) throws -> ID { ID(try self.uuid()) }

    mutating func bool() throws -> Bool {
        let bytes = try self.require(self.next())
        guard bytes.count == 1 else { throw self.corrupt("no Boolean") }
        return bytes[0] != 0
    }

    /// A value that the schema keeps as text.
    mutating func parsed<Value>(_ parse: (String) -> Value?) throws -> Value {
        let text = try self.text()
        guard let value = parse(text) else {
            throw self.corrupt("'\(text)', which is no \(Value.self)")
        }
        return value
    }

    mutating func rawValue<Value: RawRepresentable<String>>(_: Value.Type = Value.self) throws
        -> Value
    {
        try self.parsed { Value(rawValue: $0) }
    }

    /// Two columns: account and region.
    mutating func scope() throws -> Scope {
        Scope(account: try self.parsed { AccountID($0) }, region: try self.parsed { Region($0) })
    }

    /// Three columns: account, region and name.
    mutating func pipelineKey() throws -> PipelineKey {
        PipelineKey(scope: try self.scope(), name: try self.text())
    }

    /// Reads bytes with a form of their own, which throws when it cannot read them.
    mutating func decoded<Value>(_ decode: ([UInt8]) throws -> Value) throws -> Value {
        let bytes = try self.bytes()
        do {
            return try decode(bytes)
        } catch let error as StateDecodingError {
            throw StoreError(
                .corrupt, "a stored \(Value.self) cannot be read: \(error)", underlying: error)
        }
    }

    /// A value in its stored form.
    mutating func stored<Value: StateCodable>(_: Value.Type = Value.self) throws -> Value {
        try Value(storedBytes: self.bytes())
    }

    /// A list in its stored form.
    mutating func storedList<Value: StateCodable>(_: Value.Type = Value.self) throws -> [Value] {
        try [Value](storedBytes: self.bytes())
    }
}
