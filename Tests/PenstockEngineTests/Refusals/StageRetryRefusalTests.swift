// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

/// What must hold of a retry, in the order in which it is checked: each test breaks one requirement and those after it.
struct StageRetryRefusalTests {
    @Test func `The stage is looked for before its latest execution`() throws {
        let pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        #expect(Self.retry("S9", pipeline) == Rejection.stageNotFound("S9", in: "shop"))
        #expect(
            Self.retry("S1", pipeline)
                == Rejection(.notLatestPipelineExecution, "The stage 'S1' is not at execution '\(Self.first)'"))
    }

    @Test func `The latest execution comes before how that one stands`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        for _ in 1...3 { try pipeline.start() }
        #expect(try pipeline.status(id(2)) == .superseded)
        let refusal = pipeline.refusal(of: .retryStage("S1", id(2), .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
    }

    @Test func `An execution that is over comes before its version`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(Self.first) }
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(Self.retry("S2", pipeline) == Self.notRetryable("S2", "the execution is Succeeded"))
    }

    @Test func `A cancelled execution is over`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        try pipeline.succeed(Self.first)
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", "the execution is Cancelled"))
    }

    @Test func `The version comes before a stop that is under way`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        try pipeline.stop(Self.first)
        try pipeline.update(.stage("S1"), .stage("S2"))
        let reason = "the pipeline has been updated since the execution started"
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", reason))
    }

    @Test(arguments: [false, true])
    func `A failed or stopped execution of an older version stays as it is`(isStopped: Bool) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        if isStopped { try pipeline.stop(Self.first, abandon: true) } else { try pipeline.fail(Self.first) }
        let before = try pipeline.execution(Self.first)
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(try pipeline.execution(Self.first) == before)
        let reason = "the pipeline has been updated since the execution started"
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", reason))
    }

    @Test func `A stop that is under way comes before how the stage stands`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        try pipeline.stop(Self.first)
        let text =
            "Your request cannot be handled because the pipeline is busy handling ongoing activities."
            + " Try again later."
        #expect(Self.retry("S1", pipeline) == Rejection(.conflict, text))
    }

    @Test func `A stage that the execution has left is not retried, wherever the execution is`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        try pipeline.disable("S2")
        try pipeline.succeed(Self.first)
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", "the stage is Succeeded"))
        try pipeline.enable("S2")
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", "the execution has left it"))
        try pipeline.fail(Self.first)
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", "the execution has left it"))
        #expect(Self.retry("S2", pipeline) == nil)
    }

    @Test(arguments: StageRetryMode.allCases)
    func `A stage in which nothing failed is not retried`(mode: StageRetryMode) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        #expect(Self.retry("S1", pipeline, mode) == Self.notRetryable("S1", "no action has failed"))
    }

    @Test func `ALL_ACTIONS is not possible while an action is in progress`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        try pipeline.start()
        try pipeline.fail(Self.first, "A")
        let refusal = Self.notRetryable("S1", "an action is still in progress")
        #expect(Self.retry("S1", pipeline, .allActions) == refusal)
        #expect(Self.retry("S1", pipeline, .failedActions) == nil)
    }

    @Test func `A retry that was accepted finds nothing failed a second time`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        try pipeline.fail(Self.first)
        try pipeline.retry("S1", Self.first)
        #expect(Self.retry("S1", pipeline) == Self.notRetryable("S1", "no action has failed"))
    }

    private static let first = id(1, as: PipelineExecutionID.self)

    private static func retry(
        _ stage: String,
        _ pipeline: PipelineUnderTest,
        _ mode: StageRetryMode = .failedActions
    ) -> Rejection? {
        pipeline.refusal(of: .retryStage(stage, Self.first, mode))
    }

    private static func notRetryable(_ stage: String, _ reason: String) -> Rejection {
        Rejection(.stageNotRetryable, "The stage '\(stage)' cannot be retried: \(reason)")
    }
}
