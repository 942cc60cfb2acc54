// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.ExecutionMode
import PenstockRuntime
import PenstockWire
import Testing

struct StageTransitionTests {
    private static func inbound(_ id: String, _ status: StageExecutionStatus = .inProgress) -> StageExecution {
        StageExecution(pipelineExecutionID: id, status: status)
    }

    @Test func `A closed entrance holds an execution, and lets it in when it is opened`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.disable("Release")
        try await bed.pass()
        var stage = try await bed.stage("Release")
        #expect(stage.inboundExecution == Self.inbound(id))
        #expect(stage.inboundExecutions == [Self.inbound(id)])
        #expect(stage.latestExecution == nil)
        #expect(try await bed.stage("Build").latestExecution?.status == .succeeded)
        #expect(try await bed.takeJobs().isEmpty)

        try await bed.enable("Release")
        stage = try await bed.stage("Release")
        #expect(stage.inboundExecution == nil)
        #expect(stage.inboundExecutions == [])
        #expect(stage.latestExecution == Self.inbound(id))
        try await bed.pass()
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `Who closed an entrance, when and why is shown; who opened it as well`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        #expect(try await bed.stage("Build").inboundTransitionState == TransitionState(enabled: true))
        #expect(try await bed.stage("Release").inboundTransitionState == TransitionState(enabled: true))
        try await bed.disable("Release", reason: "freeze (until monday)")
        let closed = try await bed.stage("Release").inboundTransitionState
        #expect(closed?.enabled == false)
        #expect(closed?.disabledReason == "freeze (until monday)")
        #expect(closed?.lastChangedBy == TestIdentity.customer.arn)
        #expect(closed?.lastChangedAt == bed.now)

        try await bed.advance(by: .seconds(60))
        try await bed.disable("Release", reason: "still frozen")
        #expect(try await bed.stage("Release").inboundTransitionState?.disabledReason == "still frozen")
        #expect(try await bed.stage("Release").inboundTransitionState?.lastChangedAt == bed.now)

        try await bed.advance(by: .seconds(60))
        try await bed.enable("Release")
        let open = try await bed.stage("Release").inboundTransitionState
        #expect(open?.enabled == true)
        #expect(open?.disabledReason == nil)
        #expect(open?.lastChangedAt == bed.now)
        try await bed.advance(by: .seconds(60))
        try await bed.enable("Release")
        #expect(try await bed.stage("Release").inboundTransitionState == open)
    }

    @Test func `In front of a closed entrance newer executions go on superseding`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.disable("Release")
        try await bed.pass()
        let second = try await bed.start()
        try await bed.pass()
        #expect(try await bed.status(first) == .superseded)
        #expect(try await bed.stage("Release").inboundExecutions == [Self.inbound(second)])
        try await bed.stop(second)
        #expect(try await bed.stage("Release").inboundExecution == Self.inbound(second, .stopped))
        try await bed.enable("Release")
        #expect(try await bed.stage("Release").latestExecution == nil)
    }

    @Test func `In a queue everybody waits, and the head is shown as the one that is next`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()), mode: .queued)
        try await bed.disable("Release")
        let second = try await bed.start()
        try await bed.pass(2)
        let stage = try await bed.stage("Release")
        #expect(stage.inboundExecution == Self.inbound(first))
        #expect(stage.inboundExecutions == [Self.inbound(first), Self.inbound(second)])
        try await bed.enable("Release")
        #expect(try await bed.stage("Release").latestExecution == Self.inbound(first))
        #expect(try await bed.stage("Release").inboundExecutions == [Self.inbound(second)])
    }

    // MARK: Thirty days

    private static let day = Duration.seconds(86400)

    @Test func `Who waits at a closed entrance for thirty days is stopped`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.disable("Release")
        try await bed.advance(by: Self.day / 2)
        try await bed.pass()
        try await bed.advance(by: Self.day * 30 - .seconds(1))
        #expect(try await bed.status(id) == .inProgress)
        try await bed.advance(by: .seconds(1))
        let execution = try await bed.execution(id)
        #expect(execution.status == .stopped)
        #expect(execution.statusSummary == "Waited 30 days at the disabled transition into stage 'Release'")
        #expect(try await bed.stage("Release").inboundExecution == Self.inbound(id, .stopped))
        try await bed.enable("Release")
        #expect(try await bed.stage("Release").latestExecution == nil)
    }

    @Test func `The thirty days begin when the entrance is closed, and another reason changes nothing`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        try await bed.pass()
        let second = try await bed.start()
        try await bed.pass()
        try await bed.stop(first)
        try await bed.advance(by: Self.day)
        try await bed.disable("Release")
        #expect(try await bed.stage("Release").inboundExecution == Self.inbound(second))
        try await bed.advance(by: Self.day)
        try await bed.disable("Release", reason: "still")
        // The approval in front ran out of time long ago; the one that waits is held by the entrance alone.
        try await bed.advance(by: Self.day * 29 - .seconds(1))
        #expect(try await bed.status(first) == .stopped)
        #expect(try await bed.status(second) == .inProgress)
        try await bed.advance(by: .seconds(1))
        #expect(try await bed.status(second) == .stopped)
    }

    @Test func `An entrance that is opened in between begins the thirty days anew`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        try await bed.pass()
        let waiting = try await bed.start()
        try await bed.pass()
        try await bed.disable("Release")
        try await bed.advance(by: Self.day / 2)
        try await bed.enable("Release")
        try await bed.disable("Release")
        try await bed.advance(by: Self.day * 29 + Self.day / 2)
        #expect(try await bed.status(waiting) == .inProgress)
        try await bed.advance(by: Self.day / 2)
        #expect(try await bed.status(waiting) == .stopped)
    }

    @Test func `An operator may let them wait for ever`() async throws {
        var settings = RuntimeSettings()
        settings.disabledTransitionLimit = nil
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()), settings: settings)
        try await bed.disable("Release")
        try await bed.pass()
        try await bed.advance(by: Self.day * 31)
        try await bed.enable("Release")
        #expect(try await bed.stage("Release").latestExecution == Self.inbound(id))
    }

    // MARK: Both sides

    @Test func `Who is inside goes on behind a closed entrance`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.pass()
        try await bed.disable("Release")
        try await bed.pass()
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `The first stage has an entrance too`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.pass(2)
        try await bed.disable("Build")
        let id = try await bed.start()
        #expect(try await bed.stage("Build").inboundExecution == Self.inbound(id))
        try await bed.enable("Build")
        #expect(try await bed.stage("Build").latestExecution == Self.inbound(id))
    }

    @Test func `A closed exit holds up the way into the next stage, which says so`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.disable("Build", .outbound, reason: "audit")
        try await bed.pass()
        #expect(try await bed.stage("Build").latestExecution?.status == .succeeded)
        #expect(try await bed.stage("Build").inboundTransitionState == TransitionState(enabled: true))
        let release = try await bed.stage("Release")
        #expect(release.inboundExecution == Self.inbound(id))
        #expect(release.inboundTransitionState?.enabled == false)
        #expect(release.inboundTransitionState?.disabledReason == "audit")
        try await bed.enable("Build", .outbound)
        #expect(try await bed.stage("Release").latestExecution == Self.inbound(id))
        #expect(try await bed.stage("Release").inboundTransitionState == TransitionState(enabled: true))
    }

    @Test func `The exit of the last stage holds up nothing`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.disable("Release", .outbound)
        try await bed.pass(2)
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `A stage and a pipeline that are not there are named`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        await #expect(throws: ServiceException.noStage("None")) { try await bed.disable("None") }
        await #expect(throws: ServiceException.noStage("None")) { try await bed.enable("None") }
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = DisableStageTransitionInput(
                pipelineName: "none", stageName: "Build", transitionType: .inbound, reason: "x")
            try await bed.call(Operations.DisableStageTransition.self, input)
        }
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = EnableStageTransitionInput(pipelineName: "none", stageName: "Build", transitionType: .inbound)
            try await bed.call(Operations.EnableStageTransition.self, input)
        }
    }

    @Test func `A reason keeps to its characters and its length`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        for reason in ["", "no; semicolons", String(repeating: "x", count: 301)] {
            let refusal = await #expect(throws: ServiceException.self) {
                try await bed.disable("Release", reason: reason)
            }
            #expect(refusal?.code == .validation)
        }
        try await bed.disable("Release", reason: String(repeating: "x", count: 300))
    }

    @Test func `A stage keeps its closed entrance over an update`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.disable("Release")
        try await bed.update(.stage("Build", .work()), .stage("Test", .work()), .stage("Release", .work()))
        #expect(try await bed.stage("Release").inboundTransitionState?.disabledReason == "freeze")
        #expect(try await bed.stage("Test").inboundTransitionState == TransitionState(enabled: true))
    }
}
