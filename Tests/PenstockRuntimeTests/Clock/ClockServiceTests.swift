// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(10))) struct ClockServiceTests {
    /// The attempts of the pipeline, the oldest first.
    private static func attempts(_ fixture: RuntimeFixture) async throws -> [ActionExecutionRow] {
        try await fixture.pipelines.actionExecutions(fixture.call, name: "shop", .all, after: nil, limit: 10)
            .rows.reversed()
    }

    @Test func `What is due happens at its own time, and so does what it leads to`() async throws {
        let fixture = try await RuntimeFixture()
        let start = fixture.clock.now
        try await fixture.createPipeline(onFailure: .retry(.failedActions))
        try await fixture.running { clock in
            #expect(try await clock.advance(fixture.call, by: .days(7)) == start + .days(7))
            let attempts = try await Self.attempts(fixture)
            #expect(attempts.map(\.attempt.startedAt) == [start, start + .days(1)])
            #expect(attempts.map(\.attempt.changedAt) == [start + .days(1), start + .days(2)])
            #expect(fixture.clock.now == start + .days(7))
        }
    }

    @Test func `What is due at the end of a move happens, and what is due later does not`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        try await fixture.running { clock in
            _ = try await clock.advance(fixture.call, by: .days(1) - .seconds(1))
            #expect(try await Self.attempts(fixture).map(\.attempt.status) == [.inProgress])
            _ = try await clock.advance(fixture.call, by: .seconds(1))
            #expect(try await Self.attempts(fixture).map(\.attempt.status) == [.failed])
        }
    }

    @Test func `Timers of many pipelines fire in the order in which they are due`() async throws {
        let fixture = try await RuntimeFixture()
        let start = fixture.clock.now
        for number in 1...5 {
            try await fixture.createPipeline(named: "shop-\(number)")
            fixture.clock.advance(by: .hours(1))
        }
        try await fixture.running { clock in
            _ = try await clock.set(fixture.call, to: start + .days(2))
            for number in 1...5 {
                let executions = try await fixture.pipelines.executions(
                    fixture.call, name: "shop-\(number)", succeededIn: nil, before: nil, limit: 1)
                #expect(executions.map(\.updatedAt) == [start + .days(1) + .hours(number - 1)])
            }
        }
    }

    @Test func `The time that a clock has come to is in the store, and each move on record`() async throws {
        let fixture = try await RuntimeFixture()
        let start = fixture.clock.now
        try await fixture.createPipeline()
        try await fixture.running { clock in
            let target = try await clock.advance(fixture.call, by: .days(7))
            #expect(try await fixture.store.read { try StoredClock.instant(in: $0) } == target)
            let audit = try await fixture.store.read { try $0.auditEntries(of: .default, limit: 1) }
            #expect(audit.map(\.operation) == ["AdvanceClock"])
            #expect(audit.map(\.resource) == ["clock/2026-01-08T00:00:00Z"])
            #expect(audit.map(\.at) == [start])
            #expect(audit.map(\.principal) == [fixture.call.principal])
        }
    }

    @Test func `A clock is never set back`() async throws {
        let fixture = try await RuntimeFixture()
        let start = fixture.clock.now
        try await fixture.running { clock in
            let refusal = Rejection(
                .conflict,
                "The clock stands at 2026-01-01T00:00:00Z and is never set back, as to 2025-12-31T23:59:59Z")
            await #expect(throws: refusal) { try await clock.set(fixture.call, to: start - .seconds(1)) }
            let unmoved = try await clock.set(fixture.call, to: start)
            #expect(unmoved == start)
            #expect(fixture.clock.now == start)
        }
    }

    @Test func `A clock has an end`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.running { clock in
            let refusal = Rejection(.validation, "The clock goes to 9999-01-01T00:00:00Z at most")
            await #expect(throws: refusal) { try await clock.advance(fixture.call, by: .days(3_000_000)) }
            let end = try await clock.set(fixture.call, to: ClockService.end)
            #expect(end == ClockService.end)
        }
    }

    @Test func `A clock that goes by itself tells the time and is not moved`() async throws {
        let fixture = try await RuntimeFixture()
        let clock = ClockService(context: fixture.context, clock: nil, work: ScriptedWork { nil })
        #expect(!clock.isManual)
        #expect(clock.now == fixture.clock.now)
        let refusal = Rejection(
            .conflict,
            "The clock of this server goes by itself; one that is moved takes 'penstock serve --clock manual'")
        await #expect(throws: refusal) { try await clock.advance(fixture.call, by: .seconds(1)) }
        await #expect(throws: refusal) { try await clock.set(fixture.call, to: clock.now) }
        #expect(try await fixture.store.read { try StoredClock.instant(in: $0) } == nil)
    }

    @Test func `Moves wait for each other`() async throws {
        let fixture = try await RuntimeFixture()
        let start = fixture.clock.now
        try await fixture.running { clock in
            try await withThrowingTaskGroup { group in
                for _ in 1...20 {
                    group.addTask { _ = try await clock.advance(fixture.call, by: .hours(1)) }
                }
                try await group.waitForAll()
            }
            #expect(fixture.clock.now == start + .hours(20))
        }
    }

    @Test func `Time does not go on past what is due and does not happen`() async throws {
        let fixture = try await RuntimeFixture()
        let start = fixture.clock.now
        let clock = ClockService(
            context: fixture.context, clock: fixture.clock, work: ScriptedWork { start + .seconds(1) })
        await #expect(throws: ClockStalled.self) { try await clock.advance(fixture.call, by: .hours(1)) }
        #expect(fixture.clock.now == start + .seconds(1))
    }

    /// Work that is due when the test says.
    private struct ScriptedWork: TimedWork {
        var due: @Sendable () -> Timestamp?

        init(_ due: @escaping @Sendable () -> Timestamp?) { self.due = due }

        func nextDue() async throws -> Timestamp? { self.due() }
        func settle() async throws {}
    }
}

extension RuntimeFixture {
    /// Runs the services that a server runs while the body runs, with a clock that waits for them.
    func running(
        senders: [String: any EventSender] = [:],
        _ body: (ClockService) async throws -> Void
    ) async throws {
        let work = BackgroundWork(
            context: self.context,
            timers: TimerService(context: self.context),
            effects: EffectService(context: self.context),
            runners: RunnerService(context: self.context, runners: []),
            events: EventService(context: self.context, senders: senders, chance: { 1 }),
            polling: SourcePolling(context: self.context),
            history: HistoryService(context: self.context),
            audit: AuditService(context: self.context)
        )
        try await withThrowingTaskGroup { group in
            for service in work.services { group.addTask { try await service.run() } }
            try await body(ClockService(context: self.context, clock: self.clock, work: work))
            group.cancelAll()
        }
    }
}
