// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

// The clock of a bed begins at 2026-01-01T00:00:00Z.
struct ListJobsTests {
    private static func list(
        _ bed: APITestBed,
        _ input: ListingInput = ListingInput(),
        as identity: TestIdentity = .customer
    ) async throws -> ListJobsOutput {
        try await bed.administer(Administration.ListJobs.self, input, as: identity)
    }

    private static func jobs(_ bed: APITestBed, as identity: TestIdentity = .customer) async throws -> [OpenJob] {
        try #require(try await self.list(bed, as: identity).jobs)
    }

    private static func job(_ bed: APITestBed) async throws -> OpenJob {
        let jobs = try await self.jobs(bed)
        try #require(jobs.count == 1)
        return jobs[0]
    }

    private static func moment(_ bed: APITestBed, after offset: Duration = .zero) -> WireTimestamp {
        WireTimestamp(clampingMilliseconds: (bed.clock.now + offset).millisecondsSinceEpoch)
    }

    @Test func `A job says whose work it is, who has it and until when`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let created = Self.moment(bed)
        let timeout = Self.moment(bed, after: .hours(24))
        let queued = try await Self.job(bed)
        #expect(queued.status == .queued)
        #expect(queued.takenBy == nil)
        #expect(queued.takenAt == nil)
        bed.clock.advance(by: .seconds(5))
        let input = PollForJobsInput(actionTypeID: .checker)
        let job = try #require(try await bed.call(Operations.PollForJobs.self, input).jobs?.first)
        let dispatched = try await Self.job(bed)
        #expect(dispatched.status == .dispatched)
        #expect(dispatched.takenAt == Self.moment(bed))
        bed.clock.advance(by: .seconds(1))
        let acknowledgement = AcknowledgeJobInput(jobID: try #require(job.id), nonce: try #require(job.nonce))
        try await bed.call(Operations.AcknowledgeJob.self, acknowledgement)
        var expected = OpenJob()
        expected.jobID = job.id
        expected.pipelineName = "shop"
        expected.pipelineExecutionID = first
        expected.stageName = "Build"
        expected.actionName = "Work"
        expected.actionExecutionID = job.data?.pipelineContext?.action?.actionExecutionID
        expected.actionTypeID = .checker
        expected.status = .inProgress
        expected.created = created
        expected.takenBy = TestIdentity.customer.arn
        expected.takenAt = Self.moment(bed)
        expected.timesOutAt = timeout
        expected.silent = false
        #expect(try await Self.job(bed) == expected)
    }

    @Test func `A job that has ended is not listed`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.fail(bed.takeJob())
        #expect(try await Self.jobs(bed) == [])
    }

    @Test func `A worker that says nothing for long is named, before its job times out`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        _ = try await bed.takeJob()
        try await bed.advance(by: .seconds(599))
        #expect(try await Self.job(bed).silent == false)
        try await bed.advance(by: .seconds(1))
        let job = try await Self.job(bed)
        #expect(job.silent == true)
        #expect(
            job.notice
                == "\(TestIdentity.customer.arn) took the job at 2026-01-01T00:00:00Z and has not reported since;"
                + " the job times out at 2026-01-02T00:00:00Z.")
    }

    @Test func `A job that was handed out in vain waits again, and its last taker is told`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.call(Operations.PollForJobs.self, PollForJobsInput(actionTypeID: .checker))
        try await bed.advance(by: .seconds(60))
        let job = try await Self.job(bed)
        #expect(job.status == .queued)
        #expect(job.takenBy == TestIdentity.customer.arn)
        #expect(job.takenAt == Self.moment(bed, after: .seconds(-60)))
    }

    @Test func `A partner's job without a connection says at once what is missing, and is not called silent`()
        async throws
    {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await bed.createPipeline(type: .scanner)
        let job = try await Self.job(bed)
        #expect(job.clientID == nil)
        #expect(job.silent == false)
        #expect(job.notice == "The action is not connected to its provider, so no worker can take its job.")
        let connection = try await bed.connections.create(
            bed.caller(), pipeline: "shop", stage: "Build", action: "Work")
        let connected = try await Self.job(bed)
        #expect(connected.clientID == "\(connection.connection.clientID)")
        #expect(connected.notice == nil)
    }

    @Test func `A pending approval is listed, and never silent`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        try await bed.pass()
        try await bed.advance(by: .hours(100))
        let job = try await Self.job(bed)
        #expect(job.actionName == "SignOff")
        #expect(job.status == .inProgress)
        #expect(job.takenBy == nil)
        #expect(job.takenAt == nil)
        #expect(job.silent == false)
        #expect(job.notice == nil)
    }

    @Test func `A job's own deadline is named when it comes before its action's`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType(jobTimeoutSeconds: 1200)
        try await bed.createPipeline(type: .scanner)
        #expect(try await Self.job(bed).timesOutAt == Self.moment(bed, after: .seconds(1200)))
    }

    @Test func `Pages together hold every job once, and those of one pipeline when asked`() async throws {
        let bed = try await APITestBed()
        try await bed.register()
        for name in ["shop", "till", "yard"] {
            try await bed.createPipeline(name)
            bed.clock.advance(by: .milliseconds(1))
        }
        var input = ListingInput(maxResults: 2)
        let first = try await Self.list(bed, input)
        #expect(first.nextToken != nil)
        input.nextToken = first.nextToken
        let second = try await Self.list(bed, input)
        let jobs = (first.jobs ?? []) + (second.jobs ?? [])
        #expect(jobs.map(\.pipelineName) == ["shop", "till", "yard"])
        #expect(second.nextToken == nil)
        let till = try await Self.list(bed, ListingInput(pipelineName: "till"))
        #expect(till.jobs?.map(\.pipelineName) == ["till"])
        input.pipelineName = "till"
        let mismatched = input
        await #expect(
            throws: ServiceException(.invalidNextToken, "The next token was specified in an invalid format")
        ) { try await Self.list(bed, mismatched) }
    }

    @Test func `Jobs of one pipeline come in pages too`() async throws {
        let stage = StageDeclaration.stage("Build", .work("A"), .work("B"), .work("C"))
        let (bed, _) = try await APITestBed.withPipeline(stage, .stage("Release", .work()))
        var input = ListingInput(pipelineName: "shop", maxResults: 1)
        var actions: [String] = []
        repeat {
            let page = try await Self.list(bed, input)
            try #require(page.jobs?.count == 1)
            actions += (page.jobs ?? []).compactMap(\.actionName)
            input.nextToken = page.nextToken
        } while input.nextToken != nil
        #expect(actions.sorted() == ["A", "B", "C"])
    }

    @Test func `A pipeline that does not exist is named`() async throws {
        let bed = try await APITestBed()
        await #expect(throws: ServiceException.noPipeline("none")) {
            try await Self.list(bed, ListingInput(pipelineName: "none"))
        }
    }

    @Test func `Another account sees none of them`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        #expect(try await Self.jobs(bed, as: .otherCustomer) == [])
        let error = await #expect(throws: ServiceException.self) {
            try await Self.list(bed, ListingInput(pipelineName: "shop"), as: .otherCustomer)
        }
        #expect(error?.code == .pipelineNotFound)
    }
}
