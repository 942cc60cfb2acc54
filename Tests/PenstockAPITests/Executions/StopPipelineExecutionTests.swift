// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct StopPipelineExecutionTests {
    @Test func `Stop and wait lets the running action end, and nothing after it starts`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work(), .work("Later", runOrder: 2)), .stage("Release", .work()))
        let job = try await bed.takeJob()
        #expect(try await bed.stop(id) == id)
        #expect(try await bed.status(id) == .stopping)
        #expect(try await bed.stage("Build").latestExecution?.status == .stopping)
        #expect(try await bed.action(in: "Build").latestExecution?.status == .inProgress)

        try await bed.succeed(job)
        #expect(try await bed.status(id) == .stopped)
        #expect(try await bed.stage("Build").latestExecution?.status == .stopped)
        #expect(try await bed.action(in: "Build").latestExecution?.status == .succeeded)
        #expect(try await bed.action("Later", in: "Build").latestExecution == nil)
        #expect(try await bed.takeJobs().isEmpty)
    }

    @Test func `An action that fails while the execution stops leaves it stopped, not failed`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let job = try await bed.takeJob()
        try await bed.stop(id)
        try await bed.fail(job)
        #expect(try await bed.status(id) == .stopped)
        #expect(try await bed.stage("Build").latestExecution?.status == .stopped)
        #expect(try await bed.action(in: "Build").latestExecution?.status == .failed)
    }

    @Test func `Stop and abandon gives the running action up at once`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let job = try await bed.takeJob()
        #expect(try await bed.stop(id, abandon: true) == id)
        #expect(try await bed.status(id) == .stopped)
        let attempt = try await bed.action(in: "Build").latestExecution
        #expect(attempt?.status == .abandoned)
        #expect(attempt?.lastUpdatedBy == TestIdentity.customer.arn)
        let refusal = await #expect(throws: ServiceException.self) { try await bed.succeed(job) }
        #expect(refusal?.code == .invalidJobState)
    }

    @Test func `A second stop is a duplicate, unless it gives up what the first one waits for`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        _ = try await bed.takeJob()
        try await bed.stop(id)
        await #expect(throws: ServiceException(.duplicatedStopRequest, "The execution '\(id)' is already stopping")) {
            try await bed.stop(id)
        }
        #expect(try await bed.status(id) == .stopping)
        try await bed.stop(id, abandon: true)
        #expect(try await bed.status(id) == .stopped)
        await #expect(throws: ServiceException.notStoppable(id)) { try await bed.stop(id, abandon: true) }
    }

    @Test func `A stopped execution lets the next one in`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let job = try await bed.takeJob()
        let second = try await bed.start()
        try await bed.stop(first)
        #expect(try await bed.stage("Build").inboundExecution?.pipelineExecutionID == second)
        try await bed.succeed(job)
        #expect(try await bed.stage("Build").latestExecution?.pipelineExecutionID == second)
        #expect(try await bed.status(first) == .stopped)
    }

    @Test(arguments: [false, true])
    func `A waiting execution is stopped at once, and shown where it waited`(abandon: Bool) async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let second = try await bed.start()
        try await bed.stop(second, abandon: abandon)
        #expect(try await bed.status(second) == .stopped)
        #expect(try await bed.status(first) == .inProgress)
        let stage = try await bed.stage("Build")
        #expect(stage.inboundExecution == StageExecution(pipelineExecutionID: second, status: .stopped))
        #expect(stage.inboundExecutions == [])
        let third = try await bed.start()
        #expect(try await bed.stage("Build").inboundExecution?.pipelineExecutionID == third)
    }

    @Test func `Only who waits or runs can be stopped`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.pass(2)
        #expect(try await bed.status(id) == .succeeded)
        await #expect(throws: ServiceException.notStoppable(id)) { try await bed.stop(id) }
        await #expect(throws: ServiceException.notStoppable(unknownID)) { try await bed.stop(unknownID) }
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = StopPipelineExecutionInput(pipelineName: "none", pipelineExecutionID: id)
            try await bed.call(Operations.StopPipelineExecution.self, input)
        }
    }

    @Test func `An execution of another pipeline cannot be stopped through this one`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let other = try await bed.createOtherPipeline()
        await #expect(throws: ServiceException.notStoppable(other)) { try await bed.stop(other) }
    }

    @Test func `The reason is shown, and may be empty; without one there is nothing to show`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.stop(first, abandon: true, reason: "wrong branch")
        let second = try await bed.start()
        try await bed.stop(second, abandon: true)
        let third = try await bed.start()
        try await bed.stop(third, abandon: true, reason: "")
        let reasons = try await bed.executions().map(\.stopTrigger?.reason)
        #expect(reasons == ["", nil, "wrong branch"])
    }

    @Test func `A reason of two hundred characters is the longest`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let problem =
            "1 validation error detected: Value at 'reason' failed to satisfy constraint:"
            + " Member must have length less than or equal to 200"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await bed.stop(id, reason: String(repeating: "x", count: 201))
        }
        try await bed.stop(id, reason: String(repeating: "x", count: 200))
    }

    @Test func `An approval can still be answered while its execution stops`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .approval(), .work("Load")))
        try await bed.pass()
        let load = try await bed.takeJob("Load")
        let token = try await bed.token()
        try await bed.stop(id)
        try await bed.succeed(load)
        #expect(try await bed.status(id) == .stopping)
        #expect(try await bed.token() == token)
        try await bed.answer(token)
        #expect(try await bed.status(id) == .stopped)
        #expect(try await bed.stage("Release").latestExecution?.status == .stopped)
        #expect(try await bed.action("SignOff", in: "Release").latestExecution?.status == .succeeded)
    }
}
