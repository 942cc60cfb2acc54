// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

enum ActionProgressFixture {
    static let done = ActionProgress(summary: "done", externalExecutionID: "run-1", percentComplete: 100)
}

@Suite struct JobServiceTests {
    @Test func `A job is handed out once, and again with another nonce after its visibility`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let first = try #require(try await fixture.poll().first)
        #expect(try await fixture.poll().isEmpty)
        fixture.clock.advance(by: .seconds(60))
        let second = try #require(try await fixture.poll().first)
        #expect(second.id == first.id)
        #expect(second.nonce != first.nonce)
        await #expect(throws: Rejection(.invalidNonce, "The nonce provided is not valid for job '\(first.id)'")) {
            try await fixture.jobs.acknowledge(
                fixture.call, first.id, nonce: first.nonce ?? "", proof: .sameAccount)
        }
    }

    @Test func `A job that was acknowledged is not handed out again`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        _ = try await fixture.takeJob()
        fixture.clock.advance(by: .hours(1))
        #expect(try await fixture.poll().isEmpty)
    }

    @Test func `A result before the acknowledgement is refused`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let job = try #require(try await fixture.poll().first)
        let refusal = Rejection(.invalidJobState, "Job '\(job.id)' is in state Dispatched and cannot be completed")
        await #expect(throws: refusal) { try await fixture.fail(job.id) }
    }

    @Test func `A failure ends the execution, and a retry gives a new job`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let job = try #require(try await fixture.takeJob())
        try await fixture.fail(job.id)
        let failed = try await fixture.pipelines.execution(fixture.call, name: "shop", id: job.executionID)
        #expect(failed.execution.status == .failed)
        #expect(failed.execution.statusSummary == "Action 'Work' in stage 'Build' failed: 3 tests failed")
        try await fixture.pipelines.retryStage(
            fixture.call, name: "shop", stage: "Build", execution: job.executionID, mode: .failedActions)
        let retried = try #require(try await fixture.takeJob())
        #expect(retried.id != job.id)
        #expect(retried.actionExecutionID != job.actionExecutionID)
        #expect(retried.executionID == job.executionID)
    }

    @Test func `The same failure sent again is accepted, another one is not`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let job = try #require(try await fixture.takeJob())
        try await fixture.fail(job.id)
        try await fixture.fail(job.id)
        let refusal = Rejection(.invalidJobState, "Job '\(job.id)' is in state Failed and cannot be completed")
        await #expect(throws: refusal) { try await fixture.fail(job.id, message: "other") }
        fixture.clock.advance(by: .minutes(15))
        await #expect(throws: refusal) { try await fixture.fail(job.id) }
    }

    @Test func `A continuation token makes a new job of the same attempt`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        var seen: [JobDetails] = []
        for round in 0..<3 {
            let job = try #require(try await fixture.takeJob())
            seen.append(job)
            if round < 2 { try await fixture.succeed(job.id, token: "token-\(round)") }
        }
        #expect(Set(seen.map(\.id)).count == 3)
        #expect(Set(seen.map(\.actionExecutionID)).count == 1)
        #expect(seen.map(\.continuationToken) == [nil, "token-0", "token-1"])
    }

    @Test func `The next stage's job can be polled as soon as the result is accepted`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let first = try #require(try await fixture.takeJob())
        try await fixture.succeed(first.id)
        let second = try #require(try await fixture.takeJob())
        #expect(second.stageName == "Release")
        try await fixture.succeed(second.id)
        let row = try await fixture.pipelines.execution(fixture.call, name: "shop", id: first.executionID)
        #expect(row.execution.status == .succeeded)
    }

    @Test(arguments: [(122_880, true), (122_881, false)])
    func `Output variables have a limit, and the job survives its breach`(bytes: Int, isAccepted: Bool) async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let job = try #require(try await fixture.takeJob())
        let variables = [KeyedValue("k", String(repeating: "v", count: bytes - 1))]
        if isAccepted { return try await fixture.succeed(job.id, variables: variables) }
        let problem = "The output variables exceed the maximum size of 122880 bytes"
        await #expect(throws: Rejection(.outputVariablesSizeExceeded, problem)) {
            try await fixture.succeed(job.id, variables: variables)
        }
        try await fixture.succeed(job.id)
    }

    @Test func `Secrets are clear in job data alone`() async throws {
        let fixture = try await RuntimeFixture()
        let secret = SecretValue(stageName: "Build", actionName: "Work", key: "Password", value: "hunter2")
        try await fixture.createPipeline(configuration: [KeyedValue("Password", "****")], secrets: [secret])
        let job = try #require(try await fixture.takeJob())
        #expect(job.configuration == [KeyedValue("Password", "hunter2")])
        let history = try await fixture.pipelines.actionExecutions(
            fixture.call, name: "shop", .all, after: nil, limit: 10)
        #expect(history.rows.map(\.start.resolvedConfiguration) == [[KeyedValue("Password", "****")]])
    }

    @Test func `An attempt that runs out of time fails, and its late result is refused`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let job = try #require(try await fixture.takeJob())
        fixture.clock.advance(by: .hours(24))
        try await TimerService(context: fixture.context).fireDueTimers()
        let row = try await fixture.pipelines.execution(fixture.call, name: "shop", id: job.executionID)
        #expect(row.execution.status == .failed)
        let refusal = Rejection(.invalidJobState, "Job '\(job.id)' is in state TimedOut and cannot be completed")
        await #expect(throws: refusal) { try await fixture.fail(job.id) }
    }

    @Test func `Abandoning takes the job away, deleting forgets it`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        let job = try #require(try await fixture.takeJob())
        try await fixture.pipelines.stop(
            fixture.call, name: "shop", execution: job.executionID, abandon: true, reason: nil)
        await #expect(throws: Rejection(.invalidJobState, "Job '\(job.id)' is in state Failed and cannot be completed"))
        {
            try await fixture.fail(job.id)
        }
        try await fixture.pipelines.delete(fixture.call, name: "shop")
        await #expect(throws: Rejection(.jobNotFound, "Job with id '\(job.id)' not found")) {
            try await fixture.fail(job.id)
        }
    }

    @Test func `A partner's job waits for a connection and needs its token`() async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline(type: RuntimeFixture.partnerType)
        func poll() async throws -> [PartnerJob] {
            try await fixture.jobs.pollForPartnerJobs(
                fixture.call, type: RuntimeFixture.partnerType, limit: 1, wait: .zero)
        }
        #expect(try await poll().isEmpty)
        let issued = try await fixture.connections.create(
            fixture.call, pipeline: "shop", stage: "Build", action: "Work")
        let job = try #require(try await poll().first)
        #expect(job.clientID == issued.connection.clientID)
        let refusal = Rejection(.invalidClientToken, "The client token provided is not valid")
        await #expect(throws: refusal) {
            try await fixture.jobs.details(fixture.call, job.jobID, proof: .clientToken("wrong"))
        }
        let proof = WorkerProof.clientToken(issued.clientToken)
        let details = try await fixture.jobs.details(fixture.call, job.jobID, proof: proof)
        let status = try await fixture.jobs.acknowledge(
            fixture.call, job.jobID, nonce: details.nonce ?? "", proof: proof)
        #expect(status == .inProgress)
        await #expect(throws: refusal) { try await fixture.fail(job.jobID, proof: .clientToken("wrong")) }
        try await fixture.fail(job.jobID, proof: proof)
        let row = try await fixture.pipelines.execution(fixture.call, name: "shop", id: details.executionID)
        #expect(row.execution.status == .failed)
        await #expect(throws: Rejection(.invalidJob, "The job '\(job.jobID)' is not valid")) {
            try await fixture.jobs.details(fixture.call, job.jobID, proof: proof)
        }
    }

    @Test func `A rotated token counts beside the new one until the grace period ends`() async throws {
        let fixture = try await RuntimeFixture()
        let issued = try await fixture.connections.create(
            fixture.call, pipeline: "shop", stage: "Build", action: "Work")
        try await fixture.createPipeline(type: RuntimeFixture.partnerType)
        let rotated = try await fixture.connections.rotate(fixture.call, issued.connection.clientID)
        let polled = try await fixture.jobs.pollForPartnerJobs(
            fixture.call, type: RuntimeFixture.partnerType, limit: 1, wait: .zero)
        let job = try #require(polled.first)
        for token in [issued.clientToken, rotated.clientToken] {
            _ = try await fixture.jobs.details(fixture.call, job.jobID, proof: .clientToken(token))
        }
        fixture.clock.advance(by: .hours(24))
        await #expect(throws: Rejection(.invalidClientToken, "The client token provided is not valid")) {
            try await fixture.jobs.details(fixture.call, job.jobID, proof: .clientToken(issued.clientToken))
        }
    }
}
