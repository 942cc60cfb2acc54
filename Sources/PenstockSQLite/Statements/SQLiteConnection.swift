// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import GRDBSQLite
import PenstockArtifacts
import PenstockModel
import PenstockStore

/// A value on its way into a statement.
enum SQLValue {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
    case id(UniqueID)

    static func id(_ value: some UniqueIdentifier) -> Self { .id(value.value) }
    static func id(_ value: (some UniqueIdentifier)?) -> Self { value.map { .id($0.value) } ?? .null }
    static func integer(_ value: Int) -> Self { .integer(Int64(value)) }
    static func time(_ value: Timestamp) -> Self { .integer(value.millisecondsSinceEpoch) }
    static func time(_ value: Timestamp?) -> Self { value.map { .integer($0.millisecondsSinceEpoch) } ?? .null }
    static func text(_ value: String?) -> Self { value.map { .text($0) } ?? .null }
    static func blob(_ value: [UInt8]?) -> Self { value.map { .blob($0) } ?? .null }
    static func bool(_ value: Bool) -> Self { .integer(value ? 1 : 0 as Int64) }
}

/// The row that a statement stands on, valid until the statement steps on.
struct SQLRow {
    fileprivate let statement: OpaquePointer

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(self.statement, column) == SQLITE_NULL }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(self.statement, column) }

    func time(_ column: Int32) -> Timestamp { Timestamp(millisecondsSinceEpoch: self.integer(column)) }

    func optionalTime(_ column: Int32) -> Timestamp? { self.isNull(column) ? nil : self.time(column) }

    func bool(_ column: Int32) -> Bool { self.integer(column) != 0 }

    /// `nil` when the bytes are not UTF-8.
    func validText(_ column: Int32) -> String? { String(validating: self.bytes(column), as: UTF8.self) }

    func text(_ column: Int32) -> String { String(decoding: self.bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { self.isNull(column) ? nil : self.text(column) }

    func blob(_ column: Int32) -> [UInt8] { Array(self.bytes(column)) }

    func optionalBlob(_ column: Int32) -> [UInt8]? { self.isNull(column) ? nil : self.blob(column) }

    /// The 16 bytes of an id; the schema checks that there are as many.
    func id<ID: UniqueIdentifier>(_ column: Int32, as _: ID.Type = ID.self) -> ID { ID(self.uniqueID(column)) }

    func uniqueID(_ column: Int32) -> UniqueID {
        let bytes = self.bytes(column)
        guard bytes.count == 16 else { return UniqueID(high: 0, low: 0) }
        return UniqueID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }

    func scope(account: Int32, region: Int32) throws -> Scope {
        guard let account = AccountID(self.text(account)), let region = Region(self.text(region)) else {
            throw StoreError(.corrupt, "a stored scope cannot be read")
        }
        return Scope(account: account, region: region)
    }

    func value<Value: RawRepresentable>(_ column: Int32) throws -> Value where Value.RawValue == String {
        guard let value = Value(rawValue: self.text(column)) else {
            throw StoreError(.corrupt, "a stored \(Value.self) cannot be read")
        }
        return value
    }

    /// Text too: SQLite holds it as UTF-8. The pointer comes before the length, as SQLite asks.
    private func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(self.statement, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(self.statement, column)))
    }
}

/// Statements of one subject. Texts are constant: each is prepared once for each connection.
protocol SQLStatement: Sendable, CaseIterable, RawRepresentable where RawValue == String {}

/// Runs prepared statements on one connection; used by the one thread that GRDB lends the connection to.
final class SQLiteConnection {
    let database: Database
    /// The first failure of the database itself, after which nothing of the batch can be trusted.
    private(set) var failure: StoreError?
    /// Whether there was no room for something.
    private(set) var isFull = false

    init(_ database: Database) { self.database = database }

    /// Runs a statement that answers nothing, and returns how many rows it changed.
    @discardableResult
    func run(_ text: StatementText, _ values: SQLValue...) throws -> Int { try self.run(text.rawValue, values) }

    func rows<Value>(_ text: StatementText, _ values: SQLValue..., map: (SQLRow) throws -> Value) throws -> [Value] {
        try self.rows(text.rawValue, values, map)
    }

    func first<Value>(_ text: StatementText, _ values: SQLValue..., map: (SQLRow) throws -> Value) throws -> Value? {
        try self.first(text.rawValue, values, map)
    }

    @discardableResult
    func run(_ text: some SQLStatement, _ values: SQLValue...) throws -> Int { try self.run(text.rawValue, values) }

    func rows<Value>(_ text: some SQLStatement, _ values: SQLValue..., map: (SQLRow) throws -> Value) throws -> [Value]
    {
        try self.rows(text.rawValue, values, map)
    }

    func first<Value>(_ text: some SQLStatement, _ values: SQLValue..., map: (SQLRow) throws -> Value) throws -> Value?
    {
        try self.first(text.rawValue, values, map)
    }

    @discardableResult
    func run(_ sql: String, _ values: [SQLValue]) throws -> Int {
        let statement = try self.prepare(sql, values)
        defer { Self.finish(statement) }
        while try self.step(statement) {}
        return Int(sqlite3_changes(self.database.sqliteConnection))
    }

    private func rows<Value>(_ sql: String, _ values: [SQLValue], _ map: (SQLRow) throws -> Value) throws -> [Value] {
        let statement = try self.prepare(sql, values)
        defer { Self.finish(statement) }
        var rows: [Value] = []
        while try self.step(statement) { rows.append(try map(SQLRow(statement: statement))) }
        return rows
    }

    private func first<Value>(_ sql: String, _ values: [SQLValue], _ map: (SQLRow) throws -> Value) throws -> Value? {
        let statement = try self.prepare(sql, values)
        defer { Self.finish(statement) }
        return try self.step(statement) ? try map(SQLRow(statement: statement)) : nil
    }

    /// Runs a statement whose text is made, and hands over its rows one by one.
    func each(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Void) throws {
        let statement = try self.prepare(sql, values)
        defer { Self.finish(statement) }
        while try self.step(statement) { try body(SQLRow(statement: statement)) }
    }

    /// Counts up with each row that a statement inserts, changes or deletes.
    var changeCount: Int32 { sqlite3_total_changes(self.database.sqliteConnection) }

    var isInTransaction: Bool { sqlite3_get_autocommit(self.database.sqliteConnection) == 0 }

    private func prepare(_ sql: String, _ values: [SQLValue]) throws -> OpaquePointer {
        let statement: OpaquePointer
        do {
            statement = try self.database.cachedStatement(sql: sql).sqliteStatement
        } catch {
            throw self.note(StoreError(sqlite: error))
        }
        for (index, value) in values.enumerated() {
            let code = Self.bind(value, to: statement, at: Int32(index + 1))
            guard code == SQLITE_OK else { throw self.lastError() }
        }
        return statement
    }

    private func step(_ statement: OpaquePointer) throws -> Bool {
        switch sqlite3_step(statement) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw self.lastError()
        }
    }

    private static func finish(_ statement: OpaquePointer) {
        sqlite3_reset(statement)
        sqlite3_clear_bindings(statement)
    }

    private func lastError() -> StoreError {
        let connection = self.database.sqliteConnection
        let message = sqlite3_errmsg(connection).map { String(cString: $0) } ?? "unknown"
        if sqlite3_errcode(connection) & 0xFF == SQLITE_FULL { self.isFull = true }
        return self.note(StoreError(sqliteCode: sqlite3_extended_errcode(connection), message: message))
    }

    private func note(_ error: StoreError) -> StoreError {
        if error.code != .constraint { self.failure = self.failure ?? error }
        return error
    }

    private static func bind(_ value: SQLValue, to statement: OpaquePointer, at index: Int32) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(statement, index)
        case .integer(let value): return sqlite3_bind_int64(statement, index, value)
        case .text(var text):
            return text.withUTF8 { buffer in
                buffer.withMemoryRebound(to: CChar.self) {
                    guard let start = $0.baseAddress else { return sqlite3_bind_text(statement, index, "", 0, copied) }
                    return sqlite3_bind_text(statement, index, start, Int32($0.count), copied)
                }
            }
        case .blob(let bytes):
            guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
            return bytes.withUnsafeBytes {
                sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), copied)
            }
        case .id(let id):
            return withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) {
                sqlite3_bind_blob(statement, index, $0.baseAddress, Int32($0.count), copied)
            }
        }
    }
}

/// `SQLITE_TRANSIENT`, which C spells as a cast: SQLite copies the bytes before the call returns.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension StoreError {
    /// What SQLite's result code means to a caller.
    init(sqliteCode: Int32, message: String, underlying: (any Error)? = nil) {
        let code: Code =
            switch sqliteCode & 0xFF {
            case SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE: .constraint
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_SCHEMA, SQLITE_ERROR: .corrupt
            default: .unavailable
            }
        self.init(code, "SQLite (\(sqliteCode)): \(message)", underlying: underlying)
    }

    init(sqlite error: any Error) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            self.init(
                sqliteCode: error.extendedResultCode.rawValue,
                message: error.message ?? "no message",
                underlying: error
            )
        default: self.init(.unavailable, "\(error)", underlying: error)
        }
    }
}
