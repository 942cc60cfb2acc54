// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct StageRetryTests {
    @Test func `A retry revives the execution as it was, with nothing left of its failure`() throws {
        var pipeline = Self.testLintPublish
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.fail(execution, "Test")
        try pipeline.fail(execution, "Lint")
        let failed = try pipeline.execution(execution)
        try pipeline.retry("S2", execution)
        var revived = try pipeline.execution(execution)
        #expect(revived.status == .inProgress)
        #expect(revived.position == .inside)
        #expect(revived.statusSummary == nil)
        #expect(revived.stageRun?.status == .inProgress)
        #expect(revived.stageRun?.enteredAt == failed.stageRun?.enteredAt)
        #expect(revived.stageRun?.manualRetries == 1)
        (revived.status, revived.position, revived.statusSummary) = (.failed, .finished, failed.statusSummary)
        #expect(revived.retriedAt == pipeline.now)
        (revived.stageRun, revived.attempt, revived.updatedAt) = (failed.stageRun, 1, failed.updatedAt)
        revived.retriedAt = nil
        #expect(revived == failed)
    }

    @Test func `Retries of a stage are counted while its execution is there`() throws {
        var pipeline = Self.testLintPublish
        let execution = try pipeline.start()
        for count in 1...3 {
            try pipeline.fail(execution)
            try pipeline.retry("S1", execution)
            #expect(try pipeline.run(execution).manualRetries == count)
        }
        try pipeline.succeed(execution)
        #expect(try pipeline.run(execution).manualRetries == 0)
        #expect(try pipeline.execution(execution).attempt == 4)
    }

    // MARK: What runs again

    @Test func `FAILED_ACTIONS keeps what succeeded and starts in the lowest group that did not`() throws {
        var pipeline = Self.testLintPublish
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.succeed(execution, "Lint")
        try pipeline.fail(execution, "Test")
        try pipeline.retry("S2", execution)
        #expect(try pipeline.actions(execution) == "Test InProgress, Lint Succeeded, Publish -")
        #expect(pipeline.startedActions == ["Test"])
    }

    @Test func `ALL_ACTIONS runs everything again from the first group`() throws {
        var pipeline = Self.testLintPublish
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        for action in ["Test", "Lint"] { try pipeline.succeed(execution, action) }
        try pipeline.fail(execution, "Publish")
        let before = try pipeline.run(execution).actions.compactMap(\.attempt?.id)
        try pipeline.retry("S2", execution, .allActions)
        #expect(try pipeline.actions(execution) == "Test InProgress, Lint InProgress, Publish -")
        #expect(pipeline.startedActions == ["Test", "Lint"])
        for action in ["Test", "Lint"] { try pipeline.succeed(execution, action) }
        let after = try pipeline.run(execution).actions.compactMap(\.attempt?.id)
        #expect(after.count == 3)
        #expect(Set(before).isDisjoint(with: after))
    }

    @Test func `What was abandoned runs again, what never started starts when its group is reached`() throws {
        var pipeline = Self.testLintPublish
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.succeed(execution, "Test")
        try pipeline.stop(execution, abandon: true)
        try pipeline.retry("S2", execution)
        #expect(try pipeline.execution(execution).stop == nil)
        #expect(try pipeline.actions(execution) == "Test Succeeded, Lint InProgress, Publish -")
        try pipeline.succeed(execution, "Lint")
        #expect(pipeline.startedActions == ["Publish"])
    }

    @Test func `A stopped stage whose actions all succeeded completes in the step that retries it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution)
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .stopped)
        var again = pipeline
        try pipeline.retry("S1", execution)
        #expect(pipeline.picture == "S2:E1")
        #expect(pipeline.ledger.successes[execution] == ["S1"])
        try again.retry("S1", execution, .allActions)
        #expect(again.picture == "S1:E1")
        #expect(again.startedActions == ["Work"])
    }

    @Test func `Every attempt names the one whose place it takes`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        for _ in 1...2 {
            try pipeline.fail(execution)
            try pipeline.retry("S1", execution)
        }
        let starts = pipeline.starts(of: "Work")
        #expect(starts.map(\.replaces) == [nil, starts[0].id, starts[1].id])
    }

    @Test func `Later stages go on normally after the one that was retried, and earlier ones are not touched`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.fail(execution)
        try pipeline.retry("S2", execution)
        try pipeline.succeed(execution)
        #expect(pipeline.picture == "S3:E1")
        #expect(pipeline.starts(of: "Work").map(\.stageName) == ["S1", "S2", "S2", "S3"])
    }

    @Test func `A retried approval has a new token, and the old one is none`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .approval()))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        let old = try pipeline.attempt("SignOff", execution).id
        try pipeline.answer(execution, isApproved: false, summary: "wrong")
        try pipeline.retry("S2", execution)
        let new = try pipeline.attempt("SignOff", execution)
        #expect(new.id != old)
        #expect(new.summary == nil)
        #expect(pipeline.refusal(of: .answer(execution, old)) == .approvalAlreadyCompleted)
        #expect(pipeline.refusal(of: .answer(execution, new.id)) == nil)
    }

    @Test func `A retry beside a running sibling may be repeated`() throws {
        var pipeline = Self.testLintPublish
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        for _ in 1...2 {
            try pipeline.fail(execution, "Test")
            try pipeline.retry("S2", execution)
        }
        #expect(try pipeline.actions(execution) == "Test InProgress, Lint InProgress, Publish -")
        #expect(pipeline.starts(of: "Test").count == 3)
        #expect(pipeline.starts(of: "Lint").count == 1)
    }

    private static var testLintPublish: PipelineUnderTest {
        PipelineUnderTest(.stage("S1"), .stage("S2", .work("Test"), .work("Lint"), .work("Publish", runOrder: 2)))
    }
}
