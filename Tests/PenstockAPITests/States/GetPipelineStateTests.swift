// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.ExecutionMode
import PenstockWire
import Testing

struct GetPipelineStateTests {
    @Test func `Every stage and action is there in declared order, also those that nothing reached`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test", runOrder: 2)), .stage("Release", .work()))
        let state = try await bed.state()
        #expect(state.pipelineName == "shop")
        #expect(state.pipelineVersion == 1)
        #expect(state.created == bed.now)
        #expect(state.updated == bed.now)
        let attempt = try await bed.attempt("Lint").actionExecutionID
        #expect(
            state.stageStates == [
                StageState(
                    stageName: "Build",
                    inboundExecutions: [],
                    inboundTransitionState: TransitionState(enabled: true),
                    actionStates: [
                        ActionState(
                            actionName: "Lint",
                            latestExecution: ActionExecution(
                                actionExecutionID: attempt, status: .inProgress, lastStatusChange: bed.now)
                        ),
                        ActionState(actionName: "Test"),
                    ],
                    latestExecution: StageExecution(pipelineExecutionID: id, status: .inProgress)
                ),
                StageState(
                    stageName: "Release",
                    inboundExecutions: [],
                    inboundTransitionState: TransitionState(enabled: true),
                    actionStates: [ActionState(actionName: "Work")]
                ),
            ])
    }

    @Test func `An unknown pipeline is named`() async throws {
        let bed = try await APITestBed()
        await #expect(throws: ServiceException.noPipeline("none")) {
            try await bed.call(Operations.GetPipelineState.self, GetPipelineStateInput(name: "none"))
        }
    }

    @Test func `What a worker says of its work is shown while it goes on`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let first = try await bed.takeJob()
        try await bed.advance(by: .seconds(5))
        try await bed.succeed(
            first,
            token: "more",
            details: ExecutionDetails(summary: "half way", externalExecutionID: "run-42", percentComplete: 50))
        let id = try await bed.attempt().actionExecutionID
        var shown = ActionExecution(
            actionExecutionID: id,
            status: .inProgress,
            summary: "half way",
            lastStatusChange: bed.now,
            externalExecutionID: "run-42",
            percentComplete: 50
        )
        #expect(try await bed.action(in: "Build").latestExecution == shown)

        // What the end leaves out keeps its value.
        try await bed.succeed(bed.takeJob(), details: ExecutionDetails(summary: "done"))
        shown.status = .succeeded
        shown.summary = "done"
        #expect(try await bed.action(in: "Build").latestExecution == shown)
    }

    @Test func `A revision that an action reported stays when the next execution starts`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let reported = CurrentRevision(revision: "abc", changeIdentifier: "1", revisionSummary: "fix")
        try await bed.succeed(bed.takeJob(), revision: reported)
        let shown = ActionRevision(revisionID: "abc", revisionChangeID: "1", created: bed.now)
        #expect(try await bed.action(in: "Build").currentRevision == shown)
        try await bed.advance(by: .seconds(60))
        try await bed.start()
        #expect(try await bed.action(in: "Build").currentRevision == shown)
        #expect(try await bed.action(in: "Build").latestExecution?.status == .inProgress)
    }

    @Test func `A stage that another execution enters shows nothing of the one before`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test", runOrder: 2)), .stage("Release", .work()))
        try await bed.succeed(bed.takeJob("Lint"))
        try await bed.fail(bed.takeJob("Test"))
        #expect(try await bed.stage("Build").latestExecution?.pipelineExecutionID == first)
        let second = try await bed.start()
        #expect(try await bed.stage("Build").latestExecution?.pipelineExecutionID == second)
        #expect(try await bed.action("Lint", in: "Build").latestExecution?.status == .inProgress)
        #expect(try await bed.action("Test", in: "Build").latestExecution == nil)
    }

    @Test func `Executions that run beside each other have no state of their stages`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()), mode: .parallel)
        let stage = try await bed.stage("Build")
        #expect(stage.latestExecution == nil)
        #expect(stage.actionStates == [ActionState(actionName: "Work")])
    }

    // MARK: Updates

    @Test func `After an update the new stages are shown, and what is known of those that stay`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Old", .work()), .stage("Release", .work()))
        let created = bed.now
        try await bed.pass(2)
        try await bed.fail(bed.takeJob())
        try await bed.advance(by: .seconds(60))
        try await bed.update(.stage("Build", .work()), .stage("New", .work()), .stage("Release", .work("Other")))
        let state = try await bed.state()
        #expect(state.pipelineVersion == 2)
        #expect(state.created == created)
        #expect(state.updated == bed.now)
        let stages = try #require(state.stageStates)
        #expect(stages.map(\.stageName) == ["Build", "New", "Release"])
        #expect(stages.map(\.latestExecution?.status) == [.succeeded, nil, .failed])
        #expect(stages.map(\.latestExecution?.pipelineExecutionID) == [id, nil, id])
        #expect(stages.last?.actionStates == [ActionState(actionName: "Other")])
    }

    @Test func `An update lets running actions end, and cancels the execution then`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let waiting = try await bed.start()
        let job = try await bed.takeJob()
        try await bed.update(.stage("Build", .work()), .stage("Release", .work()))
        #expect(try await bed.status(waiting) == .cancelled)
        #expect(
            try await bed.execution(id).statusSummary == "The pipeline was updated; waiting for running actions")
        let next = try await bed.start()
        #expect(try await bed.stage("Build").inboundExecution?.pipelineExecutionID == next)
        try await bed.succeed(job)
        let execution = try await bed.execution(id)
        #expect(execution.status == .cancelled)
        #expect(
            execution.statusSummary == "The pipeline was updated to version 2 before the execution completed")
        #expect(execution.pipelineVersion == 1)
        #expect(try await bed.stage("Build").latestExecution?.pipelineExecutionID == next)
        #expect(try await bed.execution(next).pipelineVersion == 2)
    }

    @Test func `A change to PARALLEL mode hides how stages stood, and the change back shows it again`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work("Ship")))
        try await bed.pass()
        try await bed.fail(bed.takeJob("Ship"))
        let before = try await bed.state().stageStates
        #expect(before?.map(\.latestExecution?.pipelineExecutionID) == [id, id])
        try await bed.update(.stage("Build", .work()), .stage("Release", .work("Ship")), mode: .parallel)
        #expect(try await bed.state().stageStates?.map(\.latestExecution) == [nil, nil])
        let parallel = try await bed.start()
        try await bed.pass()
        try await bed.update(.stage("Build", .work()), .stage("Release", .work("Ship")))
        #expect(try await bed.state().stageStates == before)
        try await bed.succeed(bed.takeJob("Ship"))
        #expect(try await bed.status(parallel) == .succeeded)
        #expect(try await bed.state().stageStates == before)
    }

    // MARK: Time

    @Test func `An action that ran out of time has failed, and says so`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let job = try await bed.takeJob()
        try await bed.advance(by: .seconds(24 * 3600))
        let attempt = try await bed.action(in: "Build").latestExecution
        #expect(attempt?.status == .failed)
        #expect(attempt?.lastStatusChange == bed.now)
        #expect(
            attempt?.errorDetails
                == ErrorDetails(code: "JobFailed", message: "The action timed out after 1440 minutes"))
        let execution = try await bed.execution(id)
        #expect(execution.status == .failed)
        #expect(
            execution.statusSummary
                == "Action 'Work' in stage 'Build' failed: The action timed out after 1440 minutes")
        let refusal = await #expect(throws: ServiceException.self) { try await bed.succeed(job) }
        #expect(refusal?.code == .invalidJobState)
    }
}
