// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
package import PenstockStore

/// A PostgreSQL database that rows are moved into.
package final class PostgresContentsTarget: ContentsTarget {
    private let session: PostgresSession

    /// Connects to the database.
    package init(_ configuration: PostgresConfiguration) throws {
        self.session = try PostgresContents.failing { try PostgresSession(configuration) }
    }

    package func begin(_ origin: ContentsOrigin, schema: Int) throws -> ContentsProgress {
        try PostgresContents.failing { try Migrator.prepare(self.session) }
        return try self.change {
            try PostgresContents.keepServersOut(self.session)
            guard try MoveMark.isThere(on: self.session) else {
                let version = try self.session.rows("SELECT version FROM penstock_schema WHERE id = 1", []) {
                    try $0.int()
                }
                guard version.first == 0 else { throw StoreError.targetNotEmpty }
                try Migrator.apply(Migration.all.filter { $0.version <= schema }, on: self.session)
                try MoveMark.put(origin, on: self.session)
                return ContentsProgress(isResumed: false, origin: origin, last: nil)
            }
            let mark = try MoveMark.read(on: self.session)
            return ContentsProgress(isResumed: true, origin: try origin.resuming(mark.origin), last: mark.last)
        }
    }

    package func begun() throws -> ContentsOrigin? {
        try PostgresContents.failing {
            try MoveMark.isThere(on: self.session) ? try MoveMark.read(on: self.session).origin : nil
        }
    }

    package func insert(_ rows: [ContentsRow], into table: ContentsTable) throws {
        guard let last = rows.last else { return }
        try self.change {
            if table.name == ContentsTable.counters.name {
                for row in rows {
                    let fields = ContentsFields(row, of: table)
                    try PostgresCounters.set(fields.text("name"), last: fields.integer("last"), on: self.session)
                }
            } else {
                try self.insertRows(rows[...], PostgresTableForm(table: table))
            }
            try MoveMark.note(ContentsPlace(table: table.name, key: last.key(of: table)), on: self.session)
        }
    }

    private func insertRows(_ rows: ArraySlice<ContentsRow>, _ form: PostgresTableForm) throws {
        var rest = rows
        let (many, one) = (form.insert(rows: PostgresTableForm.insertSize), form.insert(rows: 1))
        while !rest.isEmpty {
            let isWhole = rest.count >= PostgresTableForm.insertSize
            let batch = rest.prefix(isWhole ? PostgresTableForm.insertSize : 1)
            rest = rest.dropFirst(batch.count)
            _ = try self.session.change(isWhole ? many : one, batch.flatMap { form.parameters($0) })
        }
    }

    package func read<Result>(_ body: (any ContentsReader) throws -> Result) throws -> Result {
        try PostgresContents.failing {
            try self.session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try self.session.run(PostgresContents.withoutLimits)
            do {
                let result = try body(try PostgresContentsReader(self.session))
                try self.session.run("COMMIT")
                return result
            } catch {
                _ = try? self.session.run("ROLLBACK")
                throw error
            }
        }
    }

    package func finish() throws {
        try self.change {
            try Migrator.lockSchema(self.session, within: Migrator.patience)
            try MoveMark.remove(on: self.session)
            try Migrator.apply(Migration.all, on: self.session)
            try PostgresCounters.settleAudit(on: self.session)
            // Any of the rows may be in the newest form that this version writes.
            _ = try self.session.change(
                "UPDATE penstock_format SET format = greatest(format, $1) WHERE id = 1", [StateFormat.current])
        }
    }

    private func change<Result>(_ body: () throws -> Result) throws -> Result {
        try PostgresContents.failing {
            try self.session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
            try self.session.run(PostgresContents.withoutLimits)
            do {
                let result = try body()
                try self.session.run("COMMIT", within: nil)
                return result
            } catch {
                _ = try? self.session.run("ROLLBACK")
                throw error
            }
        }
    }
}

/// Puts right what a database counts by itself, while no server works with it.
package final class PostgresRepair: ContentsRepair {
    private let session: PostgresSession

    /// - Throws: ``StoreError`` with code `.constraint` when servers work with the database.
    package init(_ configuration: PostgresConfiguration) throws {
        self.session = try PostgresContents.failing {
            let session = try PostgresSession(configuration)
            try PostgresContents.keepServersOut(session)
            return session
        }
    }

    package func setReferences(_ count: Int64, toBlob hash: [UInt8], sizeBytes: Int64, changed: Int64) throws {
        try self.change(
            """
            INSERT INTO blob (hash, size_bytes, "references", changed) VALUES ($1, $2, $3, $4)
            ON CONFLICT (hash) DO UPDATE SET "references" = excluded."references", changed = excluded.changed
            """,
            [hash, sizeBytes, count, changed]
        )
    }

    package func setCounter(_ name: String, last: Int64) throws {
        try PostgresContents.failing { try PostgresCounters.set(name, last: last, on: self.session) }
    }

    package func deleteTimers(_ keys: [String]) throws {
        for key in keys { try self.change("DELETE FROM timer WHERE key = $1", [key]) }
    }

    private func change(_ sql: String, _ parameters: [any PostgresEncodable]) throws {
        try PostgresContents.failing { _ = try self.session.change(sql, parameters) }
    }
}
