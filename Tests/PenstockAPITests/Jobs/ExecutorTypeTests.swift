// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

/// What a partner's type says of its workers, and what a change of it does to work under way.
struct ExecutorTypeTests {
    private static let partner = TestIdentity.partner.account
    private static let stranger = TestIdentity.stranger.account

    @Test func `Every account that the type lists may work, also together`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await worker.bed.registerPartnerType(pollingAccounts: [Self.partner, Self.stranger])
        let job = try await worker.next()
        let other = worker.asking(as: .stranger)
        #expect(try await other.acknowledge(job) == .inProgress)
        try await worker.fail(job)
    }

    @Test func `An account that is listed from now on gets the next job`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let other = worker.asking(as: .stranger)
        let missing = ServiceException.noActionType("ThirdParty", "Scanner")
        await #expect(throws: missing) { try await other.poll() }
        try await worker.bed.registerPartnerType(pollingAccounts: [Self.stranger])
        await #expect(throws: missing) { try await worker.poll() }
        try await other.fail(other.take())
    }

    @Test func `An account that is listed no more may end what it was handed out`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.next()
        try await worker.bed.registerPartnerType(pollingAccounts: [Self.stranger])
        #expect(try await worker.details(job.id).nonce == job.nonce)
        #expect(try await worker.acknowledge(job) == .inProgress)
        try await worker.succeed(job, continuation: "more")
        let next = TestJob(id: try await worker.bed.openJobID(), nonce: "17", data: job.data)
        await #expect(throws: ServiceException.noJob(next.id)) { try await worker.acknowledge(next) }
        #expect(try await worker.asking(as: .stranger).take().data.continuationToken == "more")
    }

    @Test func `Another time for each job counts for the next one`() async throws {
        let worker = try await APITestBed.withWorker(.partner, type: WorkerType(jobTimeoutSeconds: 600))
        let first = try await worker.take()
        try await worker.bed.registerPartnerType(jobTimeoutSeconds: 60)
        try await worker.bed.advance(by: .seconds(599))
        try await worker.succeed(first, continuation: "more")
        let second = try await worker.take()
        try await worker.bed.advance(by: .seconds(59))
        #expect(try await worker.acknowledge(second) == .inProgress)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await worker.acknowledge(second) == .timedOut)
    }

    @Test func `A type without a time of its own leaves the action's`() async throws {
        let worker = try await APITestBed.withWorker(.partner, type: WorkerType(jobTimeoutSeconds: 600))
        let first = try await worker.take()
        try await worker.bed.registerPartnerType()
        try await worker.succeed(first, continuation: "more")
        let second = try await worker.take()
        try await worker.bed.advance(by: .seconds(3599))
        #expect(try await worker.acknowledge(second) == .inProgress)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await worker.acknowledge(second) == .timedOut)
    }

    @Test func `An action whose type is a function fails as it starts, for nothing here invokes one`() async throws {
        let bed = try await APITestBed()
        let function = "arn:aws:lambda:us-east-1:333333333333:function:scan"
        let executor = PenstockModel.ActionTypeExecutor(kind: .lambda(functionARN: function), jobTimeoutSeconds: nil)
        try await bed.register(.scanner, by: .partner, executor: executor)
        _ = try await bed.connect()
        try await bed.createPipeline(type: .scanner)
        let attempt = try await bed.action(in: "Build").latestExecution
        #expect(attempt?.status == .failed)
        #expect(
            attempt?.errorDetails
                == ErrorDetails(
                    code: "ConfigurationError",
                    message: "ActionType (Category: 'Test', Provider: 'Scanner', Owner: 'ThirdParty', Version: '1') is"
                        + " not available: nothing here carries out its actions"
                ))
    }
}
