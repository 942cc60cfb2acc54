// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import GRDB
package import PenstockStore

/// A SQLite file that rows are moved into.
package final class SQLiteContentsTarget: ContentsTarget {
    private let queue: DatabaseQueue

    /// Opens the file, or creates it.
    package init(path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(SQLiteStore.busyTimeoutSeconds)
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        do {
            self.queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    package func begin(_ origin: ContentsOrigin, schema: Int) throws -> ContentsProgress {
        try self.change { database in
            guard try MoveMark.isThere(in: database) else {
                guard try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0 else {
                    throw StoreError.targetNotEmpty
                }
                try Migration.apply(on: database, upTo: schema)
                try MoveMark.put(origin, in: database)
                return ContentsProgress(isResumed: false, origin: origin, last: nil)
            }
            let mark = try MoveMark.read(in: SQLiteConnection(database))
            return ContentsProgress(isResumed: true, origin: try origin.resuming(mark.origin), last: mark.last)
        }
    }

    package func begun() throws -> ContentsOrigin? {
        try self.change { database in
            try MoveMark.isThere(in: database) ? try MoveMark.read(in: SQLiteConnection(database)).origin : nil
        }
    }

    package func insert(_ rows: [ContentsRow], into table: ContentsTable) throws {
        guard let last = rows.last else { return }
        try self.change { database in
            let connection = SQLiteConnection(database)
            if table.name == ContentsTable.counters.name {
                for row in rows {
                    let fields = ContentsFields(row, of: table)
                    try SQLiteCounters.set(fields.text("name"), last: fields.integer("last"), in: connection)
                }
            } else {
                let form = SQLiteTableForm(table: table)
                let insert = form.insert
                for row in rows { try connection.run(insert, try form.parameters(row)) }
            }
            try MoveMark.note(ContentsPlace(table: table.name, key: last.key(of: table)), in: connection)
        }
    }

    package func read<Result>(_ body: (any ContentsReader) throws -> Result) throws -> Result {
        do {
            return try self.queue.inDatabase { try SQLiteContents.read($0, body) }
        } catch let error as DatabaseError {
            throw StoreError(sqlite: error)
        }
    }

    package func finish() throws {
        try self.change { database in
            try MoveMark.remove(from: database)
            try Migration.apply(on: database, upTo: Migration.all.count)
        }
    }

    private func change<Result>(_ body: (Database) throws -> Result) throws -> Result {
        do {
            return try self.queue.inDatabase { database in
                var result: Result?
                try database.inTransaction(.immediate) {
                    result = try body(database)
                    return .commit
                }
                guard let result else { preconditionFailure("a transaction that ends has run its body") }
                return result
            }
        } catch let error as DatabaseError {
            throw StoreError(sqlite: error)
        }
    }
}

/// Puts right what a file counts by itself, while no server works with it.
package final class SQLiteRepair: ContentsRepair {
    private let queue: DatabaseQueue

    package init(path: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        do {
            self.queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    package func setReferences(_ count: Int64, toBlob hash: [UInt8], sizeBytes: Int64, changed: Int64) throws {
        try self.run(
            """
            INSERT INTO blob (hash, size_bytes, "references", changed) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (hash) DO UPDATE SET "references" = excluded."references", changed = excluded.changed
            """,
            [.blob(hash), .integer(sizeBytes), .integer(count), .integer(changed)]
        )
    }

    package func setCounter(_ name: String, last: Int64) throws {
        try self.queue.inDatabase { try SQLiteCounters.set(name, last: last, in: SQLiteConnection($0)) }
    }

    package func deleteTimers(_ keys: [String]) throws {
        for key in keys { try self.run("DELETE FROM timer WHERE key = ?1", [.text(key)]) }
    }

    private func run(_ sql: String, _ values: [SQLValue]) throws {
        try self.queue.inDatabase { database in _ = try SQLiteConnection(database).run(sql, values) }
    }
}
