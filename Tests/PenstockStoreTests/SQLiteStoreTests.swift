// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import PenstockStore
import Synchronization
import Testing

@testable import PenstockSQLite

@Suite struct `The SQLite store` {
    private func withStore(_ body: (SQLiteStore, URL) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.appendingPathComponent("store.sqlite")
            let store = try SQLiteStore(path: file.path)
            try await body(store, file)
            await store.close()
        }
    }

    @Test func `Every commit is synced to the disk`() async throws {
        try await self.withStore { store, _ in
            try await store.write { try $0.putSetting("a", [1]) }
            let mode = try await store.pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
            let journal = try await store.pool.read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
            #expect(mode == 2)
            #expect(journal == "wal")
        }
    }

    @Test func `What was acknowledged is in the files, though nobody closed them`() async throws {
        try await self.withStore { store, file in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask { try await store.write { try $0.putSetting("\(number)", [UInt8(number)]) } }
                }
                try await group.waitForAll()
            }
            let copy = file.deletingLastPathComponent().appendingPathComponent("copy.sqlite")
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: file.path + suffix, toPath: copy.path + suffix)
            }
            let reopened = try SQLiteStore(path: copy.path)
            for number in 0..<100 {
                #expect(try await reopened.read { try $0.setting("\(number)") } == [UInt8(number)])
            }
            await reopened.close()
        }
    }

    @Test func `A full disk fails every transaction of the batch, and none once there is room again`() async throws {
        try await self.withStore { store, _ in
            try await store.pool.writeWithoutTransaction { database in
                let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
                try database.execute(sql: "PRAGMA max_page_count = \(pages)")
            }
            let large = [UInt8](repeating: 1, count: 100_000)
            await #expect { try await store.write { try $0.putSetting("large", large) } } throws: {
                ($0 as? StoreError)?.code == .unavailable
            }
            // A body that hides the failure of the database cannot commit either.
            await #expect { try await store.write { try? $0.putSetting("large", large) } } throws: {
                ($0 as? StoreError)?.code == .unavailable
            }
            try await store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
            try await store.write { try $0.putSetting("large", large) }
            let stored = try await store.read { try $0.setting("large") }
            #expect(stored == large)
        }
    }

    @Test func `A sync that fails fails its whole batch, and nobody hears or reads of it`() async throws {
        #expect(FailingDisk.install())
        try await self.withStore { store, file in
            try await store.write { try $0.putSetting("before", [1]) }
            let heard = Mutex<[StoreSignal]>([])
            store.observe { signal in heard.withLock { $0.append(signal) } }
            let directory = file.deletingLastPathComponent().path
            let (codes, failedSyncs) = await FailingDisk.failing(.sync, in: directory) {
                await withTaskGroup(of: StoreError.Code?.self) { group in
                    for number in 0..<40 {
                        group.addTask {
                            do {
                                try await store.write { transaction throws in
                                    try transaction.putSetting("\(number)", [UInt8(number)])
                                    transaction.signal(.effectOwed)
                                }
                                return nil
                            } catch {
                                return (error as? StoreError)?.code
                            }
                        }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            #expect(failedSyncs > 0)
            // What was synced in part may be there after a restart, so that nobody may be told that it is not.
            #expect(codes == Array(repeating: .outcomeUnknown, count: 40))
            #expect(heard.withLock { $0 }.isEmpty)
            try await store.write { try $0.putSetting("after", [2]) }
            let found = try await store.read { reader in
                try (["before", "after"] + (0..<40).map { "\($0)" }).filter { try reader.setting($0) != nil }
            }
            #expect(found == ["before", "after"])
        }
    }

    @Test func `A commit for which there is no room was not made, and is to be tried again`() async throws {
        #expect(FailingDisk.install())
        try await self.withStore { store, file in
            try await store.write { try $0.putSetting("before", [1]) }
            let directory = file.deletingLastPathComponent().path
            let (code, failedWrites) = await FailingDisk.failing(.write, in: directory) {
                do {
                    try await store.write { try $0.putSetting("lost", [1]) }
                    return nil as StoreError.Code?
                } catch {
                    return (error as? StoreError)?.code
                }
            }
            #expect(failedWrites > 0)
            #expect(code == .unavailable)
            try await store.write { try $0.putSetting("after", [2]) }
            let found = try await store.read { reader in
                try ["before", "lost", "after"].filter { try reader.setting($0) != nil }
            }
            #expect(found == ["before", "after"])
        }
    }

    @Test func `A file of a newer schema is refused`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.appendingPathComponent("store.sqlite").path
            let store = try SQLiteStore(path: path)
            try await store.pool.write { try $0.execute(sql: "UPDATE schema SET version = 1000") }
            await store.close()
            #expect { try SQLiteStore(path: path) } throws: { ($0 as? StoreError)?.code == .corrupt }
        }
    }

    @Test func `No statement scans a table`() async throws {
        try await self.withStore { store, _ in
            let plans = try await store.pool.writeWithoutTransaction { database in
                let texts =
                    StatementText.allCases.map(\.rawValue) + WorkStatement.allCases.map(\.rawValue)
                    + EventStatement.allCases.map(\.rawValue)
                return try texts.map { text in
                    let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN " + text)
                    statement.setUncheckedArguments([])
                    return (text, try Row.fetchAll(statement).map { $0["detail"] as String })
                }
            }
            // Read once, when a process starts, from the indexes of jobs that can be polled.
            for (text, plan) in plans where text != StatementText.pollableQueues.rawValue {
                let scans = plan.filter { step in
                    // From the beginning of an index that holds nothing but what is asked for.
                    step.hasPrefix("SCAN") && !step.hasSuffix("INDEX timer_free")
                        && !step.hasSuffix("INDEX effect_free")
                }
                #expect(scans.isEmpty, "\(text): \(plan)")
            }
        }
    }
}
