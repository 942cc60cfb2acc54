// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct SettlingTests {
    @Test func `A stage that is left is entered in the same step, at the same instant`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"))
        let first = try pipeline.start()
        try pipeline.succeed(first)
        let second = try pipeline.start()
        try pipeline.succeed(second)
        #expect(pipeline.picture == "in(S2):E2 S2:E1")

        try pipeline.succeed(first)
        #expect(pipeline.picture == "S2:E2 S3:E1")
        #expect(try pipeline.run(first).enteredAt == pipeline.now)
        #expect(try pipeline.run(second).enteredAt == pipeline.now)
        #expect(pipeline.starts(of: "Work").suffix(2).map(\.startedAt) == [pipeline.now, pipeline.now])
    }

    @Test func `One end moves up a whole row of executions`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"), mode: .queued)
        let executions = try (1...3).map { _ in try pipeline.start() }
        try pipeline.succeed(executions[0])
        try pipeline.succeed(executions[0])
        try pipeline.succeed(executions[1])
        try pipeline.disable("S3")
        try pipeline.succeed(executions[0])
        try pipeline.succeed(executions[1])
        try pipeline.succeed(executions[2])
        #expect(pipeline.picture == "S2:E3 in(S3):E2")
        try pipeline.start()
        try pipeline.enable("S3")
        #expect(pipeline.picture == "S1:E4 S2:E3 S3:E2")
    }

    @Test func `A stage's success, the next one's entry and its first actions follow in this order`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("Build")), .stage("S2", .work("Ship")))
        let execution = try pipeline.start()
        let build = try pipeline.attempt("Build", execution).id
        try pipeline.succeed(execution, "Build")
        let ship = try #require(pipeline.starts(of: "Ship").first)
        let ended = try #require(pipeline.effects.first)
        guard case .recordAction(execution, let attempt, []) = ended else {
            Issue.record("the attempt's end comes first: \(ended)")
            return
        }
        #expect(attempt.id == build && attempt.status == .succeeded)
        var left = StageRun(entering: .stage("S1", .work("Build")), at: attempt.startedAt)
        left.status = .succeeded
        left.actions[0].attempt = attempt
        #expect(
            pipeline.effects.dropFirst() == [
                .endAction(build, .succeeded),
                .recordStage(execution, left),
                .recordStageSuccess(execution, stage: "S1"),
                .recordActionStart(ship),
                .recordAction(execution, try pipeline.attempt("Ship", execution), outputVariables: []),
                .startAction(ship),
                .recordStage(execution, try pipeline.run(execution)),
            ])
    }

    @Test func `A step changes only the executions that it concerns`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"), mode: .queued)
        let executions = try (1...4).map { _ in try pipeline.start() }
        let id = executions[0]
        #expect(
            try pipeline.apply(.actionSucceeded(id, pipeline.attempt("Work", id).id, ActionSuccess()))
                .changedExecutions == [id, executions[1]])
        let progress = ActionProgress(percentComplete: 50)
        #expect(
            try pipeline.apply(.actionProgressed(id, pipeline.attempt("Work", id).id, progress))
                .changedExecutions == [id])
    }

    @Test func `The last stage's success is the execution's`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .inProgress)
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .succeeded)
        #expect(try pipeline.execution(execution).position == .finished)
        #expect(pipeline.ledger.successes[execution] == ["S1", "S2"])
    }
}
