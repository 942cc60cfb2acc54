// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockWire
import Testing

/// Results that come too early, too late, twice, or against each other.
struct JobResultTests {
    /// Results that a worker may send.
    enum Result: Sendable, CaseIterable {
        case success, progress, failure

        func send(_ worker: TestWorker, _ job: TestJob) async throws {
            switch self {
            case .success: try await worker.succeed(job)
            case .progress: try await worker.succeed(job, continuation: "more")
            case .failure: try await worker.fail(job)
            }
        }
    }

    @Test(arguments: WorkerFamily.allCases, Result.allCases)
    func `A result before the acknowledgement is refused`(family: WorkerFamily, result: Result) async throws {
        let worker = try await APITestBed.withWorker(family)
        let id = try await worker.bed.openJobID()
        await #expect(throws: ServiceException.jobIs("Queued", id)) {
            try await result.send(worker, TestJob(id: id, data: JobData()))
        }
        let job = try await worker.next()
        await #expect(throws: ServiceException.jobIs("Dispatched", id)) { try await result.send(worker, job) }
        worker.bed.pass(time: .seconds(60))
        await #expect(throws: ServiceException.jobIs("Queued", id)) { try await result.send(worker, job) }
        #expect(try await worker.acknowledge(job) == .inProgress)
        try await result.send(worker, job)
    }

    @Test(arguments: WorkerFamily.allCases, Result.allCases)
    func `A result after the time is over is refused`(family: WorkerFamily, result: Result) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.bed.advance(by: .seconds(24 * 3600))
        await #expect(throws: ServiceException.jobIs("TimedOut", job.id)) { try await result.send(worker, job) }
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .failed)
    }

    @Test(arguments: WorkerFamily.allCases, Result.allCases)
    func `Time that is over counts before anything has been done about it`(
        family: WorkerFamily, result: Result
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        worker.bed.pass(time: .seconds(24 * 3600))
        await #expect(throws: ServiceException.jobIs("TimedOut", job.id)) { try await result.send(worker, job) }
        try await worker.bed.settle()
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .failed)
    }

    @Test(arguments: WorkerFamily.allCases, Result.allCases)
    func `The same result again within 15 minutes is answered alike and changes nothing`(
        family: WorkerFamily, result: Result
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await result.send(worker, job)
        worker.bed.pass(time: .seconds(899))
        let state = try await worker.bed.state()
        try await result.send(worker, job)
        #expect(try await worker.bed.state() == state)
        worker.bed.pass(time: .seconds(1))
        let end = result == .failure ? "Failed" : "Succeeded"
        await #expect(throws: ServiceException.jobIs(end, job.id)) { try await result.send(worker, job) }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Of success and failure the first stands`(family: WorkerFamily) async throws {
        for first in Result.allCases {
            let worker = try await APITestBed.withWorker(family)
            let job = try await worker.take()
            try await first.send(worker, job)
            let state = try await worker.bed.state()
            let end = first == .failure ? "Failed" : "Succeeded"
            for second in Result.allCases where second != first {
                await #expect(throws: ServiceException.jobIs(end, job.id)) { try await second.send(worker, job) }
            }
            #expect(try await worker.bed.state() == state)
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The same kind of result with anything else in it is another result`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let failed = try await worker.take()
        try await worker.fail(failed, externalExecutionID: "run-42")
        let refusal = ServiceException.jobIs("Failed", failed.id)
        await #expect(throws: refusal) { try await worker.fail(failed) }
        await #expect(throws: refusal) { try await worker.fail(failed, externalExecutionID: "run-43") }
        await #expect(throws: refusal) {
            try await worker.fail(failed, message: "4 tests failed", externalExecutionID: "run-42")
        }
        await #expect(throws: refusal) {
            try await worker.fail(failed, .permissionError, externalExecutionID: "run-42")
        }
        try await worker.fail(failed, externalExecutionID: "run-42")
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A success is the same only with the same token, details and revision`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        let details = ExecutionDetails(summary: "half", externalExecutionID: "run-42", percentComplete: 50)
        let revision = CurrentRevision(revision: "abc", changeIdentifier: "1")
        try await worker.succeed(job, continuation: "more", revision: revision, details: details)
        try await worker.succeed(job, continuation: "more", revision: revision, details: details)
        let refusal = ServiceException.jobIs("Succeeded", job.id)
        await #expect(throws: refusal) { try await worker.succeed(job, revision: revision, details: details) }
        await #expect(throws: refusal) {
            try await worker.succeed(job, continuation: "else", revision: revision, details: details)
        }
        await #expect(throws: refusal) { try await worker.succeed(job, continuation: "more", details: details) }
        await #expect(throws: refusal) { try await worker.succeed(job, continuation: "more", revision: revision) }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A repeated continuation does not make a second next job`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.succeed(job, continuation: "more")
        try await worker.succeed(job, continuation: "more")
        #expect(try await worker.poll(10).count == 1)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Of two workers that report at once one is heard`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        let refusals = await withTaskGroup(of: ExceptionCode?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    do {
                        try await number % 2 == 0 ? worker.succeed(job) : worker.fail(job, message: "\(number)")
                        return nil
                    } catch {
                        return (error as? ServiceException)?.code ?? .internalFailure
                    }
                }
            }
            return await group.reduce(into: [ExceptionCode?]()) { $0.append($1) }
        }
        let status = try await worker.bed.action(in: "Build").latestExecution?.status
        // Successes are alike, so that all of them are heard when one is.
        let heard = status == .succeeded ? 4 : 1
        #expect(refusals.filter { $0 == nil }.count == heard)
        #expect(refusals.filter { $0 == .invalidJobState }.count == 8 - heard)
    }

    @Test(arguments: WorkerFamily.allCases, Result.allCases)
    func `Elsewhere, and to the other family, there is no job to report on`(
        family: WorkerFamily, result: Result
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        let missing = ServiceException.noJob(job.id)
        await #expect(throws: missing) { try await result.send(worker.asking(as: .otherCustomer), job) }
        await #expect(throws: missing) { try await result.send(worker.elsewhere(), job) }
        var other = TestWorker(bed: worker.bed, family: family.other)
        other.token = worker.token.isEmpty ? "token" : worker.token
        await #expect(throws: missing) { try await result.send(other, job) }
        let unknown = TestJob(id: unknownID, data: JobData())
        await #expect(throws: ServiceException.noJob(unknownID)) { try await result.send(worker, unknown) }
        try await result.send(worker, job)
    }

    @Test(arguments: WorkerFamily.allCases, Result.allCases)
    func `A result is answered without a body`(family: WorkerFamily, result: Result) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        let name = (family == .custom ? "PutJob" : "PutThirdPartyJob") + (result == .failure ? "Failure" : "Success")
        var members = [#""jobId":"\#(job.id)""#]
        if family == .partner { members.append(#""clientToken":"\#(worker.token)""#) }
        switch result {
        case .success: break
        case .progress: members.append(#""continuationToken":"more""#)
        case .failure: members.append(#""failureDetails":{"type":"JobFailed","message":"3 tests failed"}"#)
        }
        let body = Array("{\(members.joined(separator: ","))}".utf8)
        let request = TestRequest(target: "\(TestRequest.targetPrefix).\(name)Result", body: body)
        let answer = try await worker.bed.send(request, as: worker.identity)
        #expect(answer.status == 200)
        #expect(answer.body == [])
        #expect(answer.headers[.contentLength] == "0")
    }
}
