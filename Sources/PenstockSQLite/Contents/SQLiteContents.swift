// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import PenstockStore

/// What a SQLite file holds, read beside whoever works with it.
package enum SQLiteContents {
    /// Hands the body everything that the file holds at this moment. Other processes may go on writing to it.
    ///
    /// - Throws: ``StoreError``; what the body throws.
    package static func read<Result>(path: String, _ body: (any ContentsReader) throws -> Result) throws -> Result {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(SQLiteStore.busyTimeoutSeconds)
        do {
            return try DatabaseQueue(path: path, configuration: configuration).inDatabase { database in
                try Self.read(database, body)
            }
        } catch let error as DatabaseError {
            throw StoreError(sqlite: error)
        }
    }

    /// On one snapshot, which the first statement takes.
    static func read<Result>(_ database: Database, _ body: (any ContentsReader) throws -> Result) throws -> Result {
        var result: Result?
        try database.inTransaction(.deferred) {
            result = try body(try SQLiteContentsReader(database))
            return .commit
        }
        guard let result else { preconditionFailure("a transaction that ends has run its body") }
        return result
    }
}

/// Reads the contents in one transaction.
private struct SQLiteContentsReader: ContentsReader {
    private let connection: SQLiteConnection
    let schemaVersion: Int
    let isUnfinished: Bool

    init(_ database: Database) throws {
        self.connection = SQLiteConnection(database)
        let hasSchema =
            try Int.fetchOne(
                database, sql: "SELECT count(*) FROM sqlite_master WHERE name = 'schema'") != 0
        self.schemaVersion = hasSchema ? try Int.fetchOne(database, sql: "SELECT version FROM schema") ?? 0 : 0
        self.isUnfinished = try MoveMark.isThere(in: database)
    }

    func read(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws {
        guard table.name != ContentsTable.counters.name else { return try self.readCounters(after: key, body) }
        let form = SQLiteTableForm(table: table)
        try self.connection.each(form.select(isAfterKey: key != nil), (key ?? []).map { SQLValue($0) }) { row in
            switch form.row(row) {
            case .success(let row): try body(row)
            case .failure(let error): try unreadable(error)
            }
        }
    }

    private func readCounters(after key: [ContentsValue]?, _ body: (ContentsRow) throws -> Void) throws {
        for name in SQLiteCounters.names(inSchema: self.schemaVersion) {
            if case .text(let last) = key?.first, name <= last { continue }
            let last = try SQLiteCounters.last(of: name, in: self.connection)
            try body(ContentsRow([.text(name), .integer(last)]))
        }
    }

    func selfCheck() throws -> [String] {
        var findings: [String] = []
        try self.connection.each("PRAGMA integrity_check(100)", []) { row in
            if row.text(0) != "ok" { findings.append(row.text(0)) }
        }
        try self.connection.each("PRAGMA foreign_key_check", []) { row in
            guard findings.count < 100 else { return }
            findings.append("a row of \(row.text(0)) refers to a row of \(row.text(2)) that is not there")
        }
        return findings
    }
}

/// What SQLite remembers of the numbers that it gave out.
enum SQLiteCounters {
    static let fence = "fence"

    /// In their order.
    static func names(inSchema version: Int) -> [String] {
        version < 3 ? [Self.fence, "object_version"] : ["dead_letter", "event", Self.fence, "object_version"]
    }

    static func last(of name: String, in connection: SQLiteConnection) throws -> Int64 {
        var last: Int64 = 0
        if name == Self.fence {
            try connection.each("SELECT last FROM fence", []) { last = $0.integer(0) }
        } else {
            try connection.each("SELECT seq FROM sqlite_sequence WHERE name = ?1", [.text(name)]) {
                last = $0.integer(0)
            }
        }
        return last
    }

    static func set(_ name: String, last: Int64, in connection: SQLiteConnection) throws {
        guard name != Self.fence else {
            try connection.run("UPDATE fence SET last = ?1", [.integer(last)])
            return
        }
        // A table that never had a row is not counted yet.
        guard last > 0 else { return }
        let changed = try connection.run(
            "UPDATE sqlite_sequence SET seq = ?2 WHERE name = ?1", [.text(name), .integer(last)])
        if changed == 0 {
            try connection.run(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", [.text(name), .integer(last)])
        }
    }
}

/// What this module knows of schemas.
package enum SQLiteSchema {
    /// The version that a server brings a file to.
    package static var newestVersion: Int { Migration.all.count }
}
