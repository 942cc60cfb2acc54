// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct StopTests {
    // MARK: Stop and wait

    @Test func `A stop that waits lets running actions end, keeps their results and starts nothing more`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("A"), .work("B"), .work("C", runOrder: 2)), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution, reason: "wrong region")
        #expect(try pipeline.status(execution) == .stopping)
        #expect(try pipeline.run(execution).status == .stopping)
        #expect(pipeline.effects == [.recordStage(execution, try pipeline.run(execution))])
        try pipeline.succeed(execution, "A", ActionSuccess(progress: ActionProgress(summary: "done")))
        #expect(try pipeline.status(execution) == .stopping)
        try pipeline.succeed(execution, "B")
        #expect(try pipeline.actions(execution) == "A Succeeded, B Succeeded, C -")
        #expect(try pipeline.attempt("A", execution).summary == "done")
        #expect(try pipeline.run(execution).status == .stopped)
        #expect(try pipeline.status(execution) == .stopped)
        let stop = StopRequest(abandon: false, reason: "wrong region", requestedBy: mia)
        #expect(try pipeline.execution(execution).stop == stop)
    }

    @Test func `It is stopped also when the last action of the last stage succeeds, and counts as no success`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.stop(execution)
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .stopped)
        #expect(pipeline.ledger.successes[execution] == ["S1"])
    }

    @Test func `A failure while it stops ends in stopped`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution)
        try pipeline.fail(execution, "A")
        try pipeline.succeed(execution, "B")
        #expect(try pipeline.status(execution) == .stopped)
        #expect(try pipeline.run(execution).status == .stopped)
        #expect(try pipeline.execution(execution).statusSummary == nil)
        #expect(try pipeline.actions(execution) == "A Failed, B Succeeded")
    }

    @Test(arguments: [FailureHandling.rollback, .condition(.condition(.rollback))])
    func `A failure while it stops goes back to nothing, and no condition is looked at`(
        handling: FailureHandling
    ) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onFailure: handling))
        let first = try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(first) }
        let second = try pipeline.start()
        try pipeline.succeed(second)
        try pipeline.stop(second)
        try pipeline.fail(second)
        #expect(try pipeline.status(second) == .stopped)
        #expect(try pipeline.run(second).onFailure == nil)
        #expect(pipeline.picture == "")
        #expect(pipeline.state.executions.count == 2)
    }

    @Test func `A stop after a failure waits for the siblings that still run`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.fail(execution, "A")
        try pipeline.stop(execution)
        #expect(try pipeline.status(execution) == .stopping)
        try pipeline.succeed(execution, "B")
        #expect(try pipeline.status(execution) == .stopped)
    }

    @Test func `The lock passes on when the stop is done, not before`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let first = try pipeline.start()
        try pipeline.start()
        try pipeline.stop(first)
        #expect(pipeline.picture == "in(S1):E2 S1:E1")
        try pipeline.succeed(first)
        #expect(pipeline.picture == "S1:E2")
    }

    // MARK: Stop and abandon

    @Test func `A stop that abandons gives up what runs and is done in one step`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("Test"), .approval(), .work("Lint")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution, "Lint")
        let next = try pipeline.start()
        try pipeline.stop(execution, abandon: true)
        #expect(try pipeline.status(execution) == .stopped)
        #expect(try pipeline.run(execution).status == .stopped)
        #expect(try pipeline.actions(execution) == "Test Abandoned, SignOff Abandoned, Lint Succeeded")
        #expect(try pipeline.attempt("Test", execution).summary == nil)
        #expect(try pipeline.attempt("Test", execution).updatedBy == mia)
        #expect(try pipeline.attempt("SignOff", execution).summary == "The approval action has been canceled.")
        #expect(pipeline.picture == "S1:E2")
        #expect(try pipeline.run(next).enteredAt == pipeline.now)
    }

    @Test func `What is abandoned tells its worker's job in declared order`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution, abandon: true)
        let ends = pipeline.effects.filter { effect in
            if case .endAction = effect { true } else { false }
        }
        let ids = try ["A", "B"].map { try pipeline.attempt($0, execution).id }
        #expect(ends == ids.map { .endAction($0, .abandoned) })
    }

    @Test func `A stop that waits becomes one that abandons, and keeps a reason that was given`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution, reason: "wrong region")
        var other = pipeline
        try pipeline.stop(execution, abandon: true)
        let kept = StopRequest(abandon: true, reason: "wrong region", requestedBy: mia)
        #expect(try pipeline.execution(execution).stop == kept)
        try other.stop(execution, abandon: true, reason: "hurry")
        #expect(try other.execution(execution).stop?.reason == "hurry")
    }

    // MARK: Where there is nothing to stop

    @Test(arguments: [false, true])
    func `A waiting execution is stopped at once and enters nowhere any more`(abandon: Bool) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let first = try pipeline.start()
        let second = try pipeline.start()
        try pipeline.stop(second, abandon: abandon)
        #expect(try pipeline.status(second) == .stopped)
        #expect(try pipeline.execution(second).position == .finished)
        #expect(pipeline.picture == "S1:E1")
        #expect(try pipeline.gate("S1").departed == DepartedExecution(id: second, status: .stopped))
        try pipeline.succeed(first)
        #expect(pipeline.picture == "S2:E1")
        #expect(pipeline.refusal(of: .retryStage("S1", second, .allActions))?.code == .notLatestPipelineExecution)
    }

    @Test func `A stopped execution that waited beyond a stage leaves that stage succeeded`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S2")
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.stop(execution)
        #expect(try pipeline.run(execution).status == .succeeded)
        #expect(pipeline.refusal(of: .retryStage("S1", execution, .allActions))?.code == .stageNotRetryable)
    }

    @Test(arguments: [false, true])
    func `Between two groups a stop is done in one step`(abandon: Bool) throws {
        var pipeline = try Self.betweenGroups()
        try pipeline.stop(id(1), abandon: abandon)
        #expect(try pipeline.status(id(1)) == .stopped)
        #expect(try pipeline.run(id(1)).status == .stopped)
        #expect(pipeline.startedActions == [])
        #expect(pipeline.picture == "")
    }

    /// E1 is inside S1, whose first group has succeeded and whose second has not started.
    private static func betweenGroups() throws -> PipelineUnderTest {
        let declaration = PipelineDeclaration.shop([.stage("S1", .work("A"), .work("B", runOrder: 2)), .stage("S2")])
        var pipeline = PipelineUnderTest(declaration)
        let started = try pipeline.start()
        var execution = try pipeline.execution(started)
        execution.stageRun?.actions[0].attempt?.end(.succeeded(outputs: nil), at: at(2))
        var state = PipelineState(key: shopKey, head: pipeline.state.head)
        state.add(declaration)
        state.add(execution)
        return PipelineUnderTest(state)
    }

    // MARK: Refusals

    @Test func `Whoever has ended cannot be stopped`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.fail(execution)
        for abandon in [false, true] {
            let refusal = pipeline.refusal(of: .stop(execution, abandon: abandon))
            #expect(refusal == .notStoppable(execution, in: "shop"))
        }
    }

    @Test func `The refusal says that there is nothing to stop in the words that clients know`() {
        let execution = id(1, as: PipelineExecutionID.self)
        let refusal = Rejection.notStoppable(execution, in: "shop")
        #expect(refusal.code == .pipelineExecutionNotStoppable)
        #expect(
            refusal.message
                == "The pipeline execution with ID '00000000-0000-4000-8000-000000000001' in 'shop' can't be stopped now."
                + " Either it does not exist in the pipeline, or the pipeline execution has no action executions in"
                + " progress."
        )
    }

    @Test(arguments: [false, true])
    func `A stop is not asked for again while one that abandons is under way`(abandon: Bool) throws {
        let declaration = PipelineDeclaration.shop([.stage("S1"), .stage("S2")])
        var pipeline = PipelineUnderTest(declaration)
        let started = try pipeline.start()
        try pipeline.stop(started)
        var execution = try pipeline.execution(started)
        execution.stop?.abandon = true
        var state = PipelineState(key: shopKey, head: pipeline.state.head)
        state.add(declaration)
        state.add(execution)
        let refusal = PipelineUnderTest(state).refusal(of: .stop(started, abandon: abandon))
        #expect(refusal == Rejection(.duplicatedStopRequest, "The execution '\(started)' is already stopping"))
    }
}
