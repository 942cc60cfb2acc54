// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// Which jobs a partner's worker is told of.
struct PollForPartnerJobsTests {
    private static func poll(
        _ bed: APITestBed,
        _ type: PenstockWire.ActionTypeID = .scanner,
        _ limit: Int? = nil,
        as identity: TestIdentity = .partner,
        region: Region = .default
    ) async throws -> [ThirdPartyJob] {
        let input = PollForThirdPartyJobsInput(actionTypeID: type, maxBatchSize: limit)
        let output = try await bed.call(Operations.PollForThirdPartyJobs.self, input, as: identity, region: region)
        return try #require(output.jobs)
    }

    /// A pipeline of the customer's with the partner's action, connected, and its execution started.
    private static func connect(_ bed: APITestBed, _ customer: TestIdentity) async throws {
        _ = try await bed.connect(as: customer)
        try await bed.createPipeline(type: .scanner, as: customer)
        bed.pass(time: .seconds(1))
    }

    @Test func `One worker serves every customer that is connected, the oldest job first`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        let customers = [TestIdentity.otherCustomer, .customer, .stranger]
        for customer in customers { try await Self.connect(bed, customer) }
        var clients: [String] = []
        for customer in customers { clients.append(try await bed.clientID(of: customer).description) }
        #expect(try await Self.poll(bed).map(\.clientID) == [clients[0]])
        #expect(try await Self.poll(bed, .scanner, 5).map(\.clientID) == [clients[1], clients[2]])
        #expect(try await Self.poll(bed, .scanner, 5) == [])
    }

    @Test func `A poll tells the client and the job, and nothing else`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await Self.connect(bed, .customer)
        let job = try await bed.openJobID()
        let client = try await bed.clientID()
        let body =
            #"{"actionTypeId":{"category":"Test","owner":"ThirdParty","provider":"Scanner","version":"1"}}"#
        let request = TestRequest(Operations.PollForThirdPartyJobs.self, body: body)
        #expect(
            try await bed.send(request, as: .partner).text
                == #"{"jobs":[{"clientId":"\#(client)","jobId":"\#(job)"}]}"#)
        #expect(try await bed.send(request, as: .partner).text == #"{"jobs":[]}"#)
    }

    @Test func `A job is kept from others while it is visible to one`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await Self.connect(bed, .customer)
        let first = try await Self.poll(bed)
        #expect(first.count == 1)
        bed.pass(time: .seconds(59))
        #expect(try await Self.poll(bed) == [])
        bed.pass(time: .seconds(1))
        #expect(try await Self.poll(bed) == first)
    }

    @Test func `A job without a connection is nobody's until there is one`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await bed.createPipeline(type: .scanner)
        #expect(try await Self.poll(bed) == [])
        _ = try await bed.connect()
        #expect(try await Self.poll(bed).count == 1)
    }

    @Test func `Jobs are the region's own`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await Self.connect(bed, .customer)
        let elsewhere = try #require(Region("eu-west-1"))
        await #expect(throws: ServiceException.noActionType("ThirdParty", "Scanner")) {
            try await Self.poll(bed, region: elsewhere)
        }
    }

    @Test func `An account that may not poll the type does not learn that there is one`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await Self.connect(bed, .customer)
        for identity in [TestIdentity.stranger, .customer] {
            await #expect(throws: ServiceException.noActionType("ThirdParty", "Scanner")) {
                try await Self.poll(bed, as: identity)
            }
        }
        let none = PenstockWire.ActionTypeID(category: .test, owner: .thirdParty, provider: "None", version: "1")
        await #expect(throws: ServiceException.noActionType("ThirdParty", "None")) {
            try await Self.poll(bed, none)
        }
        #expect(try await Self.poll(bed).count == 1)
    }

    @Test func `The owner of a type polls only if it is listed, and whoever is listed polls`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType(pollingAccounts: [TestIdentity.stranger.account])
        try await Self.connect(bed, .customer)
        await #expect(throws: ServiceException.noActionType("ThirdParty", "Scanner")) { try await Self.poll(bed) }
        #expect(try await Self.poll(bed, as: .stranger).count == 1)
    }

    @Test func `Custom types are not polled for this way`() async throws {
        let bed = try await APITestBed()
        try await bed.register()
        await #expect(throws: ServiceException(.validation, "ActionType with owner 'Custom' is not supported")) {
            try await Self.poll(bed, .checker, as: .customer)
        }
    }

    @Test func `The service's own types have no such workers`() async throws {
        let bed = try await APITestBed()
        let type = PenstockWire.ActionTypeID(category: .source, owner: .aws, provider: "S3", version: "1")
        await #expect(throws: ServiceException.noActionType("AWS", "S3", category: "Source")) {
            try await Self.poll(bed, type)
        }
    }

    @Test func `A batch has at least one`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        await #expect(
            throws: ServiceException.invalid("maxBatchSize", "Member must have value greater than or equal to 1")
        ) { try await Self.poll(bed, .scanner, 0) }
    }
}
