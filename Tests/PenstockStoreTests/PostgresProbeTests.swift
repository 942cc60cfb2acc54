// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import Synchronization
import Testing

@testable import PenstockPostgres

/// What is found out about a database before it is worked with, and how its answers are waited for.
@Suite(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"), .timeLimit(.minutes(2)))
struct PostgresProbeTests {
    @Test func `A server that only reads is refused, with what to do`() async throws {
        try await withPostgresDatabase { configuration in
            var configuration = configuration
            configuration.connectionString += " options='-c default_transaction_read_only=on'"
            let standby = configuration
            await #expect { _ = try await PostgresStore(testing: standby) } throws: {
                ($0 as? StoreError)?.code == .unavailable && "\($0)".contains("target_session_attrs=read-write")
            }
        }
    }

    @Test func `Where signals cannot travel the store works without them`() async throws {
        try await withPostgresDatabase { configuration in
            try PostgresSession(configuration).run(
                """
                CREATE ROLE silent LOGIN;
                GRANT ALL ON SCHEMA public TO silent;
                REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC
                """
            )
            var silent = configuration
            silent.connectionString += " user=silent"
            let store = try await PostgresStore(testing: silent)
            try await store.write { transaction in
                try transaction.putSetting("name", [1])
                transaction.signal(.effectOwed)
            }
            #expect(try await store.read { try $0.setting("name") } == [1])
            let listening = try PostgresSession(configuration).rows(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query IN ($1, $2)",
                [SignalConnection.listening, SignalConnection.telling]
            ) { try $0.int() }
            #expect(listening == [0])
            await store.close()
        }
    }

    @Test func `A server that does not answer in time counts as lost`() async throws {
        try await withPostgresDatabase { configuration in
            var configuration = configuration
            configuration.answerTimeout = .milliseconds(100)
            let session = try PostgresSession(configuration)
            #expect {
                try session.run("SELECT pg_sleep(20)")
            } throws: {
                let failure = $0 as? PostgresFailure
                return failure?.meaning == .connectionLost && "\($0)".contains("did not answer within")
            }
        }
    }

    @Test func `A request and an answer that no buffer holds pass in one exchange`() throws {
        let session = try PostgresSession(PostgresCluster.shared.get().configuration(of: "postgres"))
        let large = [UInt8](repeating: 7, count: 8 << 20)
        let requests = (0..<3).map { _ in PostgresRequest("SELECT $1::bytea", [large]) }
        let answer = try session.exchange(requests).map { try $0.bytes() }
        #expect(answer == [large])
    }

    @Test func `Of several statements the first that fails is told, and the connection serves the next`() throws {
        let session = try PostgresSession(PostgresCluster.shared.get().configuration(of: "postgres"))
        for _ in 1...2 {
            #expect {
                _ = try session.exchange([
                    PostgresRequest("SELECT 1::bigint"), PostgresRequest("SELECT 1::bigint / $1", [0]),
                    PostgresRequest("SELECT nothing"),
                ])
            } throws: {
                ($0 as? PostgresFailure)?.sqlState == "22012"
            }
            #expect(try session.rows("SELECT 2::bigint", []) { try $0.int() } == [2])
        }
    }

    @Test func `What must have touched a row and did not is a failure`() throws {
        let session = try PostgresSession(PostgresCluster.shared.get().configuration(of: "postgres"))
        let requirement = PostgresRequest.Requirement(rows: 1, otherwise: "there is no such row")
        #expect {
            _ = try session.exchange([
                PostgresRequest("SELECT 1 WHERE false", requiring: requirement), PostgresRequest("SELECT 1::bigint"),
            ])
        } throws: {
            ($0 as? PostgresFailure)?.meaning == .constraint && "\($0)".contains("there is no such row")
        }
    }

    @Test func `More is gathered than travels at once, and all of it is there`() async throws {
        try await withPostgresDatabase { configuration in
            let store = try await PostgresStore(testing: configuration)
            try await store.write { transaction in
                for number in 0..<200 { try transaction.putSetting("\(number)", [UInt8(number)]) }
            }
            #expect(try await store.read { try $0.setting("199") } == [199])
            await #expect {
                try await store.write { transaction in
                    try transaction.putSetting("lost", [1])
                    try transaction.updateJob(job(1, of: pipeline()).job, clientID: nil)
                }
            } throws: {
                ($0 as? StoreError)?.code == .constraint
            }
            #expect(try await store.read { try $0.setting("lost") } == nil)
            await store.close()
        }
    }

    @Test func `A row that the transaction has deleted itself is missed, though it was locked before`() async throws {
        try await withPostgresDatabase { configuration in
            let store = try await PostgresStore(testing: configuration)
            let (row, work) = (pipeline(), job(1, of: pipeline()))
            try await store.write { transaction in
                _ = try transaction.insertPipeline(row)
                try transaction.insertJob(work)
            }
            try await store.write { transaction in
                let locked = try #require(try transaction.lockJob(work.job.id))
                try transaction.updateJob(locked.job, clientID: nil)
                try transaction.updatePipeline(try #require(try transaction.lockPipeline(row.key)))
            }
            await #expect {
                try await store.write { transaction in
                    let locked = try #require(try transaction.lockJob(work.job.id))
                    try transaction.deletePipeline(row.id)
                    try transaction.updateJob(locked.job, clientID: nil)
                }
            } throws: {
                ($0 as? StoreError)?.code == .constraint && "\($0)".contains("there is no such job")
            }
            #expect(try await store.read { try $0.job(work.job.id) } == work)
            await store.close()
        }
    }

    @Test func `Where a body may run but once, it asks for the type, and what it throws is told`() async throws {
        struct Unused: Error {}
        try await withPostgresDatabase { configuration in
            var configuration = configuration
            configuration.maximumAttempts = 1
            let store = try await PostgresStore(testing: configuration)
            let none = ArtifactCount(0, 0)
            let row = ActionTypeRow(
                region: .default, account: .default,
                definition: ActionTypeDefinition(id: buildType, inputArtifacts: none, outputArtifacts: none),
                document: [1], tags: [], created: at(1))
            try await store.write { try $0.putActionType(row) }
            for _ in 1...2 {
                await #expect(throws: Unused.self) {
                    try await store.write { transaction in
                        _ = try transaction.jobType(buildType, in: scope)
                        throw Unused()
                    }
                }
            }
            await store.close()
        }
    }

    @Test func `When more types are remembered than there is room for, all are forgotten`() {
        let types = RememberedTypes()
        let none = ArtifactCount(0, 0)
        func key(_ number: Int) -> RememberedTypes.Key {
            let id = ActionTypeID(category: .build, owner: .custom, provider: "P\(number)", version: "1")
            return RememberedTypes.Key(region: .default, holder: "h", id: id)
        }
        func keep(_ number: Int) {
            let id = key(number).id
            let definition = ActionTypeDefinition(id: id, inputArtifacts: none, outputArtifacts: none)
            types.keep(RememberedTypes.Entry(stored: [1], definition: definition), as: key(number))
        }
        for number in 1...RememberedTypes.capacity { keep(number) }
        keep(1)
        #expect((1...RememberedTypes.capacity).allSatisfy { types.entry(key($0)) != nil })
        keep(0)
        #expect(types.entry(key(0)) != nil)
        #expect((1...RememberedTypes.capacity).allSatisfy { types.entry(key($0)) == nil })
        types.forget(key(0))
        #expect(types.entry(key(0)) == nil)
    }

    @Test func `An update that misses its row stops the COMMIT that travels with it`() async throws {
        try await withPostgresDatabase { configuration in
            var configuration = configuration
            // What comes afterwards has the connection on which it failed.
            configuration.maximumConnections = 1
            let store = try await PostgresStore(testing: configuration)
            let connections = Mutex<[[Int64]]>([])
            let asked = { @Sendable (transaction: any StoreTransaction) throws in
                let own = try #require(transaction as? PostgresTransaction)
                let connection = try own.rows("SELECT pg_backend_pid()::bigint", []) { try $0.int() }
                connections.withLock { $0.append(connection.map { Int64($0) }) }
            }
            await #expect {
                try await store.write { transaction in
                    // The connection has answered in this transaction, so that COMMIT need not wait.
                    try asked(transaction)
                    try transaction.putSetting("lost", [1])
                    try transaction.updateJob(job(1, of: pipeline()).job, clientID: nil)
                    try transaction.putSetting("lost as well", [1])
                }
            } throws: {
                ($0 as? StoreError)?.code == .constraint && "\($0)".contains("there is no such job")
            }
            try await store.write { transaction in
                try asked(transaction)
                try transaction.putSetting("kept", [2])
            }
            let found = try await store.read { reader in
                try ["lost", "lost as well", "kept"].filter { try reader.setting($0) != nil }
            }
            #expect(found == ["kept"])
            #expect(connections.withLock { $0.count == 2 && $0.first == $0.last })
            await store.close()
        }
    }
}
