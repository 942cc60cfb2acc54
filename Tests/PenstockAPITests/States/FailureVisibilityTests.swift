// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// Where people see that a partner's worker has failed a job.
struct FailureVisibilityTests {
    /// A partner's job in its worker's hands, beside another action when that is wanted.
    private struct Work {
        var bed: APITestBed
        var id: String
        var job: String
        var nonce: String
        var token: Sensitive

        func fail(_ type: FailureType = .jobFailed, externalExecutionID: String? = "run-42") async throws {
            let failure = FailureDetails(
                type: type, message: "3 tests failed", externalExecutionID: externalExecutionID)
            let input = PutThirdPartyJobFailureResultInput(
                jobID: self.job, clientToken: self.token, failureDetails: failure)
            try await self.bed.call(Operations.PutThirdPartyJobFailureResult.self, input, as: .partner)
        }

        /// Says how far the work is, and takes the job that goes on with it.
        mutating func report(_ details: ExecutionDetails) async throws {
            let input = PutThirdPartyJobSuccessResultInput(
                jobID: self.job, clientToken: self.token, continuationToken: "more", executionDetails: details)
            try await self.bed.call(Operations.PutThirdPartyJobSuccessResult.self, input, as: .partner)
            try await self.take()
        }

        mutating func take() async throws {
            let poll = PollForThirdPartyJobsInput(actionTypeID: .scanner)
            let jobs = try await self.bed.call(Operations.PollForThirdPartyJobs.self, poll, as: .partner).jobs
            self.job = try #require(jobs?.first?.jobID)
            let ask = GetThirdPartyJobDetailsInput(jobID: self.job, clientToken: self.token)
            let details = try await self.bed.call(Operations.GetThirdPartyJobDetails.self, ask, as: .partner)
            self.nonce = try #require(details.jobDetails?.nonce)
            #expect(try await self.acknowledge() == .inProgress)
        }

        func acknowledge() async throws -> JobStatus? {
            let input = AcknowledgeThirdPartyJobInput(
                jobID: self.job, nonce: self.nonce, clientToken: self.token)
            return try await self.bed.call(Operations.AcknowledgeThirdPartyJob.self, input, as: .partner).status
        }
    }

    private static func work(beside other: Bool = false) async throws -> Work {
        let (bed, id, token) = try await APITestBed.withConnectedPipeline(beside: other)
        var work = Work(bed: bed, id: id, job: "", nonce: "", token: Sensitive(token))
        try await work.take()
        return work
    }

    @Test func `The state of the pipeline shows type, message, run and link`() async throws {
        let work = try await Self.work()
        try await work.bed.advance(by: .seconds(30))
        try await work.fail()
        let stage = try await work.bed.stage("Scan")
        #expect(stage.latestExecution == StageExecution(pipelineExecutionID: work.id, status: .failed))
        let attempt = try await work.bed.action(in: "Scan").latestExecution
        #expect(
            attempt
                == ActionExecution(
                    actionExecutionID: attempt?.actionExecutionID,
                    status: .failed,
                    lastStatusChange: work.bed.now,
                    externalExecutionID: "run-42",
                    externalExecutionURL: "https://scanner.example.org/runs/run-42",
                    errorDetails: ErrorDetails(code: "JobFailed", message: "3 tests failed")
                ))
    }

    @Test func `The history shows the same`() async throws {
        let work = try await Self.work()
        try await work.bed.advance(by: .seconds(30))
        try await work.fail()
        let entry = try await work.bed.attempt()
        #expect(entry.status == .failed)
        #expect(entry.lastUpdateTime == work.bed.now)
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
        let work = try await Self.work()
        try await work.fail()
        let summary = "Action 'Work' in stage 'Scan' failed: 3 tests failed"
        let execution = try await work.bed.execution(work.id)
        #expect(execution.status == .failed)
        #expect(execution.statusSummary == summary)
        let listed = try await work.bed.executions().first
        #expect(listed?.status == .failed)
        #expect(listed?.statusSummary == summary)
    }

    @Test func `The worker is told so when it acknowledges again`() async throws {
        let work = try await Self.work()
        try await work.fail()
        #expect(try await work.acknowledge() == .failed)
    }

    @Test func `The execution goes on until an action beside the failed one has ended`() async throws {
        let work = try await Self.work(beside: true)
        try await work.fail()
        #expect(try await work.bed.action(in: "Scan").latestExecution?.status == .failed)
        #expect(try await work.bed.stage("Scan").latestExecution?.status == .inProgress)
        #expect(try await work.bed.status(work.id) == .inProgress)
        #expect(try await work.bed.execution(work.id).statusSummary == nil)
        try await work.bed.succeed(work.bed.takeJob("Beside"))
        #expect(try await work.bed.stage("Scan").latestExecution?.status == .failed)
        #expect(try await work.bed.status(work.id) == .failed)
        #expect(try await work.bed.action("Beside", in: "Scan").latestExecution?.status == .succeeded)
    }

    @Test(arguments: FailureType.allKnown)
    func `Every type of failure is shown as its code`(type: FailureType) async throws {
        let work = try await Self.work()
        try await work.fail(type)
        #expect(try await work.bed.action(in: "Scan").latestExecution?.errorDetails?.code == type.rawValue)
        #expect(try await work.bed.attempt().output?.executionResult?.errorDetails?.code == type.rawValue)
    }

    @Test func `What the worker said before it failed stays`() async throws {
        var work = try await Self.work()
        try await work.report(
            ExecutionDetails(summary: "half way", externalExecutionID: "run-41", percentComplete: 50))
        try await work.fail(externalExecutionID: nil)
        let attempt = try await work.bed.action(in: "Scan").latestExecution
        #expect(attempt?.summary == "half way")
        #expect(attempt?.percentComplete == 50)
        #expect(attempt?.externalExecutionID == "run-41")
        #expect(attempt?.externalExecutionURL == "https://scanner.example.org/runs/run-41")
        let result = try await work.bed.attempt().output?.executionResult
        #expect(result?.externalExecutionSummary == "half way")
        #expect(result?.externalExecutionID == "run-41")
    }

    @Test func `A link that needs the run's id waits for it`() async throws {
        let work = try await Self.work()
        try await work.fail(externalExecutionID: nil)
        let attempt = try await work.bed.action(in: "Scan").latestExecution
        #expect(attempt?.externalExecutionID == nil)
        #expect(attempt?.externalExecutionURL == nil)
    }

    @Test func `A partner has an hour, and its silence is a failure`() async throws {
        let work = try await Self.work()
        try await work.bed.advance(by: .seconds(3599))
        #expect(try await work.bed.status(work.id) == .inProgress)
        try await work.bed.advance(by: .seconds(1))
        #expect(
            try await work.bed.action(in: "Scan").latestExecution?.errorDetails
                == ErrorDetails(code: "JobFailed", message: "The action timed out after 60 minutes"))
        #expect(try await work.bed.status(work.id) == .failed)
        #expect(try await work.acknowledge() == .timedOut)
        let refusal = await #expect(throws: ServiceException.self) { try await work.fail() }
        #expect(refusal?.code == .invalidJobState)
    }

    @Test func `A retry shows a new attempt, and the history keeps the failed one`() async throws {
        let work = try await Self.work()
        try await work.fail()
        try await work.bed.advance(by: .seconds(30))
        try await work.bed.retry("Scan", work.id)
        let attempt = try await work.bed.action(in: "Scan").latestExecution
        #expect(attempt?.status == .inProgress)
        #expect(attempt?.errorDetails == nil)
        #expect(attempt?.externalExecutionID == nil)
        #expect(try await work.bed.attempts().map(\.status) == [.inProgress, .failed])
    }
}
