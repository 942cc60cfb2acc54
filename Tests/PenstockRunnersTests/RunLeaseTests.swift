// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import ServiceLifecycle
import Synchronization
import Testing

/// How a job is held for as long as its runner runs.
@Suite(.timeLimit(.minutes(1))) struct RunLeaseTests {
    private static let queue = JobQueue(region: .default, typeID: .s3Source, account: nil)

    /// Runs the service while the body runs, and then ends it gracefully.
    private static func running(
        _ fixture: RunnerFixture,
        _ runner: PatientRunner,
        _ body: (ServiceGroup) async throws -> Void
    ) async throws {
        try await fixture.createPipeline(polls: "false")
        let service = RunnerService(context: fixture.context, runners: [runner])
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            await runner.begun.first { _ in true }
            try await body(group)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Returns once the job is kept from others for a whole lease from now on.
    private static func renewed(_ fixture: RunnerFixture) async throws {
        let end = fixture.clock.now + RunnerService.lease
        try await self.until { try await self.openJob(fixture)?.visibleAt == end }
    }

    /// Looks again until the condition holds, or the test has run out of time.
    private static func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    private static func openJob(_ fixture: RunnerFixture) async throws -> Job? {
        let scope = fixture.call.scope
        return try await fixture.context.store.read { try $0.openJobs(in: scope, after: nil, limit: 1).first?.job }
    }

    @Test func `A job is nobody else's for as long as its runner runs`() async throws {
        let fixture = try await RunnerFixture()
        let runner = PatientRunner()
        try await Self.running(fixture, runner) { _ in
            for _ in 1...4 {
                fixture.clock.advance(by: RunnerService.renewal)
                try await Self.renewed(fixture)
            }
            let now = fixture.clock.now
            let others = try await fixture.context.store.write { transaction throws in
                try transaction.claimJobs(JobClaim(queue: Self.queue, limit: 1), at: now)
            }
            #expect(others.isEmpty)
            runner.finish()
        }
        #expect(runner.dispatches == [1])
        #expect(try await fixture.attempts().map(\.attempt.status) == [.succeeded])
    }

    @Test func `A clock that jumps over the end of the lease hands the job to nobody else`() async throws {
        let fixture = try await RunnerFixture()
        let runner = PatientRunner()
        try await Self.running(fixture, runner) { _ in
            fixture.clock.advance(by: RunnerService.lease * 3)
            try await Self.renewed(fixture)
            runner.finish()
        }
        #expect(runner.dispatches == [1])
        #expect(try await fixture.attempts().map(\.attempt.status) == [.succeeded])
    }

    @Test func `A renewal that failed is tried again before the lease has ended`() async throws {
        let store = FailingStore()
        let fixture = try await RunnerFixture(store: store)
        let runner = PatientRunner()
        try await Self.running(fixture, runner) { _ in
            store.failNext()
            fixture.clock.advance(by: RunnerService.renewal)
            try await Self.until { !store.failsNext }
            fixture.clock.advance(by: RunnerService.renewalRetry)
            try await Self.renewed(fixture)
            runner.finish()
        }
        #expect(runner.dispatches == [1])
    }

    @Test func `A run whose job has ended is stopped`() async throws {
        let fixture = try await RunnerFixture()
        let runner = PatientRunner()
        try await Self.running(fixture, runner) { _ in
            let execution = try #require(try await fixture.executions().first).id
            try await PipelineService(context: fixture.context).stop(
                fixture.call, name: "shop", execution: execution, abandon: true, reason: nil)
            fixture.clock.advance(by: RunnerService.renewal)
            await runner.stopped.first { _ in true }
        }
        #expect(runner.dispatches == [1])
        #expect(try await fixture.attempts().map(\.attempt.status) == [.abandoned])
    }

    @Test func `A run whose job was handed to somebody else is stopped`() async throws {
        let fixture = try await RunnerFixture()
        let runner = PatientRunner()
        try await Self.running(fixture, runner) { _ in
            var job = try #require(try await Self.openJob(fixture))
            // As if this process had been cut off for so long.
            job.dispatch(
                to: "other", nonce: "2", at: fixture.clock.now + RunnerService.lease, visibility: RunnerService.lease)
            let taken = job
            try await fixture.context.store.write { transaction throws in
                try transaction.updateJob(taken, clientID: nil)
            }
            fixture.clock.advance(by: RunnerService.renewal)
            await runner.stopped.first { _ in true }
            #expect(try await Self.openJob(fixture) == taken)
        }
        #expect(runner.dispatches == [1])
    }

    @Test func `Shutdown holds the job of a run that it waits for`() async throws {
        let fixture = try await RunnerFixture()
        let runner = PatientRunner()
        try await Self.running(fixture, runner) { group in
            await group.triggerGracefulShutdown()
            for _ in 1...3 {
                fixture.clock.advance(by: RunnerService.renewal)
                try await Self.renewed(fixture)
            }
            runner.finish()
        }
        #expect(try await fixture.attempts().map(\.attempt.status) == [.succeeded])
    }
}

/// Runs until it is told to finish, or is cancelled. What is handed out again ends at once.
private final class PatientRunner: ActionRunner {
    let types: Set<ActionTypeID> = [.s3Source]
    let begun: AsyncStream<Void>
    let stopped: AsyncStream<Void>
    private let beginning: AsyncStream<Void>.Continuation
    private let stopping: AsyncStream<Void>.Continuation
    private let finished: AsyncStream<Void>
    private let finishing: AsyncStream<Void>.Continuation
    private let handedOut = Mutex<[Int]>([])

    init() {
        (self.begun, self.beginning) = AsyncStream.makeStream()
        (self.stopped, self.stopping) = AsyncStream.makeStream()
        (self.finished, self.finishing) = AsyncStream.makeStream()
    }

    var dispatches: [Int] { self.handedOut.withLock { $0 } }

    func finish() { self.finishing.finish() }

    func run(_ job: RunnerJob) async throws -> JobResult {
        self.handedOut.withLock { $0.append(job.dispatch) }
        if job.dispatch == 1 {
            self.beginning.yield()
            for await _ in self.finished {}
        }
        guard !Task.isCancelled else {
            self.stopping.yield()
            throw CancellationError()
        }
        return .success(ActionProgress(summary: "done"), continuationToken: nil, outputVariables: [])
    }
}
