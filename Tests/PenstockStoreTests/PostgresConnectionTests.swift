// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockModel
import PenstockStore
import Testing

@testable import PenstockPostgres

/// What becomes of the store when its connections are lost.
@Suite(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"), .timeLimit(.minutes(2)))
struct PostgresConnectionTests {
    /// The answer to COMMIT is lost on the way back: the transaction was committed, and nobody can know.
    @Test func `A commit whose answer is lost is of unknown outcome and is not run again`() async throws {
        try await withPostgresDatabase { configuration in
            let proxy = try CuttingProxy(to: PostgresCluster.shared.get().socketPath)
            defer { proxy.stop() }
            var cut = configuration
            cut.connectionString += " host=\(proxy.directory) port=\(CuttingProxy.port)"
            let store = try await PostgresStore(testing: cut)
            let attempts = Counter()
            proxy.cutAfterCommit()
            await #expect {
                try await store.write { transaction in
                    _ = attempts.next()
                    try transaction.putSetting("name", [1])
                }
            } throws: {
                ($0 as? StoreError)?.code == .outcomeUnknown
            }
            #expect(attempts.value == 1)
            // The next one has a connection of its own, and sees what had been committed.
            #expect(try await store.read { try $0.setting("name") } == [1])
            await store.close()
        }
    }

    /// The server goes away at COMMIT: the transaction was rolled back, and nobody can know that either.
    @Test func `A commit that the server does not survive is of unknown outcome as well`() async throws {
        try await withPostgresDatabase { configuration in
            let store = try await PostgresStore(testing: configuration)
            try PostgresSession(configuration).run(
                """
                CREATE FUNCTION end_backend() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60); RETURN NULL; END';
                CREATE CONSTRAINT TRIGGER end_backend AFTER INSERT ON setting DEFERRABLE INITIALLY DEFERRED
                    FOR EACH ROW EXECUTE FUNCTION end_backend()
                """
            )
            await #expect { try await store.write { try $0.putSetting("name", [1]) } } throws: {
                ($0 as? StoreError)?.code == .outcomeUnknown
            }
            #expect(try await store.read { try $0.setting("name") } == nil)
            await store.close()
        }
    }

    @Test func `A listener whose connection is ended listens again`() async throws {
        try await withPostgresDatabase { configuration in
            let first = try await PostgresStore(testing: configuration)
            let second = try await PostgresStore(testing: configuration)
            let (heard, source) = AsyncStream.makeStream(of: StoreSignal.self)
            second.observe { source.yield($0) }
            var iterator = heard.makeAsyncIterator()
            try await first.write { $0.signal(.timerSet(at(1))) }
            #expect(await iterator.next() == .timerSet(at(1)))

            let ended = try PostgresSession(configuration).rows(
                """
                SELECT pg_terminate_backend(pid)::int::bigint FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE 'LISTEN%'
                """, []
            ) { try $0.int() }
            #expect(ended == [1, 1])
            // What is signalled before the listener is back is lost, so it is signalled until it arrives.
            let heardAgain = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while heardAgain.value == 0 { try await first.write { $0.signal(.timerSet(at(2))) } }
                }
                #expect(await iterator.next() == .timerSet(at(2)))
                _ = heardAgain.next()
                try await group.waitForAll()
            }
            await first.close()
            await second.close()
        }
    }
}
