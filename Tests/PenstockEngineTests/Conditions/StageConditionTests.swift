// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct StageConditionTests {
    // MARK: Entry

    @Test func `The entry condition holds the stage before its first action, and lets it go on`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        #expect(pipeline.picture == "S2:E1")
        #expect(try pipeline.run(execution).status == .inProgress)
        #expect(try pipeline.run(execution).beforeEntry?.status == .inProgress)
        #expect(try pipeline.actions(execution) == "Work -")
        try pipeline.end(execution)
        #expect(try pipeline.run(execution).beforeEntry?.status == .succeeded)
        #expect(pipeline.startedActions == ["Work"])
    }

    @Test func `An entry condition that is not met fails the stage and the execution`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.end(execution, .failed("the window is closed"))
        #expect(try pipeline.status(execution) == .failed)
        #expect(try pipeline.run(execution).status == .failed)
        #expect(try pipeline.actions(execution) == "Work -")
        let summary =
            "The entry condition of stage 'S2' failed: Rule 'Window' failed: the window is closed"
        #expect(try pipeline.execution(execution).statusSummary == summary)
    }

    @Test func `An entry condition that skips takes the execution past the stage`() throws {
        let ship = ActionDeclaration.work("Ship", inputs: ["App"])
        var pipeline = PipelineUnderTest(
            .stage("S1"), .stage("S2", .work(outputs: ["App"]), beforeEntry: .condition(.skip)), .stage("S3", ship))
        let execution = try Self.enter(&pipeline)
        try pipeline.end(execution, .failed("not on main"))
        #expect(try pipeline.execution(execution).skippedStages == ["S2"])
        #expect(pipeline.ledger.successes[execution] == ["S1"])
        let failure = try pipeline.attempt("Ship", execution).failure
        #expect(failure?.message == "Input artifact 'App' is not available: stage 'S2' was skipped")
        #expect(failure?.type == .configurationError)
        let refusal = pipeline.refusal(of: .retryStage("S2", execution, .failedActions))
        #expect(refusal?.code == .stageNotRetryable)
    }

    @Test func `A skipped stage is left in the step that skips it, and a last one ends the execution`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.skip)))
        let first = try Self.enter(&pipeline)
        let second = try Self.enter(&pipeline)
        #expect(pipeline.picture == "in(S2):E2 S2:E1")
        try pipeline.end(first, .failed("not on main"))
        #expect(pipeline.picture == "S2:E2")
        #expect(try pipeline.status(first) == .succeeded)
        #expect(try pipeline.run(first).status == .skipped)
        let refusal = pipeline.refusal(of: .retryStage("S2", first, .allActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
        try pipeline.end(second, .failed("not on main"))
        let skipped = pipeline.refusal(of: .retryStage("S2", second, .allActions))
        #expect(skipped?.code == .stageNotRetryable)
    }

    // MARK: Success

    @Test func `The success condition is looked at when every action has succeeded, with the lock held`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.fail)), .stage("S3"))
        let execution = try Self.enter(&pipeline)
        #expect(try pipeline.run(execution).onSuccess == nil)
        try pipeline.succeed(execution)
        #expect(pipeline.picture == "S2:E1")
        try pipeline.end(execution)
        #expect(pipeline.picture == "S3:E1")
    }

    @Test func `A success condition that is not met fails the stage, which then counts as no success`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.succeed(execution)
        try pipeline.end(execution, .failed("the alarm rings"))
        #expect(try pipeline.status(execution) == .failed)
        #expect(try pipeline.actions(execution) == "Work Succeeded")
        #expect(pipeline.ledger.successes[execution] == ["S1"])
        #expect(try pipeline.gate("S2").lastSuccess == nil)
    }

    @Test func `A success condition can go back to the last success`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.rollback)))
        let first = try Self.enter(&pipeline)
        try pipeline.succeed(first)
        try pipeline.end(first)
        let second = try Self.enter(&pipeline)
        try pipeline.succeed(second)
        try pipeline.end(second, .failed("the alarm rings"))
        #expect(try pipeline.status(second) == .failed)
        #expect(pipeline.picture == "S2:E3")
        let owner = try #require(try pipeline.gate("S2").owner)
        #expect(try pipeline.execution(owner).rollbackTarget == first)
    }

    @Test func `A success condition with nothing to go back to fails the stage and no more`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.rollback)))
        let execution = try Self.enter(&pipeline)
        try pipeline.succeed(execution)
        try pipeline.end(execution, .failed("the alarm rings"))
        #expect(try pipeline.run(execution).status == .failed)
        #expect(pipeline.picture == "")
        #expect(pipeline.state.head.nextSequence == 2)
    }

    // MARK: Failure

    @Test(arguments: [true, false])
    func `The failure condition decides whether a failure goes back`(isMet: Bool) throws {
        let handling = FailureHandling.condition(.condition(.rollback))
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .work("A"), .work("B"), onFailure: handling))
        let first = try Self.enter(&pipeline)
        for action in ["A", "B"] { try pipeline.succeed(first, action) }
        let second = try Self.enter(&pipeline)
        try pipeline.fail(second, "A")
        #expect(try pipeline.run(second).onFailure == nil)
        try pipeline.succeed(second, "B")
        #expect(try pipeline.run(second).onFailure?.status == .inProgress)
        #expect(pipeline.picture == "S2:E2")
        try pipeline.end(second, isMet ? RuleVerdict(.satisfied) : .failed("the alarm rings"))
        #expect(try pipeline.status(second) == .failed)
        #expect(pipeline.picture == (isMet ? "" : "S2:E3"))
    }

    // MARK: Retries

    @Test func `A retry of failed actions checks the entry again only if that is what failed`() throws {
        let stage = StageDeclaration.stage("S2", beforeEntry: .condition(.fail))
        var pipeline = PipelineUnderTest(.stage("S1"), stage)
        let execution = try Self.enter(&pipeline)
        try pipeline.end(execution, .failed("closed"))
        let old = try pipeline.rule("Window", execution).id
        try pipeline.retry("S2", execution)
        #expect(try pipeline.rule("Window", execution).id != old)
        #expect(try pipeline.run(execution).beforeEntry?.status == .inProgress)
        try pipeline.end(execution)
        try pipeline.fail(execution)
        try pipeline.retry("S2", execution)
        #expect(try pipeline.run(execution).beforeEntry?.status == .succeeded)
        #expect(pipeline.startedActions == ["Work"])
        try pipeline.fail(execution)
        try pipeline.retry("S2", execution, .allActions)
        #expect(try pipeline.run(execution).beforeEntry?.status == .inProgress)
        #expect(pipeline.startedActions == [])
    }

    @Test func `Every run of a rule names the one whose place it takes`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.succeed(execution)
        var former: RuleExecutionID?
        for _ in 1...3 {
            let starts = pipeline.effects.compactMap { effect in
                if case .startRule(let start) = effect { start } else { nil }
            }
            #expect(starts.map(\.replaces) == [former])
            former = starts.first?.id
            try pipeline.end(execution, .failed("the alarm rings"))
            try pipeline.retry("S2", execution)
        }
    }

    @Test func `If only the success condition failed, a retry of failed actions checks just that again`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.succeed(execution)
        try pipeline.end(execution, .failed("the alarm rings"))
        var all = pipeline
        try pipeline.retry("S2", execution)
        #expect(pipeline.startedActions == [])
        #expect(try pipeline.run(execution).onSuccess?.status == .inProgress)
        try pipeline.end(execution)
        #expect(try pipeline.status(execution) == .succeeded)
        try all.retry("S2", execution, .allActions)
        #expect(all.startedActions == ["Work"])
        #expect(try all.run(execution).onSuccess == nil)
    }

    @Test func `While a gate is looked at nothing has failed that could be retried`() throws {
        let stage = StageDeclaration.stage("S2", beforeEntry: .condition(.fail), onSuccess: .condition(.fail))
        var pipeline = PipelineUnderTest(.stage("S1"), stage)
        let execution = try Self.enter(&pipeline)
        for mode in StageRetryMode.allCases {
            #expect(pipeline.refusal(of: .retryStage("S2", execution, mode))?.code == .stageNotRetryable)
        }
        try pipeline.end(execution)
        try pipeline.succeed(execution)
        for mode in StageRetryMode.allCases {
            #expect(pipeline.refusal(of: .retryStage("S2", execution, mode))?.code == .stageNotRetryable)
        }
    }

    // MARK: Stop and update

    @Test(arguments: [false, true])
    func `A stop gives the condition up and is done in one step`(abandon: Bool) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.stop(execution, abandon: abandon)
        #expect(try pipeline.status(execution) == .stopped)
        #expect(try pipeline.run(execution).beforeEntry?.status == .abandoned)
        let rule = try pipeline.rule("Window", execution)
        #expect(rule.status == .abandoned)
        #expect(rule.updatedBy == mia)
        #expect(pipeline.effects.contains(.endRule(rule.id)))
    }

    @Test func `What succeeded while it stopped is looked at by the success condition when it is retried`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onSuccess: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.stop(execution)
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .stopped)
        #expect(try pipeline.run(execution).onSuccess == nil)
        try pipeline.retry("S2", execution)
        #expect(try pipeline.run(execution).onSuccess?.status == .inProgress)
        #expect(pipeline.startedActions == [])
        try pipeline.end(execution)
        #expect(try pipeline.status(execution) == .succeeded)
    }

    @Test func `An update cancels the condition and with it the execution`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.fail)))
        let execution = try Self.enter(&pipeline)
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(try pipeline.status(execution) == .cancelled)
        #expect(try pipeline.run(execution).beforeEntry?.status == .cancelled)
        #expect(try pipeline.rule("Window", execution).status == .abandoned)
    }

    /// Brings a new execution to the second stage.
    private static func enter(_ pipeline: inout PipelineUnderTest) throws -> PipelineExecutionID {
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        return execution
    }
}
