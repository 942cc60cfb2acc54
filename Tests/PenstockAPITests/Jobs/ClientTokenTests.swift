// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// How partners prove that a customer has connected them, and what those learn who cannot.
struct ClientTokenTests {
    /// The operations that take a client token.
    enum Call: Sendable, CaseIterable {
        case details, acknowledge, succeed, fail

        func make(_ worker: TestWorker, _ job: TestJob) async throws {
            switch self {
            case .details: _ = try await worker.details(job.id)
            case .acknowledge: _ = try await worker.acknowledge(job)
            case .succeed: try await worker.succeed(job)
            case .fail: try await worker.fail(job)
            }
        }
    }

    /// The refusal, with nothing in it but what it should say.
    private static func refusal(_ call: Call, _ worker: TestWorker, _ job: TestJob) async -> ServiceException? {
        await #expect(throws: ServiceException.self) { try await call.make(worker, job) }
    }

    @Test(arguments: Call.allCases)
    func `A wrong token is refused, in every state of the job`(call: Call) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let stranger = worker.holding(String(worker.token.reversed()))
        let job = try await worker.next()
        #expect(await Self.refusal(call, stranger, job) == .wrongClientToken)
        #expect(try await worker.acknowledge(job) == .inProgress)
        #expect(await Self.refusal(call, stranger, job) == .wrongClientToken)
        try await worker.fail(job)
        #expect(await Self.refusal(call, stranger, job) == .wrongClientToken)
    }

    @Test(arguments: Call.allCases)
    func `The token of another customer's connection is wrong`(call: Call) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let other = try await worker.bed.connect("other", as: .otherCustomer)
        let job = try await worker.take()
        #expect(await Self.refusal(call, worker.holding(other), job) == .wrongClientToken)
    }

    @Test(arguments: Call.allCases)
    func `A job that is not there is not found, whatever the token`(call: Call) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        for id in [unknownID, "job-7", String(repeating: "x", count: 512)] {
            let unknown = TestJob(id: id, nonce: job.nonce, data: job.data)
            #expect(await Self.refusal(call, worker, unknown) == .noJob(id))
            #expect(await Self.refusal(call, worker.holding("wrong"), unknown) == .noJob(id))
        }
    }

    @Test(arguments: Call.allCases)
    func `To an account that may not poll the type there is no such job, even with the token`(
        call: Call
    ) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        for identity in [TestIdentity.stranger, .customer] {
            #expect(await Self.refusal(call, worker.asking(as: identity), job) == .noJob(job.id))
        }
        #expect(await Self.refusal(call, try worker.elsewhere(), job) == .noJob(job.id))
    }

    @Test func `The token is checked before the nonce and before the state`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.next()
        let stranger = worker.holding("wrong")
        await #expect(throws: ServiceException.wrongClientToken) {
            try await stranger.acknowledge(job, nonce: "17")
        }
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job, nonce: "17") }
        await #expect(throws: ServiceException.wrongClientToken) { try await stranger.succeed(job) }
        await #expect(throws: ServiceException.jobIs("Dispatched", job.id)) { try await worker.succeed(job) }
    }

    @Test(arguments: Call.allCases)
    func `No answer has the token in it`(call: Call) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.next()
        let secret = "wrong-" + worker.token
        let refusal = await Self.refusal(call, worker.holding(secret), job)
        #expect(refusal?.message.contains(worker.token) == false)
        let long = worker.holding(String(repeating: worker.token, count: 5))
        #expect(
            await Self.refusal(call, long, job)
                == .invalid("clientToken", "Member must have length less than or equal to 256"))
    }

    // MARK: The life of a token

    @Test func `After a rotation both tokens count for a day, then the new one alone`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await worker.fail(worker.take())
        let renewed = worker.holding(try await worker.bed.rotateToken())
        #expect(renewed.token != worker.token)
        worker.bed.pass(time: .seconds(86_399))
        try await worker.bed.retry("Build", worker.execution)
        let job = try await worker.take()
        #expect(try await renewed.details(job.id).id == job.id)
        worker.bed.pass(time: .seconds(1))
        await #expect(throws: ServiceException.wrongClientToken) { try await worker.details(job.id) }
        #expect(try await renewed.details(job.id).id == job.id)
    }

    @Test func `A revoked connection lets the job under way end, and no more begin`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.revokeConnection()
        try await worker.fail(job)
        try await worker.bed.retry("Build", worker.execution)
        #expect(try await worker.poll() == [])
    }

    @Test func `What goes on after a revocation waits for the connection after the revoked one`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.revokeConnection()
        try await worker.succeed(job, continuation: "more")
        #expect(try await worker.poll() == [])
        let summary = try await worker.bed.action(in: "Build").latestExecution?.summary
        #expect(summary == "The action is not connected to its provider, so no worker can take its job.")
        let renewed = worker.holding(try await worker.bed.connect())
        let next = try #require(try await renewed.poll().first)
        #expect(next.data.continuationToken == "more")
        await #expect(throws: ServiceException.wrongClientToken) { try await worker.details(next.id) }
    }

    @Test func `What goes on after another connection was made is handed out under that`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.revokeConnection()
        let renewed = worker.holding(try await worker.bed.connect())
        try await worker.succeed(job, continuation: "more")
        let next = try await renewed.take()
        #expect(next.data.continuationToken == "more")
        await #expect(throws: ServiceException.wrongClientToken) { try await worker.details(next.id) }
        try await renewed.succeed(next)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    // MARK: An action that is removed

    @Test func `The connection of an action that is removed lasts as long as its jobs`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let first = try await worker.take()
        try await worker.bed.update(.stage("Build", .work("Else")), .stage("Release", .work("Ship")))
        #expect(try await worker.bed.isConnected())
        try await worker.succeed(first, continuation: "more")
        #expect(try await worker.bed.isConnected())
        let second = try await worker.take()
        #expect(second.data.continuationToken == "more")
        try await worker.fail(second)
        #expect(try await !worker.bed.isConnected())
    }

    @Test(arguments: [false, true])
    func `A job that nobody has taken keeps the connection as well, until it ends`(isAbandoned: Bool) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await worker.bed.update(.stage("Build", .work("Else")), .stage("Release", .work("Ship")))
        #expect(try await worker.bed.isConnected())
        if isAbandoned {
            try await worker.bed.stop(worker.execution, abandon: true)
        } else {
            try await worker.succeed(worker.take())
        }
        #expect(try await !worker.bed.isConnected())
    }

    @Test func `The connection of an action without jobs is revoked by the update that removes it`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await worker.fail(worker.take())
        try await worker.bed.update(.stage("Build", .work("Else")), .stage("Release", .work("Ship")))
        #expect(try await !worker.bed.isConnected())
    }

    @Test func `An update that keeps stage, action and type keeps the connection, also after its jobs`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.update(.stage("Build", .work(type: worker.family.type)), .stage("Release", .work("Else")))
        try await worker.succeed(job)
        #expect(try await worker.bed.isConnected())
    }

    @Test func `A job that nobody was told of goes to the connection after the revoked one`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await worker.bed.revokeConnection()
        #expect(try await worker.poll() == [])
        let token = try await worker.bed.connect()
        let job = try #require(try await worker.holding(token).poll().first)
        await #expect(throws: ServiceException.wrongClientToken) { try await worker.acknowledge(job) }
        #expect(try await worker.holding(token).acknowledge(job) == .inProgress)
    }

    @Test func `The last result under a revoked connection may be repeated while repeats count`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await worker.bed.revokeConnection()
        try await worker.fail(job)
        worker.bed.pass(time: .seconds(899))
        try await worker.fail(job)
        worker.bed.pass(time: .seconds(1))
        await #expect(throws: ServiceException.wrongClientToken) { try await worker.fail(job) }
    }

    @Test func `A connection serves one type, which the first dispatch fixes`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await worker.fail(worker.take())
        let other = PenstockModel.ActionTypeID(category: .test, owner: .thirdParty, provider: "Prober", version: "1")
        try await worker.bed.registerPartnerType(other)
        try await worker.bed.update(.stage("Build", .work(type: other)), .stage("Release", .work("Ship")))
        try await worker.bed.start()
        let input = PollForThirdPartyJobsInput(actionTypeID: .prober)
        #expect(
            try await worker.bed.call(Operations.PollForThirdPartyJobs.self, input, as: .partner).jobs == [])
        _ = try await worker.bed.connect()
        #expect(
            try await worker.bed.call(Operations.PollForThirdPartyJobs.self, input, as: .partner).jobs?.count == 1)
    }
}

extension PenstockWire.ActionTypeID {
    fileprivate static let prober = Self(category: .test, owner: .thirdParty, provider: "Prober", version: "1")
}
