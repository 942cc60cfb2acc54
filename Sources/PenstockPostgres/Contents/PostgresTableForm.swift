// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockStore

/// How a table of the contents is kept in this schema, which has the same tables and columns.
struct PostgresTableForm {
    let table: ContentsTable

    /// The tables of the schema that have no contents: what it is, which servers work on it, and what they lock.
    static let ownTables: Set<String> = ["penstock_schema", "penstock_format", "penstock_server", KeyLock.table]

    /// How many rows one statement reads.
    static let pageSize = 1000
    /// How many rows one statement inserts, where there are as many.
    static let insertSize = 50

    // MARK: Reading

    /// A page of rows by ascending key, those after the key, whose parameters are numbered by its columns.
    func select(isAfterKey: Bool) -> String {
        let key = self.table.key.map { "\"\($0.name)\"" }.joined(separator: ", ")
        let parameters = self.table.key.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        return """
            SELECT \(self.names) FROM "\(self.table.name)"\(isAfterKey ? " WHERE (\(key)) > (\(parameters))" : "") \
            ORDER BY \(key) LIMIT \(Self.pageSize)
            """
    }

    private var names: String { self.table.columns.map { "\"\($0.name)\"" }.joined(separator: ", ") }

    func row(_ row: inout PostgresRow) throws -> ContentsRow {
        var values: [ContentsValue] = []
        values.reserveCapacity(self.table.columns.count)
        for column in self.table.columns { values.append(try Self.value(of: column, &row)) }
        return ContentsRow(values)
    }

    private static func value(of column: ContentsTable.Column, _ row: inout PostgresRow) throws -> ContentsValue {
        switch column.kind {
        case .integer: try row.integerIfPresent().map { .integer($0) } ?? .null
        case .flag: row.bytesIfPresent().map { .integer($0 == [0] ? 0 : 1) } ?? .null
        case .text: try row.textIfPresent().map { .text($0) } ?? .null
        case .bytes, .id, .pipeline: row.bytesIfPresent().map { .bytes($0) } ?? .null
        }
    }

    /// The row as it is handed over. Elsewhere the start of a job is part of another value, so it is in the newest form in
    /// any case.
    func shared(_ row: ContentsRow) -> Result<ContentsRow, StoreError> {
        guard self.table.name == "job" else { return .success(row) }
        var row = row
        let index = self.table.index(of: "start")
        guard case .bytes(let bytes) = row.values[index] else { return .success(row) }
        do {
            row.values[index] = .bytes(try ActionStart(storedBytes: bytes).storedBytes())
            return .success(row)
        } catch {
            return .failure(
                StoreError(.corrupt, "\(self.table.name) \(row.values[0].shown) cannot be read: \(error)"))
        }
    }

    // MARK: Writing

    /// Inserts so many rows, whose values are numbered by the table's columns, row after row.
    func insert(rows: Int) -> String {
        let width = self.table.columns.count
        let lines = (0..<rows).map { row in
            "(" + (1...width).map { "$\(row * width + $0)" }.joined(separator: ", ") + ")"
        }
        let overriding = PostgresCounters.column(of: self.table.name) == nil ? "" : " OVERRIDING SYSTEM VALUE"
        return """
            INSERT INTO "\(self.table.name)" (\(self.names))\(overriding) VALUES \(lines.joined(separator: ", "))
            """
    }

    func parameters(_ row: ContentsRow) -> [PostgresValue] {
        zip(self.table.columns, row.values).map { column, value in
            switch (column.kind, value) {
            case (_, .null): .null
            case (.flag, .integer(let value)): .bool(value != 0)
            case (_, .integer(let value)): .integer(value)
            case (_, .text(let text)): .text(text)
            case (_, .bytes(let bytes)): .bytes(bytes)
            }
        }
    }
}

/// What PostgreSQL remembers of the numbers that it gave out.
enum PostgresCounters {
    static let fence = "fence"

    /// In their order. Entries of the audit trail are numbered too, but that nobody else counts them is no loss.
    static func names(inSchema version: Int) -> [String] {
        version < 3 ? [Self.fence, "object_version"] : ["dead_letter", "event", Self.fence, "object_version"]
    }

    /// The column that a table numbers its rows in.
    static func column(of table: String) -> String? {
        switch table {
        case "object_version": "sequence"
        case "dead_letter", "event", "audit_entry": "number"
        default: nil
        }
    }

    private static func sequence(of name: String) -> String {
        self.column(of: name).map { "pg_get_serial_sequence('\(name)', '\($0)')::regclass" } ?? "'\(name)'::regclass"
    }

    static func last(of name: String, on session: PostgresSession) throws -> Int64 {
        let sql = "SELECT coalesce(pg_sequence_last_value(\(Self.sequence(of: name))), 0)::bigint"
        return try session.rows(sql, []) { try $0.int64() }.first ?? 0
    }

    static func set(_ name: String, last: Int64, on session: PostgresSession) throws {
        // A sequence that gave out nothing cannot be set to that.
        guard last > 0 else { return }
        _ = try session.rows("SELECT setval(\(Self.sequence(of: name)), $1)", [last]) { _ in }
    }

    /// The numbers of the audit trail go on after the greatest.
    static func settleAudit(on session: PostgresSession) throws {
        let last = try session.rows("SELECT coalesce(max(number), 0) FROM audit_entry", []) { try $0.int64() }.first
        try Self.set("audit_entry", last: last ?? 0, on: session)
    }
}
