// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

@testable import PenstockPostgres
@testable import PenstockSQLite

/// A database by its kind and place, empty or full.
struct DatabaseUnderTest {
    enum Place {
        case sqlite(String)
        case postgres(PostgresConfiguration)
    }

    let place: Place

    /// Runs the body with a new, empty database of each of the kinds.
    static func with(_ kinds: [StoreUnderTest], _ body: ([DatabaseUnderTest]) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let databases = try kinds.enumerated().map { number, kind in
                switch kind {
                case .memory: preconditionFailure("memory is no database")
                case .sqlite: Self(place: .sqlite(directory.appendingPathComponent("\(number).sqlite").path))
                case .postgres: Self(place: .postgres(try PostgresCluster.shared.get().makeDatabase()))
                }
            }
            try await body(databases)
        }
    }

    func open() async throws -> any Store {
        switch self.place {
        case .sqlite(let path): try SQLiteStore(path: path)
        case .postgres(let configuration): try await PostgresStore(testing: configuration)
        }
    }

    /// Opens the store for the body, and closes it.
    func withStore(_ body: (any Store) async throws -> Void) async throws {
        let store = try await self.open()
        try await body(store)
        await store.close()
    }

    func read<Result>(_ body: (any ContentsReader) throws -> Result) throws -> Result {
        switch self.place {
        case .sqlite(let path): try SQLiteContents.read(path: path, body)
        case .postgres(let configuration): try PostgresContents.read(configuration, body)
        }
    }

    func target() throws -> any ContentsTarget {
        switch self.place {
        case .sqlite(let path): try SQLiteContentsTarget(path: path)
        case .postgres(let configuration): try PostgresContentsTarget(configuration)
        }
    }

    /// All rows of all tables, by the table.
    func rows() throws -> [String: [ContentsRow]] {
        try self.read { contents in
            var all: [String: [ContentsRow]] = [:]
            for table in contents.tables { try contents.read(table) { all[table.name, default: []].append($0) } }
            return all
        }
    }
}

@Suite struct `Contents of databases` {
    /// Every way from one kind of database to another, or the same.
    static let ways = StoreUnderTest.databases.flatMap { from in StoreUnderTest.databases.map { (from, $0) } }

    private struct Stopped: Error {}

    /// Moves rows table by table, in batches of one size, and stops after so many of them.
    private static func move(
        _ source: any ContentsReader, _ target: any ContentsTarget, _ progress: ContentsProgress, batch size: Int,
        stopAfter limit: Int = .max
    ) throws {
        var batches = 0
        func insert(_ rows: [ContentsRow], _ table: ContentsTable) throws {
            guard batches < limit else { throw Stopped() }
            try target.insert(rows, into: table)
            batches += 1
        }
        var isPast = progress.last == nil
        for table in source.tables {
            let isLast = table.name == progress.last?.table
            guard isPast || isLast else { continue }
            isPast = true
            var rows: [ContentsRow] = []
            try source.read(table, after: isLast ? progress.last?.key : nil) { row in
                rows.append(row)
                if rows.count == size {
                    try insert(rows, table)
                    rows = []
                }
            }
            if !rows.isEmpty { try insert(rows, table) }
        }
    }

    @Test(arguments: Self.ways)
    func `All rows move from one database to another, and are the same there`(
        _ from: StoreUnderTest, _ to: StoreUnderTest
    ) async throws {
        try await DatabaseUnderTest.with([from, to]) { databases in
            let (source, target) = (databases[0], databases[1])
            try await source.withStore { store in try await store.write { try FullStore.fill($0, pipelines: 70) } }
            let there = try source.rows()
            for table in ContentsTable.all { #expect(there[table.name]?.isEmpty == false, "\(table.name)") }
            do {
                let opened = try target.target()
                try source.read { contents in
                    let progress = try opened.begin(ContentsOrigin(source: "a"), schema: contents.schemaVersion)
                    #expect(
                        progress == ContentsProgress(isResumed: false, origin: ContentsOrigin(source: "a"), last: nil))
                    try Self.move(contents, opened, progress, batch: 60)
                }
                try opened.finish()
            }
            let moved = try target.rows()
            for table in ContentsTable.all { #expect(moved[table.name] == there[table.name], "\(table.name)") }
            try await target.withStore { store async throws in
                let row = try #require(
                    try await store.read { try $0.job(id(11)) })
                #expect(row.continuationToken == "go on" && row.pipelineName == "pipeline-é-1")
                // What is numbered goes on after the numbers that were given out, not after those that are there.
                try await store.withArtifacts { transaction in
                    let before = try #require(
                        try transaction.versions(
                            in: "b", prefix: .first, from: .first, below: nil, limit: 1
                        ).first)
                    var next = before
                    next.versionID = VersionID("new")
                    try transaction.insertVersion(next)
                    let after = try transaction.version(VersionID("new"), of: before.key, in: "b")
                    #expect(after?.sequence == 4)
                }
                try await store.write { transaction in
                    try transaction.insertAuditEntry(
                        AuditRow(
                            at: at(1), scope: scope, principal: "p", operation: "o", resource: "", outcome: "ok",
                            requestID: "r"))
                }
            }
        }
    }

    @Test(arguments: Self.ways)
    func `A move that was cut off goes on where it stopped, and no store opens in between`(
        _ from: StoreUnderTest, _ to: StoreUnderTest
    ) async throws {
        try await DatabaseUnderTest.with([from, to]) { databases in
            let (source, target) = (databases[0], databases[1])
            try await source.withStore { store in try await store.write { try FullStore.fill($0) } }
            var attempts = 0
            var isDone = false
            while !isDone {
                attempts += 1
                let opened = try target.target()
                try source.read { contents in
                    let progress = try opened.begin(ContentsOrigin(source: "a"), schema: contents.schemaVersion)
                    #expect(progress.isResumed == (attempts > 1))
                    do {
                        try Self.move(contents, opened, progress, batch: 2, stopAfter: 7)
                        isDone = true
                    } catch is Stopped {}
                }
                if isDone { try opened.finish() }
                try #require(attempts < 50)
                guard !isDone else { continue }
                if case .postgres = target.place {
                    // The connection of the target is one of a server for whoever looks.
                } else {
                    #expect(throws: StoreError.self) {
                        try target.target().begin(ContentsOrigin(source: "b"), schema: 1)
                    }
                }
                await #expect { try await target.withStore { _ in } } throws: {
                    ($0 as? StoreError)?.message == StoreError.unfinishedMove.message
                }
            }
            #expect(attempts > 5)
            #expect(try target.rows() == source.rows())
            try await target.withStore { _ in }
        }
    }

    @Test(arguments: StoreUnderTest.databases)
    func `A database that holds something else is no target`(_ kind: StoreUnderTest) async throws {
        try await DatabaseUnderTest.with([kind]) { databases in
            try await databases[0].withStore { _ in }
            #expect { try databases[0].target().begin(ContentsOrigin(source: "a"), schema: 1) } throws: {
                ($0 as? StoreError)?.message == StoreError.targetNotEmpty.message
            }
        }
    }

    @Test(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"))
    func `A database that a server works with is neither moved nor moved into`() async throws {
        try await DatabaseUnderTest.with([.postgres]) { databases in
            guard case .postgres(let configuration) = databases[0].place else {
                Issue.record("another database was made")
                return
            }
            try await databases[0].withStore { _ async throws in
                #expect(throws: StoreError.self) {
                    try PostgresContents.read(configuration, keepsOut: true) { _ in }
                }
                #expect(throws: StoreError.self) {
                    try databases[0].target().begin(ContentsOrigin(source: "a"), schema: 1)
                }
                #expect(try databases[0].read { $0.schemaVersion } == Migration.newest)
            }
            #expect(try PostgresContents.read(configuration, keepsOut: true) { $0.schemaVersion } == Migration.newest)
        }
    }

    @Test(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"), .timeLimit(.minutes(2)))
    func `A server under another name is seen, also when it has just told something`() async throws {
        try await DatabaseUnderTest.with([.postgres]) { databases in
            guard case .postgres(let configuration) = databases[0].place else {
                Issue.record("another database was made")
                return
            }
            var renamed = configuration
            renamed.connectionString += " application_name=shop"
            let (heard, source) = AsyncStream.makeStream(of: StoreSignal.self)
            let server = try await PostgresStore(testing: renamed)
            let other = try await PostgresStore(testing: renamed)
            other.observe { source.yield($0) }
            try await server.write { $0.signal(.effectOwed) }
            for await _ in heard { break }
            await other.close()
            #expect(throws: StoreError.self) { try PostgresContents.read(configuration, keepsOut: true) { _ in } }
            await server.close()
            try PostgresContents.read(configuration, keepsOut: true) { _ in }
        }
    }

    @Test(arguments: StoreUnderTest.databases, 1..<Migration.newest)
    func `Rows of an older schema are brought to the newest`(_ kind: StoreUnderTest, _ version: Int) async throws {
        try await DatabaseUnderTest.with([.sqlite, kind]) { databases in
            let (source, target) = (databases[0], databases[1])
            try await source.withStore { store in try await store.write { try FullStore.fill($0) } }
            do {
                let opened = try target.target()
                _ = try opened.begin(ContentsOrigin(source: "a"), schema: version)
                try source.read { contents in
                    for table in ContentsTable.all(inSchema: version) {
                        let whole = try #require(ContentsTable.named(table.name))
                        try contents.read(whole) { row in
                            let values = table.columns.map { row.values[whole.index(of: $0.name)] }
                            if table == .counters, values[0] == .text("event") || values[0] == .text("dead_letter"),
                                version < 3
                            {
                                return
                            }
                            try opened.insert([ContentsRow(values)], into: table)
                        }
                    }
                }
                try opened.finish()
            }
            let moved = try target.rows()
            for table in ContentsTable.all(inSchema: version) where table != .counters {
                #expect(moved[table.name]?.count == (try source.rows()[table.name]?.count), "\(table.name)")
            }
            try await target.withStore { store async throws in
                #expect(try await store.read { try $0.job(id(11)) } != nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.databases)
    func `A row that cannot be read is named, and the others are read`(_ kind: StoreUnderTest) async throws {
        try await DatabaseUnderTest.with([kind]) { databases in
            try await databases[0].withStore { store in try await store.write { try FullStore.fill($0) } }
            let damaged = "\(id(21, as: JobID.self))"
            switch databases[0].place {
            case .sqlite(let path):
                try await DatabaseQueue(path: path).write {
                    try $0.execute(
                        sql: "UPDATE job SET fixed = x'ff' WHERE id = ?",
                        arguments: [Data(id(21, as: JobID.self).value.contents)])
                }
            case .postgres(let configuration):
                try PostgresSession(configuration).run("UPDATE job SET start = '\\xff' WHERE id = '\(damaged)'")
            }
            var (errors, count) = ([String](), 0)
            try databases[0].read { contents in
                let jobs = try #require(ContentsTable.named("job"))
                try contents.read(jobs, after: nil, unreadable: { errors.append($0.message) }) { _ in count += 1 }
                #expect(throws: StoreError.self) { try contents.read(jobs) { _ in } }
            }
            #expect(errors.count == 1 && errors.first?.hasPrefix("job \(damaged) cannot be read") == true)
            #expect(count == 5)
        }
    }

    // MARK: The list of tables

    @Test func `Every table and column of SQLite's schema is in the list, and no other`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
            let found = try await store.pool.read { database in
                let names = try String.fetchAll(
                    database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                return try Dictionary(
                    uniqueKeysWithValues: names.map { name in
                        (name, Set(try database.columns(in: name).map(\.name)))
                    })
            }
            await store.close()
            var listed: [String: Set<String>] = ["schema": ["only", "version"], "fence": ["only", "last"]]
            for table in ContentsTable.all where table != .counters {
                listed[table.name] = Set(table.columns.map(\.name))
                    .subtracting(SQLiteTableForm.foldedColumns[table.name] ?? [])
                    .union(SQLiteTableForm.ownColumns[table.name] ?? [])
            }
            #expect(found == listed)
        }
    }

    @Test(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"))
    func `Every table and column of PostgreSQL's schema is in the list, and no other`() async throws {
        try await withPostgresDatabase { configuration in
            let store = try await PostgresStore(testing: configuration)
            let session = try PostgresSession(configuration)
            let rows = try session.rows(
                """
                SELECT table_name::text, column_name::text, is_nullable::text FROM information_schema.columns
                WHERE table_schema = 'public'
                """, []
            ) { (try $0.text(), try $0.text(), try $0.text()) }
            await store.close()
            var found: [String: [String: Bool]] = [:]
            for (table, column, isNullable) in rows { found[table, default: [:]][column] = isNullable == "YES" }
            for table in PostgresTableForm.ownTables { #expect(found.removeValue(forKey: table) != nil, "\(table)") }
            var listed: [String: [String: Bool]] = [:]
            for table in ContentsTable.all where table != .counters {
                listed[table.name] = Dictionary(uniqueKeysWithValues: table.columns.map { ($0.name, $0.isOptional) })
            }
            #expect(found == listed)
        }
    }

    @Test func `Both databases have the same versions of the schema`() {
        #expect(PenstockSQLite.Migration.all.map(\.version) == PenstockPostgres.Migration.all.map(\.version))
        #expect(ContentsTable.all.flatMap(\.columns).allSatisfy { $0.since <= Migration.newest })
    }

    @Test func `SQLite sorts nothing to read a table in the order of its key`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
            for table in ContentsTable.all where table != .counters {
                for isAfterKey in [false, true] {
                    let sql = SQLiteTableForm(table: table).select(isAfterKey: isAfterKey)
                    let plan = try await store.pool.read { database in
                        let parameters = [Int?](repeating: nil, count: isAfterKey ? table.keyCount : 0)
                        return try Row.fetchAll(
                            database, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: StatementArguments(parameters)
                        ).map { $0["detail"] as String }
                    }
                    #expect(!plan.contains { $0.contains("TEMP B-TREE") }, "\(table.name): \(plan)")
                }
            }
            await store.close()
        }
    }

    // MARK: Rows

    @Test func `A row is read back from its bytes, and from no others`() throws {
        let row = ContentsRow([
            .null, .integer(.min), .integer(-1), .text("é"), .text(""), .bytes([]), .bytes([0, 255]),
        ])
        let bytes = row.encoded()
        #expect(try ContentsRow(decoding: bytes) == row)
        #expect(throws: StateDecodingError.self) { try ContentsRow(decoding: bytes.dropLast()) }
        #expect(throws: StateDecodingError.self) { try ContentsRow(decoding: bytes + [9]) }
        let place = ContentsPlace(table: "job", key: [.bytes([1])])
        #expect(try ContentsPlace(decoding: place.encoded()) == place)
    }
}

/// Of the two, which are counted alike.
private enum Migration {
    static let newest = PenstockSQLite.Migration.all.count
}
