// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import ServiceLifecycle
import Synchronization
import Testing

/// What an advance of the clock waits for: owed effects, runners, and what they lead to.
@Suite(.timeLimit(.minutes(10))) struct AdvanceTests {
    /// A runner that does what the test says.
    private struct Scripted: ActionRunner {
        struct Broken: Error {}

        let body: @Sendable (RunnerJob) async throws -> JobResult
        var types: Set<ActionTypeID> { [.s3Source] }
        func run(_ job: RunnerJob) async throws -> JobResult { try await self.body(job) }
    }

    private static let done = JobResult.success(
        ActionProgress(summary: "done"), continuationToken: nil, outputVariables: [])

    /// Runs the services of a server with the runner while the body runs.
    private static func running(
        _ fixture: RunnerFixture,
        _ runner: some ActionRunner,
        _ body: (ClockService) async throws -> Void
    ) async throws {
        let context = fixture.context
        let work = BackgroundWork(
            context: context,
            timers: TimerService(context: context),
            effects: EffectService(context: context),
            runners: RunnerService(context: context, runners: [runner]),
            events: EventService(context: context, senders: [:]),
            polling: SourcePolling(context: context),
            history: HistoryService(context: context),
            audit: AuditService(context: context)
        )
        try await withThrowingTaskGroup { group in
            for service in work.services { group.addTask { try await service.run() } }
            try await body(ClockService(context: context, clock: fixture.clock, work: work))
            group.cancelAll()
        }
    }

    @Test func `It returns when owed effects have started pipelines, and runners have ended`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline()
        let ended = Mutex(0)
        let runner = Scripted { _ in
            for _ in 1...100 { await Task.yield() }
            ended.withLock { $0 += 1 }
            return Self.done
        }
        try await Self.running(fixture, runner) { clock in
            for round in 1...8 {
                try await fixture.put("version \(round)")
                _ = try await clock.advance(fixture.call, by: .seconds(1))
                #expect(ended.withLock { $0 } == round)
                #expect(try await fixture.attempts().map(\.attempt.status).first == .succeeded)
                #expect(try await fixture.attempts(of: "Ask").map(\.attempt.status) == [.inProgress])
            }
        }
    }

    @Test func `A run that failed is tried again when its lease has ended, at that time`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline(polls: "false")
        let start = fixture.clock.now
        let clock = fixture.clock
        let times = Mutex<[Timestamp]>([])
        let runner = Scripted { _ in
            times.withLock { $0.append(clock.now) }
            throw Scripted.Broken()
        }
        try await Self.running(fixture, runner) { clock in
            _ = try await clock.advance(fixture.call, by: .days(7))
            #expect(
                times.withLock { $0 } == (0..<RunnerService.maximumDispatches).map { start + RunnerService.lease * $0 })
            #expect(try await fixture.attempts().map(\.attempt.failure?.type) == [.systemUnavailable])
        }
    }
}
