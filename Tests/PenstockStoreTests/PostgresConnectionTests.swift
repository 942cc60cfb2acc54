// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
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
        try await withPostgresDatabase { configuration in
            let first = try await PostgresStore(testing: configuration)
            let ofFirst = try Self.signalConnection(configuration)
            let (second, heard) = try await Self.observed(configuration)
            try Self.end(ofFirst, configuration)
            try await first.write { $0.signal(.timerSet(at(2))) }
            var iterator = heard.makeAsyncIterator()
            #expect(await iterator.next() == .timerSet(at(2)))
            await first.close()
            await second.close()
        }
    }

    @Test func `A process whose connection for signals is ended hears again`() async throws {
        try await withPostgresDatabase { configuration in
            let (second, heard) = try await Self.observed(configuration)
            let ofSecond = try Self.signalConnection(configuration)
            let first = try await PostgresStore(testing: configuration)
            try Self.end(ofSecond, configuration)
            // What is signalled before it listens again is lost, so it is signalled until it arrives.
            let heardAgain = Counter()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while heardAgain.value == 0 { try await first.write { $0.signal(.timerSet(at(2))) } }
                }
                var iterator = heard.makeAsyncIterator()
                #expect(await iterator.next() == .timerSet(at(2)))
                _ = heardAgain.next()
                try await group.waitForAll()
            }
            await first.close()
            await second.close()
        }
    }

    @Test func `What waits to be told is told before the end`() async throws {
        try await withPostgresDatabase { configuration in
            let logger = Logger(label: "test")
            let (heard, source) = AsyncStream.makeStream(of: StoreSignal.self)
            let listener = try SignalConnection(configuration, origin: "listener", logger: logger) { signals in
                for signal in signals { source.yield(signal) }
            }
            let teller = try SignalConnection(configuration, origin: "teller", logger: logger) { _ in }
            await listener.start()
            await teller.start()
            // All but the first of them wait for their group.
            for number in 1...9 { teller.tell([.timerSet(at(Int64(100 - number)))]) }
            teller.tell([.effectOwed])
            await teller.stop()
            teller.tell([.sourceWatched])
            try PostgresSession(configuration).run("NOTIFY \(SignalConnection.channel), E'last\\nv'")
            var told: [StoreSignal] = []
            for await signal in heard {
                told.append(signal)
                if signal == .eventQueued { break }
            }
            #expect(told.contains(.effectOwed) && told.contains(.timerSet(at(91))))
            #expect(!told.contains(.sourceWatched))
            await listener.stop()
        }
    }

    @Test func `What the database does not take is dropped, and what is signalled later is told`() async throws {
        try await withPostgresDatabase { configuration in
            let right = "EXECUTE ON FUNCTION pg_notify(text, text)"
            let session = try PostgresSession(configuration)
            try session.run("CREATE ROLE muted LOGIN; REVOKE \(right) FROM PUBLIC")
            var muted = configuration
            muted.connectionString += " user=muted"
            let (heard, source) = AsyncStream.makeStream(of: StoreSignal.self)
            let listener = try SignalConnection(configuration, origin: "listener", logger: Logger(label: "test")) {
                for signal in $0 { source.yield(signal) }
            }
            let (warnings, warned) = AsyncStream.makeStream(of: String.self)
            let logger = Logger(label: "test") { _ in ToldWarnings(told: warned) }
            let teller = try SignalConnection(muted, origin: "teller", logger: logger) { _ in }
            await listener.start()
            await teller.start()
            teller.tell([.sourceWatched])
            var warning = warnings.makeAsyncIterator()
            #expect(await warning.next()?.contains("permission denied for function pg_notify") == true)
            try session.run("GRANT \(right) TO muted")
            teller.tell([.effectOwed])
            var signal = heard.makeAsyncIterator()
            #expect(await signal.next() == .effectOwed)
            await teller.stop()
            await listener.stop()
            try session.run("REVOKE \(right) FROM muted; DROP ROLE muted")
        }
    }

    @Test func `A process whose connection for signals is lost for good can be closed`() async throws {
        try await withPostgresDatabase { configuration in
            let proxy = try CuttingProxy(to: PostgresCluster.shared.get().socketPath)
            var cut = configuration
            cut.connectionString += " host=\(proxy.directory) port=\(CuttingProxy.port)"
            let store = try await PostgresStore(testing: cut)
            let connection = try Self.signalConnection(configuration)
            proxy.stop()
            try Self.end(connection, configuration)
            _ = try? await store.write { $0.signal(.effectOwed) }
            await store.close()
        }
    }

    @Test func `A commit of unknown outcome is signalled`() async throws {
        try await withPostgresDatabase { configuration in
            let (second, heard) = try await Self.observed(configuration)
            let proxy = try CuttingProxy(to: PostgresCluster.shared.get().socketPath)
            defer { proxy.stop() }
            var cut = configuration
            cut.connectionString += " host=\(proxy.directory) port=\(CuttingProxy.port)"
            // Its commit is the one that is cut.
            cut.renewalInterval = .seconds(3600)
            let store = try await PostgresStore(testing: cut)
            let (own, source) = AsyncStream.makeStream(of: StoreSignal.self)
            store.observe { source.yield($0) }
            proxy.cutAfterCommit()
            await #expect(throws: StoreError.self) {
                try await store.write { transaction in
                    try transaction.putSetting("name", [1])
                    transaction.signal(.effectOwed)
                }
            }
            var (iterator, others) = (own.makeAsyncIterator(), heard.makeAsyncIterator())
            #expect(await iterator.next() == .effectOwed)
            #expect(await others.next() == .effectOwed)
            await store.close()
            await second.close()
        }
    }

    /// The process of the database that carries the signals of the one store that there is.
    private static func signalConnection(_ configuration: PostgresConfiguration) throws -> Int {
        let found = try PostgresSession(configuration).rows(
            "SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() AND query IN ($1, $2)",
            [SignalConnection.listening, SignalConnection.telling]
        ) { try $0.int() }
        #expect(found.count == 1)
        return try #require(found.first)
    }

    /// Returns when the process is gone.
    private static func end(_ connection: Int, _ configuration: PostgresConfiguration) throws {
        let ended = try PostgresSession(configuration).rows(
            "SELECT pg_terminate_backend($1::bigint::int, 60000)", [connection]
        ) { try $0.bool() }
        #expect(ended == [true])
    }

    /// A store, and what it hears.
    private static func observed(
        _ configuration: PostgresConfiguration
    ) async throws -> (PostgresStore, AsyncStream<StoreSignal>) {
        let store = try await PostgresStore(testing: configuration)
        let (heard, source) = AsyncStream.makeStream(of: StoreSignal.self)
        store.observe { source.yield($0) }
        return (store, heard)
    }
}
