// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// Which jobs a worker of the customer's own account is handed out.
struct PollForJobsTests {
    private static func poll(
        _ bed: APITestBed,
        _ type: PenstockWire.ActionTypeID = .checker,
        _ limit: Int? = nil,
        as identity: TestIdentity = .customer,
        region: Region = .default
    ) async throws -> [PenstockWire.Job] {
        let input = PollForJobsInput(actionTypeID: type, maxBatchSize: limit)
        let output = try await bed.call(Operations.PollForJobs.self, input, as: identity, region: region)
        return try #require(output.jobs)
    }

    private static func pipelines(_ jobs: [PenstockWire.Job]) -> [String?] {
        jobs.map { $0.data?.pipelineContext?.pipelineName }
    }

    /// One pipeline after the other, each with a job.
    private static func bed(with names: String...) async throws -> APITestBed {
        let bed = try await APITestBed()
        try await bed.register()
        for name in names {
            try await bed.createPipeline(name)
            bed.pass(time: .seconds(1))
        }
        return bed
    }

    @Test func `A poll takes one job, the oldest, unless it asks for more`() async throws {
        let bed = try await Self.bed(with: "c", "a", "b")
        #expect(Self.pipelines(try await Self.poll(bed)) == ["c"])
        #expect(Self.pipelines(try await Self.poll(bed, .checker, 5)) == ["a", "b"])
        #expect(try await Self.poll(bed, .checker, 5) == [])
    }

    @Test func `A batch is full before younger jobs are taken`() async throws {
        let bed = try await Self.bed(with: "c", "a", "b")
        #expect(Self.pipelines(try await Self.poll(bed, .checker, 2)) == ["c", "a"])
        #expect(Self.pipelines(try await Self.poll(bed, .checker, 2)) == ["b"])
    }

    @Test func `Of a redelivered job and younger ones the redelivered comes first`() async throws {
        let bed = try await Self.bed(with: "old")
        _ = try await Self.poll(bed)
        try await bed.createPipeline("young")
        bed.pass(time: .seconds(60))
        #expect(Self.pipelines(try await Self.poll(bed, .checker, 5)) == ["old", "young"])
    }

    @Test func `No batch is larger than a hundred`() async throws {
        let bed = try await APITestBed()
        try await bed.register()
        let actions = (1...101).map { PenstockModel.ActionDeclaration.work("Work\($0)") }
        try await bed.createPipeline(
            APITestBed.declaration([
                PenstockModel.StageDeclaration(name: "Build", actions: actions), .stage("Release", .work()),
            ]))
        #expect(try await Self.poll(bed, .checker, 100_000).count == 100)
        #expect(try await Self.poll(bed, .checker, 100_000).count == 1)
    }

    @Test(arguments: [0, -1]) func `A batch has at least one`(limit: Int) async throws {
        let bed = try await Self.bed(with: "shop")
        await #expect(
            throws: ServiceException.invalid("maxBatchSize", "Member must have value greater than or equal to 1")
        ) { try await Self.poll(bed, .checker, limit) }
    }

    @Test func `Nothing to do is an empty list`() async throws {
        let bed = try await Self.bed()
        let body =
            #"{"actionTypeId":{"category":"Test","owner":"Custom","provider":"Checker","version":"1"}}"#
        #expect(try await bed.send(TestRequest(Operations.PollForJobs.self, body: body)).text == #"{"jobs":[]}"#)
    }

    @Test func `A job carries its id, its nonce and the account`() async throws {
        let bed = try await Self.bed(with: "shop")
        let job = try #require(try await Self.poll(bed).first)
        #expect(job.id.flatMap { UniqueID($0) }?.description == job.id)
        #expect(job.nonce?.isEmpty == false)
        #expect(job.accountID == "111111111111")
    }

    @Test func `Jobs are the account's and the region's own`() async throws {
        let bed = try await Self.bed(with: "shop")
        let (elsewhere, other) = (try #require(Region("eu-west-1")), TestIdentity.otherCustomer)
        let missing = ServiceException.noActionType("Custom", "Checker")
        await #expect(throws: missing) { try await Self.poll(bed, as: other) }
        await #expect(throws: missing) { try await Self.poll(bed, region: elsewhere) }
        try await bed.register(by: other)
        #expect(try await Self.poll(bed, as: other) == [])
        #expect(try await Self.poll(bed).count == 1)
    }

    // MARK: Types

    @Test(arguments: [PenstockWire.ActionOwner.aws, .thirdParty])
    func `Only custom types are polled for this way`(owner: PenstockWire.ActionOwner) async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        let type = PenstockWire.ActionTypeID(category: .test, owner: owner, provider: "Scanner", version: "1")
        let problem = "ActionType with owner '\(owner.rawValue)' is not supported"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await Self.poll(bed, type, as: .partner)
        }
    }

    @Test func `A type that nobody made, or that was deleted, is not available`() async throws {
        let bed = try await Self.bed(with: "shop")
        let unknown = PenstockWire.ActionTypeID(category: .test, owner: .custom, provider: "None", version: "1")
        await #expect(throws: ServiceException.noActionType("Custom", "None")) { try await Self.poll(bed, unknown) }
        let deletion = DeleteCustomActionTypeInput(category: .test, provider: "Checker", version: "1")
        try await bed.call(Operations.DeleteCustomActionType.self, deletion)
        await #expect(throws: ServiceException.noActionType("Custom", "Checker")) { try await Self.poll(bed) }
    }

    @Test func `A job that was handed out before its type was deleted can still be completed`() async throws {
        let worker = try await APITestBed.withWorker(.custom)
        let job = try await worker.next()
        let deletion = DeleteCustomActionTypeInput(category: .test, provider: "Checker", version: "1")
        try await worker.bed.call(Operations.DeleteCustomActionType.self, deletion)
        #expect(try await worker.acknowledge(job) == .inProgress)
        try await worker.fail(job)
        #expect(try await worker.bed.status(worker.execution) == .failed)
    }

    @Test func `All four parts of the type are needed, and told of at once`() async throws {
        let bed = try await APITestBed()
        let answer = try await bed.send(TestRequest(Operations.PollForJobs.self, body: #"{"actionTypeId":{}}"#))
        let problems = ["category", "owner", "provider", "version"].map { member in
            "Value at 'actionTypeId.\(member)' failed to satisfy constraint: Member must not be null"
        }
        let message = "4 validation errors detected: " + problems.joined(separator: "; ")
        #expect(answer.refusal == ServiceException(.validation, message))
    }

    @Test func `The right to poll is one on the type`() async throws {
        let bed = try await Self.bed(with: "shop")
        let type = "arn:aws:codepipeline:us-east-1:111111111111:actiontype:Custom/Test/Checker/1"
        let ben = TestIdentity.user(allowed: ["codepipeline:PollForJobs"], on: [type])
        #expect(try await Self.poll(bed, as: ben).count == 1)
        let kim = TestIdentity.user("kim", allowed: ["codepipeline:PollForJobs"], on: [type + "0"])
        let problem =
            "User: \(kim.arn) is not authorized to perform: codepipeline:PollForJobs on resource: \(type)"
            + " because no identity-based policy allows the codepipeline:PollForJobs action"
        await #expect(throws: ServiceException(.accessDenied, problem)) { try await Self.poll(bed, as: kim) }
    }
}
