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

    @Test func `What is signalled while the connection for signals is lost is told on the next one`() async throws {
        try await self.withTwoObserved { first, second, configuration, heard in
            var iterator = heard.makeAsyncIterator()
            try await first.write { $0.signal(.timerSet(at(1))) }
            #expect(await iterator.next() == .timerSet(at(1)))
            #expect(try self.endSignalConnections(configuration) == [1, 1])
            // The first keeps what it cannot tell, but the second may listen again only after it was told.
            let heardAgain = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while heardAgain.value == 0 { try await first.write { $0.signal(.timerSet(at(2))) } }
                }
                #expect(await iterator.next() == .timerSet(at(2)))
                _ = heardAgain.next()
                try await group.waitForAll()
            }
        }
    }

    @Test func `What a process signals last is told before it ends`() async throws {
        try await self.withTwoObserved { first, _, _, heard in
            var iterator = heard.makeAsyncIterator()
            for number in 1...20 { try await first.write { $0.signal(.timerSet(at(Int64(100 - number)))) } }
            await first.close()
            while let signal = await iterator.next(), signal != .timerSet(at(80)) {}
        }
    }

    @Test func `A process whose connection for signals is lost for good can be closed`() async throws {
        try await withPostgresDatabase { configuration in
            let proxy = try CuttingProxy(to: PostgresCluster.shared.get().socketPath)
            var cut = configuration
            cut.connectionString += " host=\(proxy.directory) port=\(CuttingProxy.port)"
            let store = try await PostgresStore(testing: cut)
            proxy.stop()
            _ = try self.endSignalConnections(configuration)
            _ = try? await store.write { $0.signal(.effectOwed) }
            await store.close()
        }
    }

    private func endSignalConnections(_ configuration: PostgresConfiguration) throws -> [Int] {
        try PostgresSession(configuration).rows(
            """
            SELECT pg_terminate_backend(pid)::int::bigint FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT pg_notify%')
            """, []
        ) { try $0.int() }
    }

    /// Two stores on one database, and what the second hears.
    private func withTwoObserved(
        _ body: (PostgresStore, PostgresStore, PostgresConfiguration, AsyncStream<StoreSignal>) async throws -> Void
    ) async throws {
        try await withPostgresDatabase { configuration in
            let first = try await PostgresStore(testing: configuration)
            let second = try await PostgresStore(testing: configuration)
            let (heard, source) = AsyncStream.makeStream(of: StoreSignal.self)
            second.observe { source.yield($0) }
            try await body(first, second, configuration, heard)
            await first.close()
            await second.close()
        }
    }
}
