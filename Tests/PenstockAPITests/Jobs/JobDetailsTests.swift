// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// What GetJobDetails and GetThirdPartyJobDetails tell, in each state of a job.
struct JobDetailsTests {
    /// A way to end a job that a worker has.
    enum Ending: Sendable, CaseIterable {
        case succeeded, failed, timedOut, abandoned

        func apply(to job: TestJob, of worker: TestWorker) async throws {
            switch self {
            case .succeeded: try await worker.succeed(job)
            case .failed: try await worker.fail(job)
            case .timedOut: try await worker.bed.advance(by: .seconds(24 * 3600))
            case .abandoned: try await worker.bed.stop(worker.execution, abandon: true)
            }
        }
    }

    @Test func `A custom worker reads the same again, without the nonce and with other credentials`() async throws {
        let worker = try await APITestBed.withWorker(.custom)
        let waiting = try await worker.details(worker.bed.openJobID())
        let polled = try await worker.next()
        let dispatched = try await worker.details(polled.id)
        #expect(try await worker.acknowledge(polled) == .inProgress)
        let running = try await worker.details(polled.id)
        for job in [waiting, dispatched, running] {
            #expect(job.nonce == nil)
            #expect(job.account == "111111111111")
            #expect(job.data.withoutCredentials == polled.data.withoutCredentials)
        }
        let credentials = [waiting, polled, dispatched, running].map { $0.data.artifactCredentials }
        #expect(Set(credentials.compactMap { $0?.sessionToken.exposed }).count == 4)
        #expect(Set(credentials.compactMap { $0?.accessKeyID.exposed }).count == 4)
    }

    @Test func `A body of custom details has no nonce, one of a partner's has no account`() async throws {
        for family in WorkerFamily.allCases {
            let worker = try await APITestBed.withWorker(family)
            let job = try await worker.take()
            let request =
                switch family {
                case .custom: TestRequest(Operations.GetJobDetails.self, body: #"{"jobId":"\#(job.id)"}"#)
                case .partner:
                    TestRequest(
                        Operations.GetThirdPartyJobDetails.self,
                        body: #"{"jobId":"\#(job.id)","clientToken":"\#(worker.token)"}"#)
                }
            let text = try await worker.bed.send(request, as: worker.identity).text
            #expect(text.contains(#""nonce":"#) == (family == .partner))
            #expect(text.contains(#""accountId":"#) == (family == .custom))
            #expect(!text.contains("null"))
        }
    }

    @Test func `A partner reads the nonce of the last dispatch, also after its visibility`() async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let waiting = try await worker.details(worker.bed.openJobID())
        #expect(waiting.nonce == nil)
        let first = try await worker.next()
        #expect(try await worker.details(first.id).nonce == first.nonce)
        worker.bed.pass(time: .seconds(60))
        #expect(try await worker.details(first.id).nonce == first.nonce)
        let second = try await worker.next()
        #expect(second.nonce != first.nonce)
        #expect(try await worker.acknowledge(second) == .inProgress)
        #expect(try await worker.details(first.id).nonce == second.nonce)
    }

    @Test(arguments: Ending.allCases)
    func `A custom job that ended is told for an hour, without credentials`(ending: Ending) async throws {
        let worker = try await APITestBed.withWorker(.custom)
        let job = try await worker.take()
        try await ending.apply(to: job, of: worker)
        worker.bed.pass(time: .seconds(3599))
        let told = try await worker.details(job.id)
        #expect(told.data == job.data.withoutCredentials)
        worker.bed.pass(time: .seconds(1))
        await #expect(throws: ServiceException.noJob(job.id)) { try await worker.details(job.id) }
    }

    @Test(arguments: Ending.allCases)
    func `A partner's job that ended is not valid`(ending: Ending) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        let job = try await worker.take()
        try await ending.apply(to: job, of: worker)
        await #expect(throws: ServiceException.unreadableJob(job.id)) { try await worker.details(job.id) }
        worker.bed.pass(time: .seconds(7 * 86_400))
        await #expect(throws: ServiceException.noJob(job.id)) { try await worker.details(job.id) }
    }

    @Test func `Everybody whom the account allows it may read a custom job`() async throws {
        let worker = try await APITestBed.withWorker(.custom)
        let job = try await worker.take()
        let ben = TestIdentity.user(allowed: ["codepipeline:GetJobDetails"])
        #expect(try await worker.asking(as: ben).details(job.id).id == job.id)
        let refusal = await #expect(throws: ServiceException.self) {
            try await worker.asking(as: .user("kim", allowed: ["codepipeline:GetPipeline"])).details(job.id)
        }
        #expect(refusal?.code == .accessDenied)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Elsewhere, and to the other family, there is no such job`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        let missing = ServiceException.noJob(job.id)
        await #expect(throws: missing) { try await worker.asking(as: .otherCustomer).details(job.id) }
        await #expect(throws: missing) { try await worker.elsewhere().details(job.id) }
        await #expect(throws: ServiceException.noJob(unknownID)) { try await worker.details(unknownID) }
        var other = TestWorker(bed: worker.bed, family: family.other)
        other.token = worker.token.isEmpty ? "token" : worker.token
        await #expect(throws: missing) { try await other.details(job.id) }
    }

    @Test func `An approval's and a source's work are nobody's jobs`() async throws {
        let approval = try await APITestBed.withWorker(.custom, build: [.approval()])
        let source = try await APITestBed.withWorker(.custom, build: [.object(polls: false)])
        for worker in [approval, source] {
            let id = try await worker.bed.openJobID()
            await #expect(throws: ServiceException.noJob(id)) { try await worker.details(id) }
        }
    }
}

extension JobData {
    var withoutCredentials: Self {
        var data = self
        data.artifactCredentials = nil
        return data
    }
}
