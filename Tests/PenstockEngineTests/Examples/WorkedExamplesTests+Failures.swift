// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

extension WorkedExamplesTests {
    // MARK: Retry

    @Test func `A retry beside a running action, and another one in the next group`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1"), .stage("S2", .work("Test"), .work("Lint"), .work("Publish", runOrder: 2)))
        try pipeline.startAndLeaveFirstStage()
        let (test, lint) = (try pipeline.attempt("Test", .e1).id, try pipeline.attempt("Lint", .e1).id)
        try pipeline.fail(.e1, "Test")
        #expect(try pipeline.standing(.e1) == "InProgress, InProgress: Test Failed, Lint InProgress, Publish -")
        #expect(pipeline.refusal(of: .retryStage("S2", .e1, .allActions))?.code == .stageNotRetryable)
        try pipeline.retry("S2", .e1)
        #expect(pipeline.startedActions == ["Test"])
        #expect(try pipeline.attempt("Test", .e1).id != test)
        #expect(try pipeline.attempt("Lint", .e1).id == lint)
        try pipeline.succeed(.e1, "Lint")
        #expect(pipeline.startedActions == [])
        try pipeline.succeed(.e1, "Test")
        #expect(pipeline.startedActions == ["Publish"])
        try pipeline.fail(.e1, "Publish")
        #expect(try pipeline.standing(.e1) == "Failed, Failed: Test Succeeded, Lint Succeeded, Publish Failed")
        #expect(pipeline.picture == "")

        var overtaken = pipeline
        try overtaken.startAndLeaveFirstStage()
        #expect(overtaken.picture == "S2:E2")
        let refusal = overtaken.refusal(of: .retryStage("S2", .e1, .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)

        let kept = (try pipeline.attempt("Test", .e1), try pipeline.attempt("Lint", .e1))
        try pipeline.retry("S2", .e1)
        #expect(pipeline.startedActions == ["Publish"])
        #expect(try pipeline.attempt("Test", .e1) == kept.0)
        #expect(try pipeline.attempt("Lint", .e1) == kept.1)
        #expect(try pipeline.status(.e1) == .inProgress)
        #expect(pipeline.told == ["pipeline RESUMED", "S2 RESUMED", "Publish STARTED"])
        #expect(pipeline.announcements.map(\.executionAttempt) == [3, 3, 3])
    }

    @Test func `An automatic retry that is used up`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1"), .stage("S2", .work("Test"), onFailure: .retry(.failedActions)))
        try pipeline.startAndLeaveFirstStage()
        try pipeline.fail(.e1, "Test")
        #expect(try pipeline.standing(.e1) == "InProgress, InProgress: Test InProgress")
        #expect(try Self.retries(pipeline) == "1 automatic, 0 manual, AutomatedStageRetry")
        try pipeline.fail(.e1, "Test")
        #expect(try pipeline.standing(.e1) == "Failed, Failed: Test Failed")
        try pipeline.retry("S2", .e1)
        #expect(try Self.retries(pipeline) == "1 automatic, 1 manual, ManualStageRetry")
        try pipeline.fail(.e1, "Test")
        #expect(try pipeline.standing(.e1) == "Failed, Failed: Test Failed")
        let attempts = pipeline.starts(of: "Test")
        #expect(attempts.map(\.replaces) == [nil, attempts[0].id, attempts[1].id])
    }

    private static func retries(_ pipeline: PipelineUnderTest) throws -> String {
        let run = try pipeline.run(.e1)
        let latest = try #require(run.latestRetry)
        return "\(run.automaticRetries) automatic, \(run.manualRetries) manual, \(latest.rawValue)"
    }

    // MARK: Rollback

    @Test func `A rollback to the last success, and what cannot be rolled back to`() throws {
        let stages: [StageDeclaration] = [.stage("S1"), .stage("S2", .work("Deploy"), onFailure: .rollback)]
        var example = WorkedExample(stages[0], stages[1], .stage("S3"))
        try example.row("E1 and E2 succeed, E3 is in S2", "S2:E3") {
            for id in [PipelineExecutionID.e1, .e2] {
                try $0.startAndLeaveFirstStage()
                try $0.succeed(id, "Deploy")
                try $0.succeed(id)
            }
            try $0.startAndLeaveFirstStage()
        }
        try example.row("E3 fails", "S2:E4", "E3 Failed") { try $0.fail(.e3, "Deploy") }
        let rollback = try #require(try example.pipeline.gate("S2").owner)
        let execution = try example.pipeline.execution(rollback)
        #expect(execution.rollbackTarget == .e2)
        let detail = #"{"FailedPipelineExecutionId":"\#(PipelineExecutionID.e3)"}"#
        #expect(execution.trigger == Trigger(type: .automatedRollback, detail: detail))
        try example.row("E4 succeeds", "", "E4 Succeeded") { try $0.succeed(rollback, "Deploy") }
        #expect(try example.pipeline.gate("S2").latest == rollback)
        #expect(try example.pipeline.gate("S3").latest == .e2)
        #expect(Self.refusal(to: rollback, example.pipeline)?.code == .unableToRollbackStage)
        #expect(Self.refusal(to: .e1, example.pipeline) == nil)
        try example.row("the pipeline is updated", "") { try $0.update(stages[0], stages[1], .stage("S3")) }
        #expect(Self.refusal(to: .e1, example.pipeline)?.code == .pipelineExecutionOutdated)
    }

    private static func refusal(to target: PipelineExecutionID, _ pipeline: PipelineUnderTest) -> Rejection? {
        var pipeline = pipeline
        return pipeline.refusal(of: .rollback(stage: "S2", target: target, pipeline.freshRollback()))
    }

    @Test func `An automatic rollback and a waiting execution`() throws {
        var example = WorkedExample(.stage("S1"), .stage("S2", onFailure: .rollback))
        try example.row("E1 succeeds, E2 is in S2, E3 waits for it", "in(S2):E3 S2:E2") {
            try $0.startAndLeaveFirstStage()
            try $0.succeed(.e1)
            for _ in 2...3 { try $0.startAndLeaveFirstStage() }
        }
        try example.row("E2 fails", "in(S2):E3 S2:E4", "E2 Failed") { try $0.fail(.e2) }
        let rollback = try #require(try example.pipeline.gate("S2").owner)
        #expect(try example.pipeline.execution(rollback).rollbackTarget == .e1)
        let refusal = example.pipeline.refusal(of: .retryStage("S2", .e2, .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
        let running = example
        try example.row("E4 succeeds", "S2:E3", "E4 Succeeded") { try $0.succeed(rollback) }
        example = running
        try example.row("instead, E4 fails", "S2:E3", "E4 Failed") { try $0.fail(rollback) }
    }

    @Test func `An automatic rollback without a success to go back to`() throws {
        var example = WorkedExample(.stage("S1"), .stage("S2", onFailure: .rollback))
        try example.row("E1 is in S2, E2 waits for it", "in(S2):E2 S2:E1") {
            for _ in 1...2 { try $0.startAndLeaveFirstStage() }
        }
        try example.row("E1 fails", "S2:E2", "E1 Failed") { try $0.fail(.e1) }
    }
}
