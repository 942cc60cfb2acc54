// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct ConditionOverrideTests {
    @Test(arguments: [ConditionGate.beforeEntry, .onSuccess])
    func `A condition that is being looked at is passed`(gate: ConditionGate) throws {
        var pipeline = try Self.evaluating(gate, .fail)
        let rule = try pipeline.rule("Window", id(1)).id
        try pipeline.override(gate, "S2", id(1))
        try Self.checkPassed(gate, pipeline)
        #expect(pipeline.ledger.rules[rule]?.status == .abandoned)
        #expect(pipeline.ledger.rules[rule]?.updatedBy == mia)
        #expect(pipeline.effects.contains(.endRule(rule)))
    }

    @Test(arguments: [ConditionGate.beforeEntry, .onSuccess])
    func `A condition that failed its stage is passed, and the execution goes on`(gate: ConditionGate) throws {
        var pipeline = try Self.evaluating(gate, .fail)
        try pipeline.end(id(1), .failed("closed"))
        #expect(try pipeline.status(id(1)) == .failed)
        try pipeline.override(gate, "S2", id(1))
        try Self.checkPassed(gate, pipeline)
        #expect(pipeline.ledger.rules.values.map(\.status) == [.failed])
        #expect(try pipeline.execution(id(1)).statusSummary == nil)
        #expect(try pipeline.execution(id(1)).attempt == 1)
    }

    /// After the entry the actions start, after the success the stage is left.
    private static func checkPassed(_ gate: ConditionGate, _ pipeline: PipelineUnderTest) throws {
        #expect(try pipeline.status(id(1)) == .inProgress)
        #expect(pipeline.startedActions == ["Work"])
        #expect(pipeline.picture == (gate == .beforeEntry ? "S2:E1" : "S3:E1"))
        if gate == .beforeEntry {
            #expect(try pipeline.run(id(1)).beforeEntry?.status == .overridden)
        } else {
            #expect(pipeline.ledger.successes[id(1)] == ["S1", "S2"])
        }
    }

    // MARK: Refusals

    @Test func `A gate without a condition, or with one that was met, cannot be passed by`() throws {
        var pipeline = try Self.evaluating(.beforeEntry, .fail)
        let entry = Rejection.conditionNotOverridable(.beforeEntry, of: "S2")
        #expect(Self.refusal(.onSuccess, pipeline) == .conditionNotOverridable(.onSuccess, of: "S2"))
        try pipeline.end(id(1))
        #expect(Self.refusal(.beforeEntry, pipeline) == entry)
        try pipeline.succeed(id(1))
        #expect(Self.refusal(.beforeEntry, pipeline) == entry)
    }

    @Test func `A condition that skips cannot be passed by`() throws {
        var pipeline = try Self.evaluating(.beforeEntry, .skip)
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .conditionNotOverridable)
        try pipeline.end(id(1), .failed("closed"))
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .conditionNotOverridable)
    }

    @Test func `A rollback that has begun is not called back`() throws {
        var pipeline = try Self.evaluating(.onSuccess, .rollback)
        try pipeline.end(id(1), .failed("the alarm rings"))
        #expect(Self.refusal(.onSuccess, pipeline)?.code == .conditionNotOverridable)
    }

    @Test func `An override that was accepted is not repeated`() throws {
        var pipeline = try Self.evaluating(.beforeEntry, .fail)
        try pipeline.override(.beforeEntry, "S2", id(1))
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .conditionNotOverridable)
    }

    @Test func `Only the stage's latest execution of the current version is let past`() throws {
        var pipeline = try Self.evaluating(.beforeEntry, .fail)
        let unknown = PipelineEvent.overrideCondition(.beforeEntry, stage: "S9", id(1), by: mia)
        #expect(pipeline.refusal(of: unknown) == .stageNotFound("S9", in: "shop"))
        try pipeline.end(id(1), .failed("closed"))
        var overtaken = pipeline
        try overtaken.succeed(overtaken.start())
        #expect(Self.refusal(.beforeEntry, overtaken) == .notLatest(id(1), in: "S2"))
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(Self.refusal(.beforeEntry, pipeline) == .pipelineIsBusy)
    }

    @Test func `Actions that run or failed, and a stop, leave nothing to pass`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.fail)), .stage("S3"))
        try pipeline.succeed(pipeline.start())
        try pipeline.stop(id(1))
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .conditionNotOverridable)
        try pipeline.retry("S2", id(1))
        try pipeline.end(id(1))
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .conditionNotOverridable)
        try pipeline.fail(id(1))
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .conditionNotOverridable)
    }

    @Test func `An override that revives counts toward the limit`() throws {
        let stage = StageDeclaration.stage("S2", beforeEntry: .condition(.fail))
        var pipeline = PipelineUnderTest(.stage("S1"), stage, mode: .queued)
        try pipeline.succeed(pipeline.start())
        try pipeline.end(id(1), .failed("closed"))
        for _ in 1...50 { try pipeline.start() }
        #expect(Self.refusal(.beforeEntry, pipeline)?.code == .concurrentExecutionsLimitExceeded)
    }

    // MARK: Fixtures

    /// E1 is inside S2, whose condition of the gate is being looked at.
    private static func evaluating(_ gate: ConditionGate, _ result: ConditionResult) throws -> PipelineUnderTest {
        let condition = ConditionDeclaration.condition(result)
        let stage = StageDeclaration.stage(
            "S2",
            beforeEntry: gate == .beforeEntry ? condition : nil,
            onSuccess: gate == .onSuccess ? condition : nil
        )
        var pipeline = PipelineUnderTest(.stage("S1"), stage, .stage("S3"))
        try pipeline.succeed(pipeline.start())
        if gate == .onSuccess { try pipeline.succeed(id(1)) }
        return pipeline
    }

    private static func refusal(_ gate: ConditionGate, _ pipeline: PipelineUnderTest) -> Rejection? {
        pipeline.refusal(of: .overrideCondition(gate, stage: "S2", id(1), by: mia))
    }
}
