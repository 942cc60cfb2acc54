// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

@Suite struct `Jobs in every store` {
    @Test(arguments: StoreUnderTest.allCases)
    func `A job is read back as it was written and changed`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(pipeline())
                var row = job(1, of: pipeline(), queryValue: "q", clientID: id(5))
                try transaction.insertJob(row)
                #expect(try transaction.job(id(1)) == row)
                row.job.dispatch(to: "arn", nonce: "n", at: at(20), visibility: .seconds(1))
                row.clientID = id(6)
                try transaction.updateJob(row.job, clientID: row.clientID)
                #expect(try transaction.lockJob(id(1)) == row)
                #expect(try transaction.lockOpenJob(of: row.start.id) == row)
                row.job.end(.succeeded, resultDigest: "d", at: at(30))
                try transaction.updateJob(row.job, clientID: row.clientID)
                #expect(try transaction.job(id(1)) == row)
                #expect(try transaction.lockOpenJob(of: row.start.id) == nil)
                #expect(try transaction.job(id(2)) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A job is found with its connection, and its end begins with all that it is part of`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let (owner, running) = (pipeline(), execution(1))
            let connection = ConnectionRow(
                clientID: id(5), scope: scope, pipelineName: "p", stageName: "s", actionName: "a", tokenHash: [1],
                created: at(1))
            let (connected, alone) = (job(1, of: owner, clientID: id(5)), job(2, of: owner))
            let rows = [connected, alone, job(3, of: owner, clientID: id(6))]
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(owner)
                for execution in [execution(2), running] { try transaction.putExecution(execution, of: owner.id) }
                // The other jobs' history is gone.
                try transaction.insertActionExecution(attemptRow(connected.start, of: owner))
                try transaction.putConnection(connection)
                for row in rows { try transaction.insertJob(row) }
            }
            let found = try await store.read { reader in
                try [1, 2, 3, 4].map { try reader.connectedJob(id($0)) }
            }
            let expected = [
                ConnectedJob(row: connected, connection: connection), ConnectedJob(row: alone),
                ConnectedJob(row: rows[2]),
                nil,
            ]
            #expect(found == expected)
            try await store.write { transaction throws in
                #expect(try [1, 2, 3, 4].map { try transaction.lockConnectedJob(id($0)) } == expected)
                for withConnection in [true, false] {
                    let works = try [1, 2, 3, 4].map {
                        try transaction.lockWork(of: id($0), withConnection: withConnection)
                    }
                    let expectedWorks = expected.map { job in
                        job.map {
                            let job = withConnection ? $0 : ConnectedJob(row: $0.row)
                            return JobWork(pipeline: owner, job: job, execution: running)
                        }
                    }
                    #expect(works == expectedWorks)
                }
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An attempt has one open job`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            var second = job(2, of: pipeline())
            second.start = start(1)
            let row = second
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(pipeline())
                try transaction.insertJob(job(1, of: pipeline()))
            }
            await #expect { try await store.write { try $0.insertJob(row) } } throws: {
                ($0 as? StoreError)?.code == .constraint
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A claim takes the oldest that can be polled and that fit`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let row = pipeline()
                _ = try transaction.insertPipeline(row)
                var expired = job(1, of: row, createdAt: 3)
                expired.job.dispatch(to: "arn", nonce: "n", at: at(10), visibility: .milliseconds(5))
                var held = job(2, of: row, createdAt: 1)
                held.job.dispatch(to: "arn", nonce: "n", at: at(10), visibility: .seconds(5))
                var running = job(3, of: row, createdAt: 1)
                running.job.begin(at: at(2))
                let others = [
                    expired, held, running,
                    job(4, of: row, createdAt: 4, queryValue: "a"),
                    job(5, of: row, createdAt: 2, queryValue: "b"),
                    job(6, of: row, createdAt: 2, queryValue: "a", clientID: id(9)),
                    job(7, of: row, createdAt: 1, queue: JobQueue(region: .default, typeID: buildType, account: nil)),
                    job(8, of: row, createdAt: 1, queue: nil),
                ]
                for row in others { try transaction.insertJob(row) }
                func claim(
                    _ limit: Int, query: String? = nil, connected: Bool = false, at now: Int64 = 15
                ) throws -> [JobID] {
                    let claim = JobClaim(queue: buildQueue, queryValue: query, needsConnection: connected, limit: limit)
                    return try transaction.claimJobs(claim, at: at(now)).map(\.job.id)
                }
                #expect(try claim(9) == [id(5), id(6), id(1), id(4)])
                #expect(try claim(3) == [id(5), id(6), id(1)])
                #expect(try claim(9, at: 14) == [id(5), id(6), id(4)])
                #expect(try claim(9, query: "a") == [id(6), id(4)])
                #expect(try claim(9, query: "c").isEmpty)
                #expect(try claim(9, connected: true) == [id(6)])
                #expect(try claim(9, query: "b", connected: true).isEmpty)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Two handles that claim at once never get the same job`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            let row = pipeline()
            try await first.write { transaction throws in
                _ = try transaction.insertPipeline(row)
                for number in 1...60 { try transaction.insertJob(job(number, of: row)) }
            }
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for worker in 0..<8 {
                    let store = worker % 2 == 0 ? first : second
                    group.addTask {
                        var mine: [JobID] = []
                        while true {
                            let jobs = try await store.write { transaction throws in
                                let jobs = try transaction.claimJobs(JobClaim(queue: buildQueue, limit: 3), at: at(50))
                                for var row in jobs {
                                    row.job.dispatch(to: "\(worker)", nonce: "n", at: at(50), visibility: .seconds(60))
                                    try transaction.updateJob(row.job, clientID: row.clientID)
                                }
                                return jobs.map(\.job.id)
                            }
                            if jobs.isEmpty { return mine }
                            mine += jobs
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.sorted() == (1...60).map { id($0) })
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Open jobs are listed in order, by pipeline and by scope`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let (row, other) = (pipeline(), pipeline(2))
                for row in [row, other] { _ = try transaction.insertPipeline(row) }
                for number in 1...6 {
                    let pipeline = number % 2 == 0 ? row : other
                    try transaction.insertJob(job(number, of: pipeline, createdAt: Int64(7 - number / 2)))
                }
                var ended = try #require(try transaction.lockJob(id(4)))
                ended.job.end(.failed, resultDigest: nil, at: at(9))
                try transaction.updateJob(ended.job, clientID: nil)
                #expect(try transaction.openJobs(of: row.id).map(\.job.id) == [id(6), id(2)])
                let all: [JobID] = [id(6), id(5), id(2), id(3), id(1)]
                    .sorted { (7 - ($0.value.low & 0xFF) / 2, $0) < (7 - ($1.value.low & 0xFF) / 2, $1) }
                #expect(try transaction.openJobs(in: scope, after: nil, limit: 9).map(\.job.id) == all)
                let first = try transaction.openJobs(in: scope, after: nil, limit: 2)
                let last = try #require(first.last?.job)
                let rest = try transaction.openJobs(
                    in: scope, after: JobCursor(createdAt: last.createdAt, id: last.id), limit: 9
                )
                #expect((first + rest).map(\.job.id) == all)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Queues say when each of their jobs can be polled`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let row = pipeline()
                _ = try transaction.insertPipeline(row)
                for (number, milliseconds) in [(1, 90), (2, 40), (3, 40)] {
                    var held = job(number, of: row, createdAt: 1)
                    held.job.dispatch(
                        to: "arn", nonce: "n", at: at(10), visibility: .milliseconds(milliseconds))
                    try transaction.insertJob(held)
                }
                try transaction.insertJob(job(4, of: row, queue: nil))
                let hidden = try transaction.pollableQueues()
                #expect(hidden.map(\.queue) == [buildQueue, buildQueue])
                #expect(hidden.map(\.pollableAt) == [at(50), at(100)])
                for number in 5...6 { try transaction.insertJob(job(number, of: row, createdAt: 20)) }
                let all = try transaction.pollableQueues()
                #expect(all.count == 3)
                #expect(try #require(all.first).pollableAt <= at(20))
                #expect(all.dropFirst().map(\.pollableAt) == [at(50), at(100)])
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A connection is given to the action's open jobs that have none`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let row = pipeline()
                _ = try transaction.insertPipeline(row)
                for number in 1...2 { try transaction.insertJob(job(number, of: row)) }
                try transaction.insertJob(job(3, of: row, clientID: id(8)))
                func connect(_ action: String) throws -> [JobQueue] {
                    try transaction.connectJobs(
                        scope: scope, pipelineName: row.key.name, stageName: "Build", actionName: action, to: id(7)
                    )
                }
                #expect(try connect("other").isEmpty)
                #expect(try connect("make") == [buildQueue])
                #expect(try transaction.job(id(1))?.clientID == id(7))
                #expect(try transaction.job(id(3))?.clientID == id(8))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Ended jobs are deleted, the oldest first, and open ones never`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(pipeline())
                for number in 1...4 {
                    var row = job(number, of: pipeline())
                    if number < 4 { row.job.end(.timedOut, resultDigest: nil, at: at(Int64(number))) }
                    try transaction.insertJob(row)
                }
                #expect(try transaction.deleteJobs(endedBefore: at(3), limit: 1) == 1)
                #expect(try transaction.job(id(1)) == nil)
                #expect(try transaction.deleteJobs(endedBefore: at(99), limit: 9) == 2)
                #expect(try transaction.job(id(4)) != nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A job's credentials write while its dispatch is the current one`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                _ = try transaction.insertPipeline(pipeline())
                var row = job(1, of: pipeline())
                try transaction.insertJob(row)
                #expect(try !transaction.jobAcceptsWrites(id(1), dispatch: 0))
                row.job.dispatch(to: "arn", nonce: "n", at: at(20), visibility: .seconds(1))
                try transaction.updateJob(row.job, clientID: nil)
                #expect(try transaction.jobAcceptsWrites(id(1), dispatch: 1))
                #expect(row.job.acknowledge(nonce: "n", at: at(21)) == .accepted)
                try transaction.updateJob(row.job, clientID: nil)
                #expect(try transaction.jobAcceptsWrites(id(1), dispatch: 1))
                #expect(try !transaction.jobAcceptsWrites(id(1), dispatch: 2))
                row.job.end(.succeeded, resultDigest: nil, at: at(22))
                try transaction.updateJob(row.job, clientID: nil)
                #expect(try !transaction.jobAcceptsWrites(id(1), dispatch: 1))
            }
        }
    }
}
