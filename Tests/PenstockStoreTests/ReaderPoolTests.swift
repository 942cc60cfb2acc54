// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import GRDB
import GRDBSQLite
import Logging
import PenstockStore
import Synchronization
import Testing

@testable import PenstockSQLite

@Suite(.timeLimit(.minutes(2))) struct `A pool of readers` {
    /// Runs the body with a pool on a database that has one setting, `a`.
    private func withPool(maximum: Int, _ body: (ReaderPool) throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("store.sqlite").path
            let store = try SQLiteStore(path: path)
            try await store.write { try $0.putSetting("a", [1]) }
            try body(ReaderPool(path: path, configuration: Configuration(), maximum: maximum))
            await store.close()
        }
    }

    private static func setting(_ connection: PenstockSQLite.SQLiteConnection) throws -> [UInt8]? {
        try SQLiteTransaction(connection).setting("a")
    }

    /// Reads with so many connections at once, each inside the read of the one before, and calls the body in the last.
    private func nest(
        _ depth: Int, in pool: ReaderPool, expecting value: [UInt8] = [1], _ body: () throws -> Void
    ) throws {
        try pool.read { connection in
            #expect(try Self.setting(connection) == value)
            if depth > 1 { try self.nest(depth - 1, in: pool, expecting: value, body) } else { try body() }
        }
    }

    /// A statement that stands on a row and is not finished, so that its connection cannot end a transaction in which it
    /// writes, nor close. Its owner finalizes it.
    private static func unfinished(_ sql: String, on connection: PenstockSQLite.SQLiteConnection) throws
        -> OpaquePointer
    {
        var statement: OpaquePointer?
        #expect(sqlite3_prepare_v2(connection.database.sqliteConnection, sql, -1, &statement, nil) == SQLITE_OK)
        #expect(sqlite3_step(statement) == SQLITE_ROW)
        return try #require(statement)
    }

    @Test func `Eight read at once, and a ninth waits until one has done`() async throws {
        #expect(SQLiteStore.maximumReaders == 8)
        try await self.withPool(maximum: SQLiteStore.maximumReaders) { pool in
            let order = Mutex<[String]>([])
            let (isAsking, hasRead) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            try self.nest(SQLiteStore.maximumReaders, in: pool) {
                Thread.detachNewThread {
                    isAsking.signal()
                    _ = try? pool.read { _ in order.withLock { $0.append("the ninth reads") } }
                    hasRead.signal()
                }
                isAsking.wait()
                order.withLock { $0.append("the eighth has done") }
            }
            hasRead.wait()
            #expect(order.withLock { $0 } == ["the eighth has done", "the ninth reads"])
            try pool.close()
        }
    }

    @Test func `Closing waits for who reads, and then nobody reads`() async throws {
        try await self.withPool(maximum: 2) { pool in
            let order = Mutex<[String]>([])
            let (isClosing, hasClosed) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            try pool.read { connection throws in
                Thread.detachNewThread {
                    isClosing.signal()
                    try? pool.close()
                    order.withLock { $0.append("closed") }
                    hasClosed.signal()
                }
                isClosing.wait()
                #expect(try Self.setting(connection) == [1])
                order.withLock { $0.append("read") }
            }
            hasClosed.wait()
            #expect(order.withLock { $0 } == ["read", "closed"])
            #expect { try pool.read { _ in } } throws: { ($0 as? StoreError)?.code == .closed }
        }
    }

    @Test func `What a body throws is thrown, and its connection reads what is written later`() async throws {
        struct Refusal: Error {}
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("store.sqlite").path
            let store = try SQLiteStore(path: path)
            let pool = ReaderPool(path: path, configuration: Configuration(), maximum: 1)
            #expect(throws: Refusal.self) { try pool.read { _ in throw Refusal() } }
            try await store.write { try $0.putSetting("a", [2]) }
            #expect(try pool.read(Self.setting) == [2])
            try pool.close()
            await store.close()
        }
    }

    @Test func `A transaction that cannot be committed is rolled back, and its connection serves the next`()
        async throws
    {
        try await self.withPool(maximum: 1) { pool in
            // While somebody writes no snapshot is kept: it ends with the read.
            pool.beginWriting()
            let statement = try pool.read { connection in
                try connection.run("CREATE TEMP TABLE note (a)", [])
                return try Self.unfinished("INSERT INTO note VALUES (1) RETURNING a", on: connection)
            }
            sqlite3_finalize(statement)
            #expect(try pool.read(Self.setting) == [1])
            try pool.close()
        }
    }

    /// Whether the connection was in a transaction already when the read began.
    private static func keptSnapshot(_ pool: ReaderPool) throws -> Bool {
        // The first statement of a read begins its transaction; one that is there already has a snapshot.
        try pool.read { sqlite3_txn_state($0.database.sqliteConnection, "main") == SQLITE_TXN_READ }
    }

    @Test func `A snapshot is kept for the next read while nobody writes`() async throws {
        try await self.withPool(maximum: 1) { pool in
            #expect(try !Self.keptSnapshot(pool))
            #expect(try pool.read(Self.setting) == [1])
            #expect(try Self.keptSnapshot(pool))
            pool.beginWriting()
            #expect(try !Self.keptSnapshot(pool))
            #expect(try pool.read(Self.setting) == [1])
            #expect(try !Self.keptSnapshot(pool))
            pool.endWriting()
            #expect(try pool.read(Self.setting) == [1])
            #expect(try Self.keptSnapshot(pool))
            try pool.close()
        }
    }

    @Test func `A snapshot of a read during which somebody began to write is not kept`() async throws {
        try await self.withPool(maximum: 1) { pool in
            try pool.read { connection throws in
                #expect(try Self.setting(connection) == [1])
                pool.beginWriting()
                pool.endWriting()
            }
            #expect(try !Self.keptSnapshot(pool))
            try pool.close()
        }
    }

    @Test func `A snapshot of a read that failed is not kept`() async throws {
        struct Refusal: Error {}
        try await self.withPool(maximum: 1) { pool in
            #expect(throws: Refusal.self) {
                try pool.read { connection in
                    #expect(try Self.setting(connection) == [1])
                    throw Refusal()
                }
            }
            #expect(try !Self.keptSnapshot(pool))
            try pool.close()
        }
    }

    @Test func `Snapshots that are kept hide nothing that was written, and let the log begin again`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("store.sqlite").path
            let store = try SQLiteStore(path: path)
            let page = [UInt8](repeating: 1, count: 4096)
            try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_autocheckpoint = 20") }
            // Each takes more than a page of the log, which begins again after twenty, unless one of them is still read.
            let writes = 200
            for number in 0..<writes {
                let value = page + [UInt8(number)]
                try await store.write { try $0.putSetting("a", value) }
                // Behind whatever the writer still does.
                try await store.pool.writeWithoutTransaction { _ in }
                // Two connections keep theirs, of which the next read takes one.
                try self.nest(2, in: store.readers, expecting: value) {}
                #expect(try Self.keptSnapshot(store.readers))
            }
            let log = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
            #expect(try #require(log) < writes * page.count)
            await store.close()
        }
    }

    @Test func `The writer lets snapshots go, and they are kept again when it rests`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
            try await store.write { try $0.putSetting("a", [1]) }
            // Behind whatever the writer still does.
            try await store.pool.writeWithoutTransaction { _ in }
            #expect(try store.readers.read(Self.setting) == [1])
            #expect(try Self.keptSnapshot(store.readers))
            let kept = try await store.write { _ in
                _ = try store.readers.read(Self.setting)
                return try Self.keptSnapshot(store.readers)
            }
            #expect(!kept)
            try await store.pool.writeWithoutTransaction { _ in }
            #expect(try store.readers.read(Self.setting) == [1])
            #expect(try Self.keptSnapshot(store.readers))
            await store.close()
        }
    }

    /// What the last write that was answered has written.
    private final class Answered: Sendable {
        let value = Atomic<UInt8>(0)
    }

    @Test func `No read on any thread sees less than what was answered before it`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
            let answered = Answered()
            try await store.write { try $0.putSetting("a", [0]) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        while true {
                            let least = answered.value.load(ordering: .sequentiallyConsistent)
                            let found = try await store.read { try $0.setting("a") }
                            #expect(try #require(found?.first) >= least)
                            if least == .max { return }
                            // A read waits for nothing, and the writer's task needs a thread as well.
                            await Task.yield()
                        }
                    }
                }
                for value in 1...UInt8.max {
                    try await store.write { try $0.putSetting("a", [value]) }
                    answered.value.store(value, ordering: .sequentiallyConsistent)
                }
                try await group.waitForAll()
            }
            await store.close()
        }
    }

    @Test func `Snapshots that are kept do not hold up the merging of the log`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("store.sqlite").path
            let (warnings, source) = AsyncStream.makeStream(of: String.self)
            let store = try SQLiteStore(path: path, logger: Logger(label: "test") { _ in ToldWarnings(told: source) })
            try await store.write { try $0.putSetting("a", [1]) }
            try await store.pool.writeWithoutTransaction { _ in }
            #expect(try store.readers.read(Self.setting) == [1])
            #expect(try Self.keptSnapshot(store.readers))
            await store.close()
            source.finish()
            #expect(await warnings.reduce(into: []) { $0.append($1) } == [])
        }
    }

    @Test func `A connection that does not close leaves no other open`() async throws {
        try await self.withPool(maximum: 2) { pool in
            var statement: OpaquePointer?
            var outer: Database?
            try pool.read { connection in
                outer = connection.database
                // Given back first, so that it is the first to be closed.
                statement = try pool.read { try Self.unfinished("SELECT name FROM setting", on: $0) }
            }
            #expect { try pool.close() } throws: { ($0 as? DatabaseError)?.resultCode == .SQLITE_BUSY }
            #expect(outer != nil && outer?.sqliteConnection == nil)
            sqlite3_finalize(statement)
        }
    }

    @Test func `A store whose readers do not close closes its writer all the same`() async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
            try await store.write { try $0.putSetting("a", [1]) }
            let statement = Mutex<UInt>(0)
            _ = try await store.read { reader in
                let own = try #require(reader as? SQLiteTransaction)
                let unfinished = try Self.unfinished("SELECT name FROM setting", on: own.connection)
                statement.withLock { $0 = UInt(bitPattern: unfinished) }
            }
            await store.close()
            await #expect { try await store.pool.write { try $0.execute(sql: "SELECT 1") } } throws: {
                ($0 as? DatabaseError)?.resultCode == .SQLITE_MISUSE
            }
            sqlite3_finalize(OpaquePointer(bitPattern: statement.withLock { $0 }))
        }
    }
}
