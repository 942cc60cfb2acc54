// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import PenstockStore
import Synchronization
import Testing

@testable import PenstockSQLite

@Suite struct `A batch of transactions` {
    private struct Refusal: Error {}

    /// Counts how often each body ran.
    private final class Runs: Sendable {
        let counts = Mutex<[String: Int]>([:])
    }

    private func write(
        _ name: String, _ runs: Runs, _ body: @escaping @Sendable (SQLiteTransaction) throws -> Void
    ) -> PendingWrite {
        PendingWrite(
            run: { transaction in
                runs.counts.withLock { $0[name, default: 0] += 1 }
                transaction.signal(.eventQueued)
                let succeeded = (try? body(transaction)) != nil
                return PendingWrite.Attempt(succeeded: succeeded) { _ in }
            },
            refuse: { _ in }
        )
    }

    private struct Outcome {
        var succeeded: [Bool]
        var signals: Int
        var settings: [String]
    }

    /// Runs and commits the batch; hands over which bodies succeeded, how many signals there are, and the settings
    /// afterwards.
    private func commit(_ batch: [PendingWrite], _ check: (Outcome) -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let store = try SQLiteStore(path: directory.appendingPathComponent("store.sqlite").path)
            let (succeeded, signals) = try await store.pool.writeWithoutTransaction { database in
                let connection = SQLiteConnection(database)
                var members = BatchRun()
                try members.run(batch, on: connection)
                try connection.run(.commit)
                return (members.attempts.map(\.succeeded), members.signals.count)
            }
            let settings = try await store.pool.read { database in
                try String.fetchAll(database, sql: "SELECT name FROM setting ORDER BY name")
            }
            await store.close()
            check(Outcome(succeeded: succeeded, signals: signals, settings: settings))
        }
    }

    @Test func `A body that throws before it has written is undone by doing nothing`() async throws {
        let runs = Runs()
        let batch = [
            self.write("first", runs) { try $0.putSetting("a", [1]) },
            self.write("second", runs) { transaction in
                _ = try transaction.setting("a")
                throw Refusal()
            },
            self.write("third", runs) { try $0.putSetting("b", [1]) },
        ]
        try await self.commit(batch) { outcome in
            #expect(outcome.succeeded == [true, false, true])
            #expect(outcome.signals == 2)
            #expect(outcome.settings == ["a", "b"])
        }
        #expect(runs.counts.withLock { $0 } == ["first": 1, "second": 1, "third": 1])
    }

    @Test func `What a body throws after it has written undoes its own work alone`() async throws {
        let runs = Runs()
        let batch = [
            self.write("first", runs) { try $0.putSetting("a", [1]) },
            self.write("second", runs) { transaction in
                try transaction.putSetting("a", [2])
                try transaction.putSetting("lost", [1])
                throw Refusal()
            },
            self.write("third", runs) { transaction in
                guard try transaction.setting("a") == [1] else { throw Refusal() }
                try transaction.putSetting("b", [1])
            },
        ]
        try await self.commit(batch) { outcome in
            #expect(outcome.succeeded == [true, false, true])
            #expect(outcome.signals == 2)
            #expect(outcome.settings == ["a", "b"])
        }
        #expect(runs.counts.withLock { $0 } == ["first": 2, "second": 2, "third": 1])
    }
}
