// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct RollbackTests {
    @Test func `A rollback runs one stage with what its target had there, and ends with it`() throws {
        var pipeline = Self.pipeline()
        let target = try Self.pass(&pipeline, tag: "1")
        _ = try Self.pass(&pipeline, tag: "2")
        let rollback = try pipeline.rollBack("S2", to: target)
        #expect(pipeline.picture == "S2:E3")
        let execution = try pipeline.execution(rollback)
        #expect(execution.isRollback)
        #expect(execution.rollbackTarget == target)
        #expect(execution.variables == [KeyedValue("Env", "prod")])
        #expect(execution.trigger.type == .manualRollback)
        #expect(execution.sourceRevisions == (try pipeline.execution(target).sourceRevisions))
        let starts = pipeline.starts(of: "Ship")
        #expect(starts[2].inputs == starts[0].inputs)
        #expect(starts[2].inputs != starts[1].inputs)
        #expect(starts[2].resolvedConfiguration == [KeyedValue("text", "1 of \(rollback)")])
        try pipeline.succeed(rollback, "Ship")
        #expect(try pipeline.status(rollback) == .succeeded)
        #expect(pipeline.picture == "")
        #expect(try pipeline.gate("S2").latest == rollback)
        #expect(try pipeline.gate("S3").latest == id(2))
    }

    @Test func `It waits for nobody and asks no transition, and who waits enters when it has ended`() throws {
        var pipeline = Self.pipeline()
        let target = try Self.pass(&pipeline, tag: "1")
        try pipeline.disable("S2")
        let waiting = try pipeline.start()
        try Self.fetch(&pipeline, waiting)
        let rollback = try pipeline.rollBack("S2", to: target)
        #expect(pipeline.picture == "in(S2):E2 S2:E3")
        try pipeline.enable("S2")
        #expect(pipeline.picture == "in(S2):E2 S2:E3")
        try pipeline.succeed(rollback, "Ship")
        #expect(pipeline.picture == "S2:E2")
    }

    @Test func `What the stage itself makes comes from the rollback`() throws {
        let make = ActionDeclaration.work("Make", outputs: ["App"], namespace: "Make")
        let ship = ActionDeclaration.work("Ship", runOrder: 2, inputs: ["App"])
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", make, ship))
        let target = try pipeline.start()
        for action in ["Work", "Make", "Ship"] { try pipeline.succeed(target, action) }
        let rollback = try pipeline.rollBack("S2", to: target)
        #expect(try pipeline.execution(rollback).artifacts == [])
        #expect(try pipeline.execution(rollback).outputs == [])
        try pipeline.succeed(rollback, "Make")
        #expect(pipeline.starts(of: "Ship")[1].inputs == pipeline.starts(of: "Make")[1].outputs)
    }

    @Test func `A rollback is stopped, retried and succeeds like others`() throws {
        var pipeline = Self.pipeline()
        let target = try Self.pass(&pipeline, tag: "1")
        let rollback = try pipeline.rollBack("S2", to: target)
        try pipeline.stop(rollback, abandon: true)
        #expect(try pipeline.status(rollback) == .stopped)
        try pipeline.retry("S2", rollback)
        try pipeline.fail(rollback, "Ship")
        #expect(try pipeline.status(rollback) == .failed)
        try pipeline.retry("S2", rollback)
        try pipeline.succeed(rollback, "Ship")
        #expect(try pipeline.status(rollback) == .succeeded)
    }

    @Test func `Conditions and the handling of failures do not apply to it`() throws {
        let stage = StageDeclaration.stage(
            "S2", beforeEntry: .condition(.fail), onSuccess: .condition(.fail), onFailure: .retry(.allActions))
        var pipeline = PipelineUnderTest(.stage("S1"), stage)
        let target = try pipeline.start()
        try pipeline.succeed(target)
        try pipeline.end(target)
        try pipeline.succeed(target)
        try pipeline.end(target)
        #expect(try pipeline.status(target) == .succeeded)
        let rollback = try pipeline.rollBack("S2", to: target)
        #expect(pipeline.startedActions == ["Work"])
        var failed = pipeline
        try failed.fail(rollback)
        #expect(try failed.status(rollback) == .failed)
        #expect(try failed.run(rollback).automaticRetries == 0)
        try pipeline.succeed(rollback)
        #expect(try pipeline.status(rollback) == .succeeded)
    }

    @Test func `A target that failed later on is one, and a stage's own success may be run again`() throws {
        var pipeline = Self.pipeline()
        let target = try pipeline.start()
        try Self.fetch(&pipeline, target)
        try pipeline.succeed(target, "Ship")
        try pipeline.fail(target)
        let rollback = try pipeline.rollBack("S2", to: target)
        #expect(pipeline.picture == "S2:E2")
        #expect(try pipeline.execution(rollback).rollbackTarget == target)
    }

    enum Ending: CaseIterable { case succeeded, failed, stopped, skipped }

    @Test(arguments: Ending.allCases)
    func `A stage is rolled back whatever became of its last execution`(ending: Ending) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.skip)))
        let target = try pipeline.start()
        try pipeline.succeed(target)
        try pipeline.end(target)
        try pipeline.succeed(target)
        let last = try pipeline.start()
        try pipeline.succeed(last)
        try pipeline.end(last, ending == .skipped ? .failed("not on main") : RuleVerdict(.satisfied))
        switch ending {
        case .succeeded: try pipeline.succeed(last)
        case .failed: try pipeline.fail(last)
        case .stopped: try pipeline.stop(last, abandon: true)
        case .skipped: #expect(try pipeline.run(last).status == .skipped)
        }
        let rollback = try pipeline.rollBack("S2", to: target)
        #expect(try pipeline.gate("S2").owner == rollback)
    }

    // MARK: Refusals

    @Test func `The requirements of a rollback are checked in their order`() throws {
        var pipeline = Self.pipeline()
        let target = try Self.pass(&pipeline, tag: "1")
        #expect(Self.refusal("S9", target, pipeline) == .stageNotFound("S9", in: "shop"))
        #expect(Self.refusal("S1", target, pipeline) == Self.unable("S1", "the first stage cannot be rolled back"))
        let other = try pipeline.start()
        #expect(
            Self.refusal("S2", other, pipeline) == Self.unable("S2", "execution '\(other)' has not succeeded in it"))
        try Self.fetch(&pipeline, other)
        #expect(Self.refusal("S2", target, pipeline) == Self.unable("S2", "an execution is in progress in it"))
        try pipeline.fail(other, "Ship")
        let rollback = try pipeline.rollBack("S2", to: target)
        try pipeline.succeed(rollback, "Ship")
        let isRollback = "execution '\(rollback)' is itself a rollback"
        #expect(Self.refusal("S2", rollback, pipeline) == Self.unable("S2", isRollback))
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(Self.refusal("S2", target, pipeline)?.code == .pipelineExecutionOutdated)
        #expect(Self.refusal("S2", rollback, pipeline)?.code == .pipelineExecutionOutdated)
    }

    @Test func `Stages of a pipeline in PARALLEL mode are not rolled back`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        let target = try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(target) }
        let reason = "stages of a pipeline in PARALLEL mode cannot be rolled back"
        #expect(Self.refusal("S2", target, pipeline) == Self.unable("S2", reason))
    }

    // MARK: Automatic

    @Test func `Without a success under this version a failure is just one`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onFailure: .rollback))
        let first = try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(first) }
        try pipeline.update(.stage("S1"), .stage("S2", onFailure: .rollback))
        let second = try pipeline.start()
        try pipeline.succeed(second)
        try pipeline.fail(second)
        #expect(pipeline.picture == "")
        #expect(try pipeline.status(second) == .failed)
    }

    @Test func `A rollback's own success is no target of an automatic one`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onFailure: .rollback))
        let first = try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(first) }
        try pipeline.succeed(pipeline.rollBack("S2", to: first))
        #expect(try pipeline.gate("S2").lastSuccess == first)
    }

    // MARK: Fixtures

    private static func pipeline() -> PipelineUnderTest {
        let text = [KeyedValue("text", "#{Get.Tag} of #{codepipeline.PipelineExecutionId}")]
        return PipelineUnderTest(
            .stage("S1", .source(namespace: "Get")),
            .stage("S2", .work("Ship", configuration: text, inputs: ["Source"])),
            .stage("S3"),
            variables: [VariableDeclaration(name: "Env", defaultValue: "prod")]
        )
    }

    /// Takes an execution through all stages.
    private static func pass(_ pipeline: inout PipelineUnderTest, tag: String) throws -> PipelineExecutionID {
        let execution = try pipeline.start()
        try Self.fetch(&pipeline, execution, tag: tag)
        try pipeline.succeed(execution, "Ship")
        try pipeline.succeed(execution)
        return execution
    }

    private static func fetch(
        _ pipeline: inout PipelineUnderTest,
        _ execution: PipelineExecutionID,
        tag: String = "9"
    ) throws {
        let progress = ActionProgress(revision: SourceRevision(revisionID: tag))
        let success = ActionSuccess(progress: progress, outputVariables: [KeyedValue("Tag", tag)])
        try pipeline.succeed(execution, "Get", success)
    }

    private static func refusal(
        _ stage: String,
        _ target: PipelineExecutionID,
        _ pipeline: PipelineUnderTest
    ) -> Rejection? {
        var pipeline = pipeline
        return pipeline.refusal(of: .rollback(stage: stage, target: target, pipeline.freshRollback()))
    }

    private static func unable(_ stage: String, _ reason: String) -> Rejection {
        Rejection(.unableToRollbackStage, "Unable to roll back stage '\(stage)': \(reason)")
    }
}
