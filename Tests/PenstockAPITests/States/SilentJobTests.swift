// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockRuntime
import PenstockWire
import Testing

// The clock of a bed begins at 2026-01-01T00:00:00Z.
struct SilentJobTests {
    @Test func `A worker that says nothing for long is named, before its job times out`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.advance(by: .seconds(60))
        let job = try await bed.takeJob()
        try await bed.advance(by: .seconds(599))
        #expect(try await bed.action(in: "Build").latestExecution?.summary == nil)
        try await bed.advance(by: .seconds(1))
        #expect(
            try await bed.action(in: "Build").latestExecution?.summary
                == "\(TestIdentity.customer.arn) took the job at 2026-01-01T00:01:00Z and has not reported since;"
                + " the job times out at 2026-01-02T00:00:00Z.")
        #expect(try await bed.action(in: "Build").latestExecution?.status == .inProgress)
        try await bed.succeed(job)
        #expect(try await bed.action(in: "Build").latestExecution?.summary == nil)
    }

    @Test func `What the worker said last stays in front`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.succeed(bed.takeJob(), token: "more", details: ExecutionDetails(summary: "half way"))
        _ = try await bed.takeJob()
        try await bed.advance(by: .seconds(600))
        let summary = try await bed.action(in: "Build").latestExecution?.summary
        #expect(summary?.hasPrefix("half way (\(TestIdentity.customer.arn) took the job") == true)
    }

    @Test func `A job that nobody takes says so`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.advance(by: .seconds(600))
        #expect(
            try await bed.action(in: "Build").latestExecution?.summary
                == "No worker has taken the job since 2026-01-01T00:00:00Z;"
                + " the job times out at 2026-01-02T00:00:00Z.")
    }

    @Test func `A worker that takes jobs and does not acknowledge them is named`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: .checker))
        try await bed.advance(by: .seconds(600))
        #expect(
            try await bed.action(in: "Build").latestExecution?.summary
                == "The job has waited since 2026-01-01T00:00:00Z and was handed out last to"
                + " \(TestIdentity.customer.arn), who did not acknowledge it;"
                + " the job times out at 2026-01-02T00:00:00Z.")
    }

    @Test func `A pending approval is not silent`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        try await bed.pass()
        try await bed.advance(by: .seconds(3600))
        #expect(try await bed.action("SignOff", in: "Release").latestExecution?.summary == nil)
    }

    @Test func `A partner's action without a connection says what is missing`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await bed.createPipeline(type: .scanner)
        #expect(
            try await bed.action(in: "Build").latestExecution?.summary
                == "The action is not connected to its provider, so no worker can take its job.")
        _ = try await bed.connections.create(bed.caller(), pipeline: "shop", stage: "Build", action: "Work")
        #expect(try await bed.action(in: "Build").latestExecution?.summary == nil)
    }

    @Test func `A job's own deadline is named when it comes first`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType(jobTimeoutSeconds: 1200)
        _ = try await bed.connections.create(bed.caller(), pipeline: "shop", stage: "Build", action: "Work")
        try await bed.createPipeline(type: .scanner)
        try await bed.advance(by: .seconds(600))
        #expect(
            try await bed.action(in: "Build").latestExecution?.summary
                == "No worker has taken the job since 2026-01-01T00:00:00Z;"
                + " the job times out at 2026-01-01T00:20:00Z.")
    }
}
