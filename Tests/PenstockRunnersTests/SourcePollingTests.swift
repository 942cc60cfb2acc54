// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Synchronization
import Testing

/// Objects of a store that tells nobody of changes.
@Suite(.timeLimit(.minutes(10))) struct SourcePollingTests {
    /// What the foreign store has, as the test says.
    private final class Shelf: SourceProbe, ActionRunner {
        private let objects = Mutex<[String: SourceObject]>([:])
        private let looks = Mutex(0)
        /// A look at the key ends when the stream does.
        private let held = Mutex<[String: AsyncStream<Void>]>([:])

        static let bucket = "abroad"

        var types: Set<ActionTypeID> { [.s3Source] }

        var lookCount: Int { self.looks.withLock { $0 } }

        func put(_ revision: String, as key: String = RunnerFixture.key) {
            self.objects.withLock { $0[key] = .revision(revision) }
        }

        func deny(_ key: String = RunnerFixture.key) {
            self.objects.withLock { $0[key] = .failure(.deniedBucket(Self.bucket)) }
        }

        func covers(_ location: ObjectLocation) -> Bool { location.bucket == Self.bucket }

        var longestLook: Duration { .minutes(1) }

        /// Looks at the key take until the continuation is finished.
        func hold(_ key: String) -> AsyncStream<Void>.Continuation {
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            self.held.withLock { $0[key] = stream }
            return continuation
        }

        func look(at location: ObjectLocation, for scope: Scope) async -> SourceObject {
            self.looks.withLock { $0 += 1 }
            if let stream = self.held.withLock({ $0[location.key] }) { for await _ in stream {} }
            return self.object(location.key)
        }

        /// Takes the revision that the execution is bound to, else the one that is there.
        func run(_ job: RunnerJob) async throws -> JobResult {
            var revision = job.start.boundRevision?.revisionID
            if revision == nil, case .revision(let latest) = self.object(RunnerFixture.key) { revision = latest }
            let taken = try #require(revision)
            return .success(
                ActionProgress(externalExecutionID: taken, revision: SourceRevision(revisionID: taken)),
                continuationToken: nil, outputVariables: [])
        }

        private func object(_ key: String) -> SourceObject {
            self.objects.withLock { $0[key] } ?? .failure(.missingObject(key, inBucket: Self.bucket))
        }
    }

    private let shelf: Shelf
    private let fixture: RunnerFixture
    private let polling: SourcePolling
    private let runners: RunnerService

    init() async throws {
        let shelf = Shelf()
        self.shelf = shelf
        self.fixture = try await RunnerFixture(probe: shelf)
        self.polling = SourcePolling(context: self.fixture.context)
        self.runners = RunnerService(context: self.fixture.context, runners: [shelf])
    }

    private static func source(key: String = RunnerFixture.key, polls: String? = nil) -> ActionDeclaration {
        RunnerFixture.source(bucket: Shelf.bucket, key: key, polls: polls)
    }

    /// Lets the time pass that is at most between two looks, and looks.
    private func nextLook() async throws {
        self.fixture.clock.advance(by: .seconds(66))
        try await self.polling.pollDueSources()
    }

    /// Trigger and revision of each execution, the oldest first.
    private func started() async throws -> [String] {
        try await self.fixture.executions().reversed().map { row in
            "\(row.trigger.type.rawValue) \(row.trigger.detail)"
        }
    }

    private func watch() async throws -> SourceWatchRow {
        let key = self.fixture.call.pipeline("shop")
        return try await self.fixture.context.store.read { reader in
            let id = try #require(try reader.pipelineSummary(key)).id
            return try #require(try reader.sourceWatches(of: id).first)
        }
    }

    private func pollFailure() async throws -> FailureDetails? {
        let service = PipelineService(context: self.fixture.context)
        return try await service.state(self.fixture.call, name: "shop").failedPolls["Get"]
    }

    @Test func `A new pipeline starts for what is there, once, and not for its creation`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        #expect(try await self.started() == [])
        try await self.polling.pollDueSources()
        #expect(try await self.started() == ["PollForSourceChanges Get"])
        await self.runners.carryOutClaimableJobs()
        #expect(try await self.fixture.executions().first?.sourceRevisions.map(\.revision.revisionID) == ["one"])
        for _ in 1...3 { try await self.nextLook() }
        #expect(try await self.started().count == 1)
        #expect(self.shelf.lookCount == 4)
    }

    @Test func `Several changes between two looks start one execution, of the last`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        try await self.polling.pollDueSources()
        await self.runners.carryOutClaimableJobs()
        for revision in ["two", "three"] { self.shelf.put(revision) }
        try await self.nextLook()
        #expect(try await self.started().count == 2)
        #expect(try await self.watch().cursor == "three")
        let bound = try await self.fixture.attempts().first?.start.boundRevision?.revisionID
        #expect(bound == "three")
    }

    @Test func `Looks are an interval apart, give or take a tenth, and never all alike`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        var pauses: Set<Duration> = []
        for _ in 1...50 {
            try await self.polling.pollDueSources()
            let due = try #require(try await self.watch().poll).due
            pauses.insert(due - self.fixture.clock.now)
            self.fixture.clock.advance(by: due - self.fixture.clock.now - .milliseconds(1))
            let before = self.shelf.lookCount
            try await self.polling.pollDueSources()
            #expect(self.shelf.lookCount == before)
            self.fixture.clock.advance(by: .milliseconds(1))
        }
        #expect(pauses.allSatisfy { .seconds(54)...(.seconds(66)) ~= $0 })
        #expect(pauses.count > 25)
    }

    @Test func `An object that is not to be had starts nothing, is shown, and starts once it is`() async throws {
        try await self.fixture.createPipeline([Self.source()])
        #expect(try await self.pollFailure() == nil)
        try await self.polling.pollDueSources()
        #expect(try await self.pollFailure() == .missingObject(RunnerFixture.key, inBucket: Shelf.bucket))
        self.shelf.deny()
        try await self.nextLook()
        #expect(try await self.pollFailure() == .deniedBucket(Shelf.bucket))
        #expect(try await self.started() == [])
        self.shelf.put("one")
        try await self.nextLook()
        #expect(try await self.pollFailure() == nil)
        #expect(try await self.started().count == 1)
    }

    @Test func `What another execution has taken starts none`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        try await self.polling.pollDueSources()
        await self.runners.carryOutClaimableJobs()
        self.fixture.clock.advance(by: .seconds(1))
        self.shelf.put("two")
        try await self.fixture.startPipeline()
        await self.runners.carryOutClaimableJobs()
        #expect(try await self.watch().cursor == "two")
        try await self.nextLook()
        #expect(try await self.started() == ["PollForSourceChanges Get", "StartPipelineExecution \(self.caller)"])
    }

    @Test func `What was taken before the last look does not hide what was seen then`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        try await self.polling.pollDueSources()
        let jobs = JobService(context: self.fixture.context)
        let queue = try #require(
            self.fixture.context.queues.ready([.s3Source], at: self.fixture.clock.now).first)
        let job = try #require(
            try await jobs.claim(JobClaim(queue: queue, limit: 1), principal: "test", visibility: .hours(1)).first)
        self.shelf.put("two")
        try await self.nextLook()
        #expect(try await self.watch().cursor == "two")
        let late = JobResult.success(
            ActionProgress(externalExecutionID: "one", revision: SourceRevision(revisionID: "one")),
            continuationToken: nil, outputVariables: [])
        _ = try await jobs.completeRun(job.row.job.id, dispatch: job.row.job.dispatch, late)
        #expect(try await self.watch().cursor == "two")
        try await self.nextLook()
        #expect(try await self.started().count == 2)
    }

    @Test func `Switched off nothing is looked at, and on again what was seen starts nothing`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        try await self.polling.pollDueSources()
        try await self.fixture.updatePipeline(Self.source(polls: "false"))
        let looks = self.shelf.lookCount
        try await self.nextLook()
        #expect(self.shelf.lookCount == looks)
        try await self.fixture.updatePipeline(Self.source(polls: "true"))
        try await self.polling.pollDueSources()
        #expect(self.shelf.lookCount == looks + 1)
        #expect(try await self.started().count == 1)
        self.shelf.put("two")
        try await self.nextLook()
        #expect(try await self.started().count == 2)
    }

    @Test func `Another object of another version of the pipeline starts it, seen or not`() async throws {
        self.shelf.put("one")
        self.shelf.put("one", as: "other.zip")
        try await self.fixture.createPipeline([Self.source()])
        try await self.polling.pollDueSources()
        try await self.fixture.updatePipeline(Self.source(key: "other.zip"))
        try await self.polling.pollDueSources()
        #expect(try await self.started().count == 2)
    }

    @Test func `Each of two sources that poll starts an execution of its own`() async throws {
        self.shelf.put("one")
        self.shelf.put("uno", as: "other.zip")
        var other = Self.source(key: "other.zip")
        other.name = "Other"
        other.outputArtifacts = ["More"]
        try await self.fixture.createPipeline([Self.source(), other])
        try await self.polling.pollDueSources()
        #expect(Set(try await self.started()) == ["PollForSourceChanges Get", "PollForSourceChanges Other"])
    }

    @Test func `Thirty days without an execution stop the looks`() async throws {
        try await self.fixture.createPipeline([Self.source()])
        try await self.polling.pollDueSources()
        self.fixture.clock.advance(by: .days(30))
        try await self.polling.pollDueSources()
        #expect(try await self.watch().disabledAt != nil)
        let looks = self.shelf.lookCount
        self.shelf.put("one")
        try await self.nextLook()
        #expect(self.shelf.lookCount == looks)
        try await self.fixture.updatePipeline(Self.source())
        try await self.polling.pollDueSources()
        #expect(try await self.started().count == 1)
    }

    @Test func `A look that its process did not end is made again when its lease is over`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        let (now, lease) = (self.fixture.clock.now, self.fixture.context.settings.lease + self.shelf.longestLook)
        let lost = try await self.fixture.context.store.write { transaction in
            try transaction.claimSourcePolls(dueBy: now, leaseUntil: now + lease, limit: 9)
        }
        #expect(lost.count == 1)
        try await self.polling.pollDueSources()
        #expect(self.shelf.lookCount == 0)
        self.fixture.clock.advance(by: lease)
        try await self.polling.pollDueSources()
        #expect(try await self.started().count == 1)
    }

    @Test func `A store that takes its time holds up no other, and its look is nobody else's meanwhile`() async throws {
        self.shelf.put("one")
        self.shelf.put("uno", as: "slow.zip")
        let slow = self.shelf.hold("slow.zip")
        var other = Self.source(key: "slow.zip")
        other.name = "Slow"
        other.outputArtifacts = ["More"]
        try await self.fixture.createPipeline([Self.source(), other])
        let context = self.fixture.context
        let (executions, source) = AsyncStream.makeStream(of: Void.self)
        context.store.observe { signal in
            if case .jobQueued = signal { source.yield() }
        }
        let running = Task { [polling] in try await polling.run() }
        var signals = executions.makeAsyncIterator()
        while try await self.started().isEmpty { await signals.next() }
        #expect(try await self.started() == ["PollForSourceChanges Get"])
        await self.runners.carryOutClaimableJobs()

        // The object that answers is looked at again, the other one is still being looked at.
        self.shelf.put("two")
        self.fixture.clock.advance(by: .seconds(66))
        while try await self.started().count < 2 { await signals.next() }
        #expect(try await self.started() == Array(repeating: "PollForSourceChanges Get", count: 2))
        #expect(self.shelf.lookCount == 3)
        await self.runners.carryOutClaimableJobs()

        slow.finish()
        while try await self.started().count < 3 { await signals.next() }
        #expect(try await self.started().last == "PollForSourceChanges Slow")
        running.cancel()
        try await running.value
    }

    @Test func `A pipeline that was deleted is not looked for any more`() async throws {
        self.shelf.put("one")
        try await self.fixture.createPipeline([Self.source()])
        try await PipelineService(context: self.fixture.context).delete(self.fixture.call, name: "shop")
        try await self.polling.pollDueSources()
        #expect(self.shelf.lookCount == 0)
        #expect(try await self.fixture.context.store.read { try $0.earliestSourcePoll() } == nil)
    }

    private var caller: String { self.fixture.call.principal }
}
