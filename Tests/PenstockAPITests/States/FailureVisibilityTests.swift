// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import struct PenstockModel.ActionTypeURLs
import PenstockWire
import Testing

/// Where people see that a partner's worker has failed a job.
struct FailureVisibilityTests {
    /// A partner's worker with its job in hand, beside another action when that is wanted.
    private static func work(beside other: Bool = false) async throws -> (worker: TestWorker, job: TestJob) {
        let link = "https://scanner.example.org/runs/{ExternalExecutionId}"
        let worker = try await APITestBed.withWorker(
            .partner,
            build: other ? [.work(type: .scanner), .work("Beside")] : [.work(type: .scanner)],
            type: WorkerType(urls: ActionTypeURLs(execution: link))
        )
        return (worker, try await worker.take())
    }

    @Test func `The state of the pipeline shows type, message, run and link`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.bed.advance(by: .seconds(30))
        try await worker.fail(job, externalExecutionID: "run-42")
        let stage = try await worker.bed.stage("Build")
        #expect(stage.latestExecution == StageExecution(pipelineExecutionID: worker.execution, status: .failed))
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(
            attempt
                == ActionExecution(
                    actionExecutionID: attempt?.actionExecutionID,
                    status: .failed,
                    lastStatusChange: worker.bed.now,
                    externalExecutionID: "run-42",
                    externalExecutionURL: "https://scanner.example.org/runs/run-42",
                    errorDetails: ErrorDetails(code: "JobFailed", message: "3 tests failed")
                ))
    }

    @Test func `The history shows the same`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.bed.advance(by: .seconds(30))
        try await worker.fail(job, externalExecutionID: "run-42")
        let entry = try await worker.bed.attempt()
        #expect(entry.status == .failed)
        #expect(entry.lastUpdateTime == worker.bed.now)
        #expect(entry.updatedBy == nil)
        #expect(
            entry.output?.executionResult
                == ActionExecutionResult(
                    externalExecutionID: "run-42",
                    externalExecutionURL: "https://scanner.example.org/runs/run-42",
                    errorDetails: ErrorDetails(code: "JobFailed", message: "3 tests failed")
                ))
    }

    @Test func `The execution has failed, and its summary says where and why`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.fail(job, externalExecutionID: "run-42")
        let summary = "Action 'Work' in stage 'Build' failed: 3 tests failed"
        let execution = try await worker.bed.execution(worker.execution)
        #expect(execution.status == .failed)
        #expect(execution.statusSummary == summary)
        let listed = try await worker.bed.executions().first
        #expect(listed?.status == .failed)
        #expect(listed?.statusSummary == summary)
    }

    @Test func `The worker is told so when it acknowledges again`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.fail(job, externalExecutionID: "run-42")
        #expect(try await worker.acknowledge(job) == .failed)
    }

    @Test func `The execution goes on until an action beside the failed one has ended`() async throws {
        let (worker, job) = try await Self.work(beside: true)
        try await worker.fail(job, externalExecutionID: "run-42")
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .failed)
        #expect(try await worker.bed.stage("Build").latestExecution?.status == .inProgress)
        #expect(try await worker.bed.status(worker.execution) == .inProgress)
        #expect(try await worker.bed.execution(worker.execution).statusSummary == nil)
        try await worker.bed.succeed(worker.bed.takeJob("Beside"))
        #expect(try await worker.bed.stage("Build").latestExecution?.status == .failed)
        #expect(try await worker.bed.status(worker.execution) == .failed)
        #expect(try await worker.bed.action("Beside", in: "Build").latestExecution?.status == .succeeded)
    }

    @Test(arguments: FailureType.allKnown)
    func `Every type of failure is shown as its code`(type: FailureType) async throws {
        let (worker, job) = try await Self.work()
        try await worker.fail(job, type)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.errorDetails?.code == type.rawValue)
        #expect(try await worker.bed.attempt().output?.executionResult?.errorDetails?.code == type.rawValue)
    }

    @Test func `What the worker said before it failed stays`() async throws {
        let (worker, job) = try await Self.work()
        let half = ExecutionDetails(summary: "half way", externalExecutionID: "run-41", percentComplete: 50)
        try await worker.succeed(job, continuation: "more", details: half)
        try await worker.fail(worker.take())
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.summary == "half way")
        #expect(attempt?.percentComplete == 50)
        #expect(attempt?.externalExecutionID == "run-41")
        #expect(attempt?.externalExecutionURL == "https://scanner.example.org/runs/run-41")
        let result = try await worker.bed.attempt().output?.executionResult
        #expect(result?.externalExecutionSummary == "half way")
        #expect(result?.externalExecutionID == "run-41")
    }

    @Test func `A link that needs the run's id waits for it`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.fail(job)
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.externalExecutionID == nil)
        #expect(attempt?.externalExecutionURL == nil)
    }

    @Test func `A partner has an hour, and its silence is a failure`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.bed.advance(by: .seconds(3599))
        #expect(try await worker.bed.status(worker.execution) == .inProgress)
        try await worker.bed.advance(by: .seconds(1))
        #expect(
            try await worker.bed.action(in: "Build").latestExecution?.errorDetails
                == ErrorDetails(code: "JobFailed", message: "The action timed out after 60 minutes"))
        #expect(try await worker.bed.status(worker.execution) == .failed)
        #expect(try await worker.acknowledge(job) == .timedOut)
        let refusal = await #expect(throws: ServiceException.self) { try await worker.fail(job) }
        #expect(refusal?.code == .invalidJobState)
    }

    @Test func `A retry shows a new attempt, and the history keeps the failed one`() async throws {
        let (worker, job) = try await Self.work()
        try await worker.fail(job, externalExecutionID: "run-42")
        try await worker.bed.advance(by: .seconds(30))
        try await worker.bed.retry("Build", worker.execution)
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.status == .inProgress)
        #expect(attempt?.errorDetails == nil)
        #expect(attempt?.externalExecutionID == nil)
        #expect(try await worker.bed.attempts().map(\.status) == [.inProgress, .failed])
    }
}
