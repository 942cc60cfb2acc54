// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct GroupFailureTests {
    @Test func `A failure is shown at once while its siblings go on`() throws {
        var pipeline = Self.withTestAndLint
        let execution = try pipeline.start()
        try pipeline.fail(execution, "Test")
        #expect(try pipeline.actions(execution) == "Test Failed, Lint InProgress, Publish -")
        #expect(try pipeline.attempt("Test", execution).failure == .broken)
        #expect(try pipeline.attempt("Test", execution).externalExecutionID == "run-42")
        #expect(try pipeline.run(execution).status == .inProgress)
        #expect(try pipeline.status(execution) == .inProgress)
    }

    @Test func `The stage fails when the last sibling has ended, and no later group starts`() throws {
        var pipeline = Self.withTestAndLint
        let execution = try pipeline.start()
        try pipeline.fail(execution, "Test")
        try pipeline.succeed(execution, "Lint")
        #expect(try pipeline.actions(execution) == "Test Failed, Lint Succeeded, Publish -")
        #expect(pipeline.startedActions == [])
        #expect(try pipeline.run(execution).status == .failed)
        #expect(try pipeline.status(execution) == .failed)
        #expect(try pipeline.execution(execution).position == .finished)
    }

    @Test func `A stage that fails lets the next execution in within the same step`() throws {
        var pipeline = Self.withTestAndLint
        let first = try pipeline.start()
        let second = try pipeline.start()
        try pipeline.fail(first, "Test")
        #expect(pipeline.picture == "in(S1):E2 S1:E1")
        try pipeline.fail(first, "Lint")
        #expect(pipeline.picture == "S1:E2")
        #expect(try pipeline.run(second).enteredAt == pipeline.now)
        #expect(try pipeline.status(first) == .failed)
    }

    @Test func `The summary names the first failed action in declared order`() throws {
        var pipeline = Self.withTestAndLint
        let execution = try pipeline.start()
        try pipeline.fail(execution, "Lint", FailureDetails(type: .configurationError, message: "no rules"))
        #expect(try pipeline.execution(execution).statusSummary == nil)
        try pipeline.fail(execution, "Test")
        #expect(try pipeline.execution(execution).statusSummary == "Action 'Test' in stage 'S1' failed: 3 tests failed")
    }

    @Test func `A rejection fails the stage without details of a failure`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .approval(), .work("Ship", runOrder: 2)))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.answer(execution, isApproved: false, summary: "basket total is wrong")
        #expect(try pipeline.status(execution) == .failed)
        #expect(try pipeline.attempt("SignOff", execution).failure == nil)
        let summary = try pipeline.execution(execution).statusSummary
        #expect(summary == "Action 'SignOff' in stage 'S2' was rejected")
    }

    @Test func `An action that cannot begin fails at once, and its siblings start all the same`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("Test", inputs: ["Nothing"]), .work("Lint"), .work("Publish", runOrder: 2)), .stage("S2")
        )
        let execution = try pipeline.start()
        #expect(try pipeline.actions(execution) == "Test Failed, Lint InProgress, Publish -")
        #expect(pipeline.startedActions == ["Lint"])
        try pipeline.succeed(execution, "Lint")
        #expect(try pipeline.status(execution) == .failed)
    }

    @Test func `A whole group that cannot begin fails its stage in the step that entered it`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1"), .stage("S2", .work("A", inputs: ["Nothing"]), .work("B", inputs: ["Nothing"])))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .failed)
        #expect(pipeline.picture == "")
        #expect(try pipeline.gate("S2").latest == execution)
        #expect(pipeline.ledger.successes[execution] == ["S1"])
    }

    @Test func `An action out of time fails as any other`() throws {
        var pipeline = Self.withTestAndLint
        let execution = try pipeline.start()
        try pipeline.apply(.actionTimedOut(execution, pipeline.attempt("Test", execution).id))
        #expect(try pipeline.actions(execution) == "Test Failed, Lint InProgress, Publish -")
        let failure = FailureDetails(type: .jobFailed, message: "The action timed out after 1440 minutes")
        #expect(try pipeline.attempt("Test", execution).failure == failure)
    }

    private static var withTestAndLint: PipelineUnderTest {
        PipelineUnderTest(
            .stage("S1", .work("Test"), .work("Lint"), .work("Publish", runOrder: 2)), .stage("S2"))
    }
}
