// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.FailureHandling
import PenstockWire
import Testing

struct ParallelModeTests {
    @Test func `Executions run beside each other, and the state shows none of them`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")), mode: .parallel)
        let second = try await bed.start()
        let jobs = try await bed.call(
            Operations.PollForJobs.self, PollForJobsInput(actionTypeID: .checker, maxBatchSize: 9)
        ).jobs
        #expect(jobs?.count == 2)
        let stage = try await bed.stage("Build")
        #expect(stage.latestExecution == nil)
        #expect(stage.inboundExecutions == [])
        #expect(stage.actionStates == [ActionState(actionName: "Work")])
        #expect(try await bed.status(first) == .inProgress)
        #expect(try await bed.status(second) == .inProgress)
    }

    @Test func `An approval is answered with the token that its history entry tells`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .approval()), mode: .parallel)
        try await bed.succeed(bed.takeJob())
        let entry = try await bed.attempt("SignOff")
        let token = try #require(entry.output?.executionResult?.externalExecutionID)
        #expect(token == entry.actionExecutionID)
        try await bed.answer(token)
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `At most five actions of one execution run at a time`() async throws {
        let actions = (1...7).map { "Test\($0)" }
        let (bed, id) = try await APITestBed.withPipeline(
            .stage(
                "Build", .work(actions[0]), .work(actions[1]), .work(actions[2]), .work(actions[3]),
                .work(actions[4]), .work(actions[5]), .work(actions[6])),
            .stage("Release", .work("Ship")), mode: .parallel)
        var jobs = try await bed.takeJobs()
        #expect(jobs.keys.sorted() == Array(actions.prefix(5)))
        try await bed.succeed(#require(jobs["Test3"]))
        jobs.merge(try await bed.takeJobs()) { $1 }
        #expect(jobs.keys.sorted() == Array(actions.prefix(6)))
        try await bed.fail(#require(jobs["Test1"]))
        #expect(try await bed.takeJobs().isEmpty)
        for name in ["Test2", "Test4", "Test5", "Test6"] { try await bed.succeed(#require(jobs[name])) }
        #expect(try await bed.status(id) == .failed)
        #expect(try await bed.attempts(of: id).count == 6)
    }

    @Test func `A disabled transition holds executions up, and lets all of them on`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")), mode: .parallel)
        try await bed.disable("Release")
        try await bed.succeed(bed.takeJob())
        let second = try await bed.start()
        try await bed.succeed(bed.takeJob())
        #expect(try await bed.attempts().contains { $0.actionName == "Ship" } == false)
        try await bed.enable("Release")
        let shipping = try await bed.attempts().filter { $0.actionName == "Ship" }.compactMap(\.pipelineExecutionID)
        #expect(Set(shipping) == [first, second])
    }

    @Test func `Fifty executions are the most, waiting ones included`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")), mode: .parallel)
        for _ in 2...50 { try await bed.start() }
        let problem = "The maximum number of concurrent executions (50) for pipeline 'shop' has been reached"
        await #expect(throws: ServiceException(.concurrentPipelineExecutionsLimitExceeded, problem)) {
            try await bed.start()
        }
    }

    @Test func `Every failed execution can be retried, whichever came later`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")), mode: .parallel)
        try await bed.fail(bed.takeJob())
        try await bed.start()
        try await bed.succeed(bed.takeJob())
        try await bed.retry("Build", first)
        #expect(try await bed.status(first) == .inProgress)
        try await bed.succeed(bed.takeJob())
        #expect(try await bed.attempts(of: first).contains { $0.actionName == "Ship" })
    }

    @Test func `Nothing is rolled back`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")), mode: .parallel)
        try await bed.succeed(bed.takeJob())
        try await bed.succeed(bed.takeJob("Ship"))
        let problem = "Unable to roll back stage 'Release': stages of a pipeline in PARALLEL mode cannot be rolled back"
        await #expect(throws: ServiceException(.unableToRollbackStage, problem)) {
            try await bed.rollBack("Release", to: first)
        }
    }
}
