// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore
import Synchronization
import Testing

@testable import PenstockPostgres

@Suite(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"))
struct `The store on PostgreSQL` {
    /// Runs the body with two processes' worth of store on one database.
    private func withTwoStores(_ body: (PostgresStore, PostgresStore) async throws -> Void)
        async throws
    {
        try await withPostgresDatabase { configuration in
            let first = try await PostgresStore(testing: configuration)
            let second = try await PostgresStore(testing: configuration)
            try await body(first, second)
            await first.close()
            await second.close()
        }
    }

    @Test func `Who locks a pipeline makes others wait, and they see what was written`() async throws {
        try await self.withTwoStores { first, second in
            _ = try await first.write { try $0.insertPipeline(pipeline()) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for store in [first, second] {
                    for _ in 0..<20 {
                        group.addTask {
                            try await store.write { transaction in
                                var row = try #require(try transaction.lockPipeline(pipeline().key))
                                row.head.nextSequence += 1
                                try transaction.updatePipeline(row)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let row = try await first.write { try $0.lockPipeline(pipeline().key) }
            #expect(row?.head.nextSequence == 41)
        }
    }

    @Test func `Two processes that poll at once share the jobs, and none waits for the other`()
        async throws
    {
        try await self.withTwoStores { first, second in
            try await first.write { transaction in
                _ = try transaction.insertPipeline(pipeline())
                for number in 1...10 {
                    try transaction.insertJob(job(number, of: pipeline(), createdAt: Int64(number)))
                }
            }
            let claim = JobClaim(queue: buildQueue, limit: 5)
            let (isClaimed, mayCommit) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let early = first.write { transaction in
                let claimed = try transaction.claimJobs(claim, at: at(100)).map(\.job.id)
                isClaimed.signal()
                mayCommit.wait()
                return claimed
            }
            let late = try await second.write { transaction in
                isClaimed.wait()
                return try transaction.claimJobs(claim, at: at(100)).map(\.job.id)
            }
            mayCommit.signal()
            #expect(try await early == (1...5).map { id($0) })
            #expect(late == (6...10).map { id($0) })
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `A job that is connected while somebody waits for its lock is handed over with its connection`()
        async throws
    {
        try await self.withTwoStores { first, second in
            let row = job(1, of: pipeline())
            let connection = ConnectionRow(
                clientID: id(7), scope: scope, pipelineName: row.pipelineName, stageName: "Build", actionName: "make",
                tokenHash: [1], created: at(1))
            try await first.write { transaction in
                _ = try transaction.insertPipeline(pipeline())
                try transaction.insertJob(row)
            }
            let isConnected = DispatchSemaphore(value: 0)
            async let connecting: Void = first.write { transaction in
                try transaction.putConnection(connection)
                _ = try transaction.connectJobs(
                    scope: scope, pipelineName: row.pipelineName, stageName: "Build", actionName: "make", to: id(7))
                isConnected.signal()
                let own = try #require(transaction as? PostgresTransaction)
                var waiting = 0
                while waiting == 0 {
                    waiting =
                        try own.first(
                            """
                            SELECT count(*) FROM pg_locks
                            WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))
                            """,
                            []
                        ) { Int(try $0.int()) } ?? 0
                }
            }
            let found = try await second.write { transaction in
                isConnected.wait()
                return try transaction.lockConnectedJob(id(1))
            }
            try await connecting
            #expect(found?.row.clientID == id(7))
            #expect(found?.connection == connection)
        }
    }

    @Test
    func `A fence of an earlier claim, or of a timer that was deleted and set again, holds nothing`()
        async throws
    {
        try await self.withTwoStores { first, second in
            let row = timer(1, due: 10, of: pipeline())
            try await first.write { transaction in
                _ = try transaction.insertPipeline(pipeline())
                try transaction.putTimer(row)
            }
            let claim = { @Sendable (store: PostgresStore, now: Int64) in
                try await store.write {
                    try $0.claimTimers(dueBy: at(now), leaseUntil: at(now + 10), limit: 1)
                }
            }
            let early = try #require(try await claim(first, 20).first)
            #expect(try await claim(second, 25).isEmpty)
            let late = try #require(try await claim(second, 30).first)
            #expect(late.fence > early.fence)
            #expect(try await first.write { try $0.holdsTimer(row.key, fence: early.fence) } == false)
            #expect(try await second.write { try $0.holdsTimer(row.key, fence: late.fence) })
            try await first.write { transaction in
                try transaction.deleteTimer(row.key)
                try transaction.putTimer(row)
            }
            #expect(try await second.write { try $0.holdsTimer(row.key, fence: late.fence) } == false)
        }
    }

    @Test func `Transactions that lock in opposite orders both commit`() async throws {
        try await self.withTwoStores { first, second in
            _ = try await first.write { transaction in
                try transaction.insertPipeline(pipeline(1)) && transaction.insertPipeline(pipeline(2))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for round in 0..<8 {
                    let order = round % 2 == 0 ? [1, 2] : [2, 1]
                    group.addTask {
                        try await (round % 2 == 0 ? first : second).write { transaction in
                            for number in order {
                                var row = try #require(try transaction.lockPipeline(pipeline(number).key))
                                row.head.nextSequence += 1
                                try transaction.updatePipeline(row)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            for number in 1...2 {
                let row = try await first.write { try $0.lockPipeline(pipeline(number).key) }
                #expect(row?.head.nextSequence == 9)
            }
        }
    }

    /// When the database compares what a transaction remembers of a type.
    enum Comparison: CaseIterable {
        /// The connection has answered, so that COMMIT does not wait for it.
        case withCommit
        case inTheBody
        /// The body throws before.
        case never
    }

    @Test(arguments: Comparison.allCases)
    func `A body runs again for types that another process has changed, and once for those that it has not`(
        _ comparison: Comparison
    ) async throws {
        struct Unused: Error {}
        try await self.withTwoStores { first, second in
            let seen = Mutex<[[ArtifactCount?]]>([])
            for (count, isDeleted) in [(1, false), (1, false), (2, false), (2, false), (2, true), (2, true)] {
                let rows = ["A", "B"].map { provider in
                    let id = ActionTypeID(category: .build, owner: .custom, provider: provider, version: "1")
                    return ActionTypeRow(
                        region: .default, account: .default,
                        definition: ActionTypeDefinition(
                            id: id, inputArtifacts: ArtifactCount(0, 0), outputArtifacts: ArtifactCount(0, count)),
                        document: [1], tags: [], created: at(1), isDeleted: isDeleted)
                }
                try await first.write { transaction in
                    for row in rows { try transaction.putActionType(row) }
                }
                seen.withLock { $0.append([]) }
                try? await second.write { transaction in
                    if comparison == .withCommit { _ = try transaction.setting("none") }
                    let types = try rows.map { try transaction.jobType($0.definition.id, in: scope)?.outputArtifacts }
                    seen.withLock { $0[$0.count - 1].append(types[0]) }
                    #expect(types[0] == types[1])
                    if comparison == .inTheBody { _ = try transaction.setting("none") }
                    if comparison == .never { throw Unused() }
                }
            }
            let (old, new) = (ArtifactCount(0, 1), ArtifactCount(0, 2))
            // A body that throws with something that nobody has compared runs again as well.
            let unchanged = comparison == .never ? 2 : 1
            let expected: [[ArtifactCount?]] = [
                [old], Array(repeating: old, count: unchanged), [old, new], Array(repeating: new, count: unchanged),
                [new, nil], [nil],
            ]
            #expect(seen.withLock { $0 } == expected)
        }
    }

    @Test func `A signal reaches the other process, and comes back to its own only once`()
        async throws
    {
        try await self.withTwoStores { first, second in
            let (own, others) = (
                AsyncStream.makeStream(of: StoreSignal.self), AsyncStream.makeStream(of: StoreSignal.self)
            )
            first.observe { own.continuation.yield($0) }
            second.observe { others.continuation.yield($0) }
            try await first.write { transaction in
                transaction.signal(.jobQueued(buildQueue))
                transaction.signal(.timerSet(at(7)))
                transaction.signal(.jobQueued(buildQueue))
            }
            var heardByOthers = others.stream.makeAsyncIterator()
            #expect(await heardByOthers.next() == .jobQueued(buildQueue))
            #expect(await heardByOthers.next() == .timerSet(at(7)))
            // What the second says now arrives at the first behind an echo of what the first said.
            try await second.write { $0.signal(.accessChanged(.default)) }
            var heard: [StoreSignal] = []
            for await signal in own.stream {
                heard.append(signal)
                if signal == .accessChanged(.default) { break }
            }
            #expect(heard == [.jobQueued(buildQueue), .timerSet(at(7)), .accessChanged(.default)])
        }
    }

    @Test
    func `A connection that the server ends before the commit costs a repeat, not the transaction`()
        async throws
    {
        try await withPostgresDatabase { configuration in
            let store = try await PostgresStore(testing: configuration)
            let counter = Counter()
            try await store.write { transaction in
                try transaction.putSetting("name", [1])
                if counter.next() == 1 {
                    let own = try #require(transaction as? PostgresTransaction)
                    _ = try? own.rows("SELECT pg_terminate_backend(pg_backend_pid())", []) { _ in }
                }
            }
            #expect(counter.value == 2)
            #expect(try await store.read { try $0.setting("name") } == [1])
            await store.close()
        }
    }

    @Test func `Whoever waits too long for a connection is told so`() async throws {
        try await withPostgresDatabase { configuration in
            var configuration = configuration
            configuration.maximumConnections = 1
            configuration.acquireTimeout = .milliseconds(50)
            let store = try await PostgresStore(testing: configuration)
            let (isRunning, mayEnd) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            async let long: Void = store.write { _ in
                isRunning.signal()
                mayEnd.wait()
            }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    isRunning.wait()
                    continuation.resume()
                }
            }
            await #expect { try await store.read { _ in } } throws: {
                ($0 as? StoreError)?.code == .unavailable
            }
            mayEnd.signal()
            try await long
            await store.close()
            await #expect { try await store.read { _ in } } throws: {
                ($0 as? StoreError)?.code == .closed
            }
        }
    }

    @Test
    func `Servers that start together migrate once, and one refuses a schema newer than itself`()
        async throws
    {
        try await withPostgresDatabase { configuration in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { await (try PostgresStore(testing: configuration)).close() }
                }
                try await group.waitForAll()
            }
            try PostgresSession(configuration).run("UPDATE penstock_schema SET version = 1000")
            await #expect { _ = try await PostgresStore(testing: configuration) } throws: {
                ($0 as? StoreError)?.code == .corrupt
            }
        }
    }

    @Test func `Each key has a row that is locked for it`() async throws {
        try await withPostgresDatabase { configuration in
            await (try PostgresStore(testing: configuration)).close()
            let rows = try PostgresSession(configuration).rows("SELECT number FROM \(KeyLock.table)", []) {
                try $0.int64()
            }
            #expect(rows.sorted() == Array(0..<Int64(KeyLock.count)))
        }
        let numbers = (0..<10_000).map { KeyLock.number(of: ObjectKey("artifacts/\($0)"), in: "b") }
        #expect(numbers.allSatisfy { (0..<Int64(KeyLock.count)).contains($0) })
        // Of 4,096 places ten thousand keys leave some 356 empty.
        #expect(Set(numbers).count > 3500)
    }

    @Test func `A key whose row is lost is not written without a lock`() async throws {
        try await withPostgresDatabase { configuration in
            let store = try await PostgresStore(testing: configuration)
            try PostgresSession(configuration).run("DELETE FROM \(KeyLock.table)")
            await #expect {
                try await store.withArtifacts { try $0.lockKeys([ObjectKey("k")], in: "b") }
            } throws: {
                ($0 as? StoreError)?.description.contains("penstock_key_lock has lost rows") == true
            }
            await store.close()
        }
    }

    @Test func `A server that cannot be reached is unavailable`() async throws {
        let configuration = PostgresConfiguration(
            connectionString: "host=/nonexistent user=nobody dbname=none")
        await #expect { _ = try await PostgresStore(testing: configuration) } throws: {
            ($0 as? StoreError)?.code == .unavailable
        }
    }
}

/// Counts how often a body runs.
final class Counter: Sendable {
    private let count = Mutex(0)

    func next() -> Int {
        self.count.withLock { count in
            count += 1
            return count
        }
    }

    var value: Int { self.count.withLock { $0 } }
}
