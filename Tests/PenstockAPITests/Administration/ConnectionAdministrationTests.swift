// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

struct ConnectionAdministrationTests {
    private static func connect(
        _ bed: APITestBed,
        _ action: String = "Work",
        pipeline: String = "shop",
        as identity: TestIdentity = .customer
    ) async throws -> IssuedConnection {
        let input = CreateConnectionInput(pipelineName: pipeline, stageName: "Build", actionName: action)
        return try await bed.administer(Administration.CreateConnection.self, input, as: identity)
    }

    private static func list(
        _ bed: APITestBed,
        _ input: ListingInput = ListingInput(),
        as identity: TestIdentity = .customer
    ) async throws -> ListConnectionsOutput {
        try await bed.administer(Administration.ListConnections.self, input, as: identity)
    }

    /// What the partner's worker sees of its job with this token.
    private static func details(_ bed: APITestBed, _ jobID: String, token: Sensitive) async throws -> String? {
        let input = GetThirdPartyJobDetailsInput(jobID: jobID, clientToken: token)
        return try await bed.call(Operations.GetThirdPartyJobDetails.self, input, as: .partner).jobDetails?.id
    }

    /// A partner's job, handed out.
    private static func poll(_ bed: APITestBed) async throws -> ThirdPartyJob {
        try #require(try await self.polledJobs(bed).first)
    }

    private static func polledJobs(_ bed: APITestBed) async throws -> [ThirdPartyJob] {
        let input = PollForThirdPartyJobsInput(actionTypeID: .scanner, maxBatchSize: 10)
        let output = try await bed.call(Operations.PollForThirdPartyJobs.self, input, as: .partner)
        return try #require(output.jobs)
    }

    private static func notFound(_ id: String, _ identity: TestIdentity = .customer) -> ServiceException {
        ServiceException(.resourceNotFound, "Account '\(identity.account)' has no live connection '\(id)'")
    }

    @Test func `A connection's id and token are what the partner works with`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await bed.createPipeline(type: .scanner)
        let issued = try await Self.connect(bed)
        #expect(issued.clientToken.exposed.count == 64)
        #expect(issued.clientToken.exposed.allSatisfy { $0.isHexDigit })
        let job = try await Self.poll(bed)
        #expect(job.clientID == issued.clientID)
        let id = try #require(job.jobID)
        #expect(try await Self.details(bed, id, token: issued.clientToken) == id)
        let listed = try #require(try await Self.list(bed).connections?.first)
        #expect(listed.clientID == issued.clientID)
        #expect(listed.actionTypeID == .scanner)
    }

    @Test func `An action has one connection`() async throws {
        let bed = try await APITestBed()
        _ = try await Self.connect(bed)
        let error = await #expect(throws: ServiceException.self) { try await Self.connect(bed) }
        #expect(error?.code == .conflict)
    }

    @Test func `The token is told once, and neither listed, nor recorded, nor kept`() async throws {
        let bed = try await APITestBed()
        let issued = try await Self.connect(bed)
        let answer = try await bed.send(.administration("ListConnections"))
        #expect(answer.text.contains(issued.clientID))
        #expect(!answer.text.contains(issued.clientToken.exposed))
        let (rows, audit) = try await bed.store.read { reader in
            (
                try reader.connections(in: bed.caller().scope),
                try reader.auditEntries(of: bed.caller().scope.account, limit: 10)
            )
        }
        #expect(rows.map(\.tokenHash).allSatisfy { $0 != Array(issued.clientToken.exposed.utf8) })
        #expect(audit.map(\.operation) == ["CreateConnection"])
        #expect(audit.map(\.resource) == ["connection/\(issued.clientID)"])
        #expect("\(issued)".contains("****"))
        #expect(!"\(issued)".contains(issued.clientToken.exposed))
    }

    @Test func `A rotated token replaces the one before after a day`() async throws {
        let bed = try await APITestBed(settings: .init())
        try await bed.registerPartnerType(jobTimeoutSeconds: 43_200)
        let first = try await Self.connect(bed)
        let second = try await bed.administer(
            Administration.RotateConnection.self, ConnectionInput(clientID: first.clientID))
        #expect(second.clientID == first.clientID)
        #expect(second.clientToken != first.clientToken)
        let expiry = try #require(second.previousTokenExpires)
        #expect(expiry.millisecondsSinceEpoch - bed.now.millisecondsSinceEpoch == 24 * 3600 * 1000)
        bed.clock.advance(by: .hours(24) - .milliseconds(1))
        try await bed.createPipeline(type: .scanner)
        let job = try #require(try await Self.poll(bed).jobID)
        #expect(try await Self.details(bed, job, token: first.clientToken) == job)
        bed.clock.advance(by: .milliseconds(1))
        let error = await #expect(throws: ServiceException.self) {
            try await Self.details(bed, job, token: first.clientToken)
        }
        #expect(error?.code == .invalidClientToken)
        #expect(try await Self.details(bed, job, token: second.clientToken) == job)
    }

    @Test func `A revoked connection is listed as such, cannot be rotated, and makes room for another`() async throws {
        let bed = try await APITestBed()
        let first = try await Self.connect(bed)
        try await bed.administer(Administration.RevokeConnection.self, ConnectionInput(clientID: first.clientID))
        await #expect(throws: Self.notFound(first.clientID)) {
            try await bed.administer(Administration.RotateConnection.self, ConnectionInput(clientID: first.clientID))
        }
        await #expect(throws: Self.notFound(first.clientID)) {
            try await bed.administer(Administration.RevokeConnection.self, ConnectionInput(clientID: first.clientID))
        }
        bed.clock.advance(by: .seconds(1))
        let second = try await Self.connect(bed)
        let listed = try #require(try await Self.list(bed).connections)
        #expect(listed.map(\.clientID) == [first.clientID, second.clientID])
        #expect(listed.map { $0.revoked != nil } == [true, false])
    }

    @Test func `What no worker has acknowledged waits for another connection once its own is revoked`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await bed.createPipeline("shop", type: .scanner)
        let first = try await Self.connect(bed)
        let handedOut = try #require(try await Self.poll(bed).jobID)
        try await bed.administer(Administration.RevokeConnection.self, ConnectionInput(clientID: first.clientID))
        let error = await #expect(throws: ServiceException.self) {
            try await Self.details(bed, handedOut, token: first.clientToken)
        }
        #expect(error?.code == .invalidClientToken)
        bed.clock.advance(by: .seconds(60))
        #expect(try await Self.polledJobs(bed).isEmpty)
        let second = try await Self.connect(bed)
        #expect(try await Self.poll(bed).clientID == second.clientID)
        #expect(try await Self.details(bed, handedOut, token: second.clientToken) == handedOut)
    }

    @Test func `A queued job is not handed out under a revoked connection`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        let connection = try await Self.connect(bed)
        try await bed.createPipeline(type: .scanner)
        try await bed.administer(
            Administration.RevokeConnection.self, ConnectionInput(clientID: connection.clientID))
        #expect(try await Self.polledJobs(bed).isEmpty)
        let summary = try await bed.action(in: "Build").latestExecution?.summary
        #expect(summary == "The action is not connected to its provider, so no worker can take its job.")
    }

    @Test func `What a worker has acknowledged may be ended after the connection was revoked`() async throws {
        let bed = try await APITestBed()
        try await bed.registerPartnerType()
        try await bed.createPipeline(type: .scanner)
        let connection = try await Self.connect(bed)
        let id = try #require(try await Self.poll(bed).jobID)
        let details = try await bed.call(
            Operations.GetThirdPartyJobDetails.self,
            GetThirdPartyJobDetailsInput(jobID: id, clientToken: connection.clientToken), as: .partner)
        let acknowledgement = AcknowledgeThirdPartyJobInput(
            jobID: id, nonce: try #require(details.jobDetails?.nonce), clientToken: connection.clientToken)
        try await bed.call(Operations.AcknowledgeThirdPartyJob.self, acknowledgement, as: .partner)
        try await bed.administer(
            Administration.RevokeConnection.self, ConnectionInput(clientID: connection.clientID))
        let result = PutThirdPartyJobSuccessResultInput(jobID: id, clientToken: connection.clientToken)
        try await bed.call(Operations.PutThirdPartyJobSuccessResult.self, result, as: .partner)
        #expect(try await bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test func `Connections of another account are neither seen nor changed`() async throws {
        let bed = try await APITestBed()
        let id = try await Self.connect(bed).clientID
        #expect(try await Self.list(bed, as: .otherCustomer).connections == [])
        await #expect(throws: Self.notFound(id, .otherCustomer)) {
            try await bed.administer(
                Administration.RotateConnection.self, ConnectionInput(clientID: id), as: .otherCustomer)
        }
        await #expect(throws: Self.notFound(id, .otherCustomer)) {
            try await bed.administer(
                Administration.RevokeConnection.self, ConnectionInput(clientID: id), as: .otherCustomer)
        }
        #expect(try await Self.list(bed).connections?.first?.revoked == nil)
        // The same names in another account are another action.
        #expect(try await Self.connect(bed, as: .otherCustomer).clientID != id)
    }

    @Test func `Pages together hold every connection once, and those of one pipeline when asked`() async throws {
        let bed = try await APITestBed()
        var ids: [String] = []
        for number in 0..<5 {
            ids.append(try await Self.connect(bed, "Work\(number)", pipeline: number < 3 ? "shop" : "till").clientID)
            bed.clock.advance(by: .milliseconds(1))
        }
        var input = ListingInput(pipelineName: "shop", maxResults: 2)
        let first = try await Self.list(bed, input)
        #expect(first.nextToken != nil)
        input.nextToken = first.nextToken
        let second = try await Self.list(bed, input)
        let paged = (first.connections ?? []) + (second.connections ?? [])
        #expect(paged.map(\.clientID) == Array(ids.prefix(3)))
        #expect(second.nextToken == nil)
        #expect(try await Self.list(bed).connections?.map(\.clientID) == ids)
        input.pipelineName = nil
        let mismatched = input
        await #expect(
            throws: ServiceException(.invalidNextToken, "The next token was specified in an invalid format")
        ) { try await Self.list(bed, mismatched) }
    }
}
