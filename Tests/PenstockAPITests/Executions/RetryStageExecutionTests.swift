// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct RetryStageExecutionTests {
    private static func notRetryable(_ stage: String, _ reason: String) -> ServiceException {
        ServiceException(.stageNotRetryable, "The stage '\(stage)' cannot be retried: \(reason)")
    }

    private static func notLatest(_ stage: String, _ execution: String) -> ServiceException {
        ServiceException(.notLatestPipelineExecution, "The stage '\(stage)' is not at execution '\(execution)'")
    }

    @Test func `Failed actions run again, the others keep what they did`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test"), .work("Publish", runOrder: 2)), .stage("Release", .work()))
        let jobs = try await bed.takeJobs()
        try await bed.succeed(#require(jobs["Lint"]))
        try await bed.fail(#require(jobs["Test"]))
        #expect(try await bed.status(id) == .failed)
        let lint = try await bed.action("Lint", in: "Build").latestExecution
        let test = try await bed.action("Test", in: "Build").latestExecution

        #expect(try await bed.retry("Build", id) == id)
        #expect(try await bed.status(id) == .inProgress)
        #expect(try await bed.execution(id).statusSummary == nil)
        #expect(try await bed.action("Lint", in: "Build").latestExecution == lint)
        let again = try await bed.action("Test", in: "Build").latestExecution
        #expect(again?.status == .inProgress)
        #expect(again?.actionExecutionID != test?.actionExecutionID)
        #expect(again?.errorDetails == nil)
        #expect(try await bed.action("Publish", in: "Build").latestExecution == nil)

        try await bed.succeed(bed.takeJob("Test"))
        try await bed.succeed(bed.takeJob("Publish"))
        #expect(try await bed.stage("Release").latestExecution?.pipelineExecutionID == id)
    }

    @Test func `All actions run again from the first group`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test", runOrder: 2)), .stage("Release", .work()))
        try await bed.succeed(bed.takeJob("Lint"))
        try await bed.fail(bed.takeJob("Test"))
        let lint = try await bed.action("Lint", in: "Build").latestExecution?.actionExecutionID
        #expect(try await bed.retry("Build", id, .allActions) == id)
        let again = try await bed.action("Lint", in: "Build").latestExecution
        #expect(again?.status == .inProgress)
        #expect(again?.actionExecutionID != lint)
        #expect(try await bed.action("Test", in: "Build").latestExecution == nil)
        try await bed.succeed(bed.takeJob("Lint"))
        try await bed.succeed(bed.takeJob("Test"))
        #expect(try await bed.stage("Build").latestExecution?.status == .succeeded)
    }

    @Test func `Retries are counted, until another execution enters`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        #expect(try await bed.stage("Build").retryStageMetadata == nil)
        for count in 1...2 {
            try await bed.fail(bed.takeJob())
            try await bed.retry("Build", id)
            let metadata = try await bed.stage("Build").retryStageMetadata
            #expect(metadata?.manualStageRetryAttempt == count)
            #expect(metadata?.latestRetryTrigger == .manualStageRetry)
            #expect(metadata?.autoStageRetryAttempt == nil)
        }
        try await bed.pass()
        try await bed.start()
        #expect(try await bed.stage("Build").retryStageMetadata == nil)
    }

    @Test func `A failed action is retried beside a sibling that runs, but not the whole stage`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test")), .stage("Release", .work()))
        let jobs = try await bed.takeJobs()
        try await bed.fail(#require(jobs["Test"]))
        #expect(try await bed.status(id) == .inProgress)
        await #expect(throws: Self.notRetryable("Build", "an action is still in progress")) {
            try await bed.retry("Build", id, .allActions)
        }
        let lint = try await bed.action("Lint", in: "Build").latestExecution
        try await bed.retry("Build", id)
        #expect(try await bed.action("Lint", in: "Build").latestExecution == lint)
        try await bed.succeed(bed.takeJob("Test"))
        try await bed.succeed(#require(jobs["Lint"]))
        #expect(try await bed.stage("Build").latestExecution?.status == .succeeded)
    }

    @Test func `A stage without a failure is not retried`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        await #expect(throws: Self.notRetryable("Build", "no action has failed")) { try await bed.retry("Build", id) }
        try await bed.pass()
        await #expect(throws: Self.notRetryable("Build", "the execution has left it")) {
            try await bed.retry("Build", id)
        }
        try await bed.pass()
        await #expect(throws: Self.notRetryable("Release", "the execution is Succeeded")) {
            try await bed.retry("Release", id)
        }
    }

    @Test func `Only the execution that entered last is retried`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let job = try await bed.takeJob()
        let second = try await bed.start()
        await #expect(throws: Self.notLatest("Build", second)) { try await bed.retry("Build", second) }
        try await bed.fail(job)
        #expect(try await bed.stage("Build").latestExecution?.pipelineExecutionID == second)
        #expect(try await bed.status(first) == .failed)
        await #expect(throws: Self.notLatest("Build", first)) { try await bed.retry("Build", first) }
        await #expect(throws: Self.notLatest("Release", second)) { try await bed.retry("Release", second) }
        await #expect(throws: Self.notLatest("Build", unknownID)) { try await bed.retry("Build", unknownID) }
    }

    @Test func `A pipeline and a stage that are not there are named`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        await #expect(throws: ServiceException.noStage("None")) { try await bed.retry("None", id) }
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = RetryStageExecutionInput(
                pipelineName: "none", stageName: "Build", pipelineExecutionID: id, retryMode: .allActions)
            try await bed.call(Operations.RetryStageExecution.self, input)
        }
    }

    @Test func `An execution that stops is too busy`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.stop(id)
        let problem =
            "Your request cannot be handled because the pipeline is busy handling ongoing activities."
            + " Try again later."
        await #expect(throws: ServiceException(.conflict, problem)) { try await bed.retry("Build", id) }
    }

    @Test func `An abandoned action runs again after the stop`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.stop(id, abandon: true)
        try await bed.retry("Build", id)
        #expect(try await bed.status(id) == .inProgress)
        try await bed.pass(2)
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `A stopped stage in which all succeeded goes on`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let job = try await bed.takeJob()
        try await bed.stop(id)
        try await bed.succeed(job)
        #expect(try await bed.status(id) == .stopped)
        try await bed.retry("Build", id)
        #expect(try await bed.stage("Build").latestExecution?.status == .succeeded)
        #expect(try await bed.action(in: "Release").latestExecution?.status == .inProgress)
    }

    @Test func `An execution that was stopped while it waited is not retried`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let second = try await bed.start()
        try await bed.stop(second)
        await #expect(throws: Self.notLatest("Build", second)) { try await bed.retry("Build", second) }
    }

    @Test func `An older version is not retried`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.fail(bed.takeJob())
        try await bed.update(.stage("Build", .work()), .stage("Release", .work()))
        let reason = "the pipeline has been updated since the execution started"
        await #expect(throws: Self.notRetryable("Build", reason)) { try await bed.retry("Build", id) }
    }

    @Test func `A stage that is retried is not held up by its closed entrance`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.pass()
        let job = try await bed.takeJob()
        try await bed.disable("Release")
        try await bed.fail(job)
        try await bed.retry("Release", id)
        try await bed.pass()
        #expect(try await bed.status(id) == .succeeded)
    }
}
