// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

@Suite(.timeLimit(.minutes(10))) struct HistoryServiceTests {
    /// What the pipeline's listings show, the newest first.
    private static func shown(_ fixture: RuntimeFixture) async throws -> (executions: [Int], attempts: Int) {
        let executions = try await fixture.pipelines.executions(
            fixture.call, name: "shop", succeededIn: nil, before: nil, limit: 100)
        let attempts = try await fixture.pipelines.actionExecutions(
            fixture.call, name: "shop", .all, after: nil, limit: 100)
        return (executions.map(\.sequence), attempts.rows.count)
    }

    /// Runs the execution that waits for a worker through both stages, or lets it fail in the first.
    private static func carryOut(_ fixture: RuntimeFixture, fails: Bool = false) async throws {
        let first = try #require(try await fixture.takeJob())
        guard !fails else { return try await fixture.fail(first.id) }
        try await fixture.succeed(first.id)
        try await fixture.succeed(try #require(try await fixture.takeJob()).id)
    }

    private static func start(_ fixture: RuntimeFixture) async throws {
        let trigger = Trigger(type: .startPipelineExecution, detail: fixture.call.principal)
        _ = try await fixture.pipelines.start(fixture.call, name: "shop", trigger: trigger, token: nil)
    }

    @Test func `What ended too long ago is forgotten, with its history, and what a pipeline goes on from stays`()
        async throws
    {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        // 1 and 2 succeed, 3 fails in the first stage and may be retried, 4 is under way.
        for number in 1...3 {
            if number > 1 { try await Self.start(fixture) }
            try await Self.carryOut(fixture, fails: number == 3)
        }
        let history = HistoryService(context: fixture.context)
        fixture.clock.advance(by: .days(365))
        try await history.forgetOldExecutions()
        #expect(try await Self.shown(fixture) == ([3, 2, 1], 5))
        fixture.clock.advance(by: .seconds(1))
        try await history.forgetOldExecutions()
        #expect(try await Self.shown(fixture) == ([3, 2], 3))
        try await Self.start(fixture)
        fixture.clock.advance(by: .days(400))
        try await history.forgetOldExecutions()
        // 4 has entered the first stage after 3, which nobody can retry any more.
        #expect(try await Self.shown(fixture) == ([4, 2], 3))
    }

    @Test func `An execution that was forgotten is not found, and one that is kept can be retried`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let forgotten = try #require(try await fixture.poll(limit: 1).first).executionID
        fixture.clock.advance(by: .minutes(2))
        try await Self.carryOut(fixture)
        for fails in [false, true] {
            try await Self.start(fixture)
            try await Self.carryOut(fixture, fails: fails)
        }
        fixture.clock.advance(by: .days(366))
        try await HistoryService(context: fixture.context).forgetOldExecutions()
        await #expect(throws: Rejection.self) {
            try await fixture.pipelines.execution(fixture.call, name: "shop", id: forgotten)
        }
        await #expect(throws: Rejection.self) {
            try await fixture.pipelines.actionExecutions(
                fixture.call, name: "shop", .execution(forgotten), after: nil, limit: 1)
        }
        let kept = try #require(
            try await fixture.pipelines.executions(
                fixture.call, name: "shop", succeededIn: nil, before: nil, limit: 1
            ).first)
        _ = try await fixture.pipelines.retryStage(
            fixture.call, name: "shop", stage: "Build", execution: kept.id, mode: .failedActions)
        try await Self.carryOut(fixture)
        let row = try await fixture.pipelines.execution(fixture.call, name: "shop", id: kept.id)
        #expect(row.execution.status == .succeeded)
    }

    @Test func `More history than one step deletes goes in several`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        try await Self.carryOut(fixture)
        let count = HistoryService.rowsPerStep * 2 + 7
        try await Self.addAttempts(count, to: fixture)
        try await Self.start(fixture)
        try await Self.carryOut(fixture)
        fixture.clock.advance(by: .days(366))
        try await HistoryService(context: fixture.context).forgetOldExecutions()
        #expect(try await Self.shown(fixture) == ([2], 2))
    }

    @Test func `Nothing is forgotten where history is kept for ever`() async throws {
        var settings = RuntimeSettings()
        settings.historyRetention = nil
        let fixture = try await RuntimeFixture(settings: settings)
        try await fixture.createPipeline()
        for number in 1...3 {
            if number > 1 { try await Self.start(fixture) }
            try await Self.carryOut(fixture)
        }
        fixture.clock.advance(by: .days(10_000))
        try await HistoryService(context: fixture.context).forgetOldExecutions()
        #expect(try await Self.shown(fixture) == ([3, 2, 1], 6))
    }

    @Test func `A clock that has been moved has forgotten what is too old by then`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        for number in 1...3 {
            if number > 1 { try await Self.start(fixture) }
            try await Self.carryOut(fixture)
        }
        try await fixture.running { clock in
            _ = try await clock.advance(fixture.call, by: .days(365))
            #expect(try await Self.shown(fixture) == ([3, 2, 1], 6))
            _ = try await clock.advance(fixture.call, by: .seconds(1))
            #expect(try await Self.shown(fixture) == ([3], 2))
        }
    }

    /// Writes more attempts of the newest execution, as many retries would.
    private static func addAttempts(_ count: Int, to fixture: RuntimeFixture) async throws {
        let known = try await fixture.pipelines.actionExecutions(
            fixture.call, name: "shop", .all, after: nil, limit: 1
        ).rows
        let row = try #require(known.first)
        let identifiers = fixture.context.identifiers(count)
        try await fixture.store.write { transaction in
            for identifier in identifiers {
                var copy = row
                copy.start.id = ActionExecutionID(identifier)
                copy.attempt = ActionAttempt(id: copy.start.id, startedAt: row.attempt.startedAt)
                copy.start.replaces = nil
                try transaction.insertActionExecution(copy)
            }
        }
    }
}
