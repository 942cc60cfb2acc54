// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// Who gets a job, of those that were told of it.
struct AcknowledgeJobTests {
    @Test(arguments: WorkerFamily.allCases)
    func `The nonce of the dispatch makes the job the worker's own`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        #expect(try await worker.acknowledge(job) == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A nonce that is not the dispatch's is refused`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job, nonce: "17") }
        #expect(try await worker.acknowledge(job) == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `After the visibility the job comes again with another nonce, and the old one is worth nothing`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        let first = try await worker.next()
        #expect(try await worker.poll() == [])
        worker.bed.pass(time: .seconds(59))
        #expect(try await worker.poll() == [])
        worker.bed.pass(time: .seconds(1))
        let second = try await worker.next()
        #expect(second.id == first.id)
        #expect(second.nonce != first.nonce)
        await #expect(throws: ServiceException.wrongNonce(first.id)) { try await worker.acknowledge(first) }
        #expect(try await worker.acknowledge(second) == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `While nobody else was told of it, a job takes its last nonce after the visibility`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        worker.bed.pass(time: .seconds(600))
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job, nonce: "17") }
        #expect(try await worker.acknowledge(job) == .inProgress)
        #expect(try await worker.poll() == [])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job that nobody was told of takes no nonce`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = TestJob(id: try await worker.bed.openJobID(), nonce: "17", data: JobData())
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job) }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The same acknowledgement sent again is answered alike`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        #expect(try await worker.acknowledge(job) == .inProgress)
        worker.bed.pass(time: .seconds(600))
        #expect(try await worker.acknowledge(job) == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Of two workers that acknowledge at once one gets the job`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let slow = try await worker.next()
        worker.bed.pass(time: .seconds(60))
        let quick = try await worker.next()
        async let late = Self.code { try await worker.acknowledge(slow) }
        async let prompt = Self.code { try await worker.acknowledge(quick) }
        #expect(await [late, prompt] == [.invalidNonce, nil])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job in somebody's hands takes no other nonce`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job, nonce: "17") }
    }

    @Test(arguments: WorkerFamily.allCases, [JobStatus.succeeded, .failed, .timedOut])
    func `Whoever had the job is told what became of it`(family: WorkerFamily, end: JobStatus) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        switch end {
        case .succeeded: try await worker.succeed(job)
        case .failed: try await worker.fail(job)
        case _: try await worker.bed.advance(by: .seconds(24 * 3600))
        }
        #expect(try await worker.acknowledge(job) == end)
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job, nonce: "17") }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job that ended in nobody's hands takes no nonce`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        try await worker.bed.advance(by: .seconds(24 * 3600))
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job) }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Elsewhere, and to the other family, there is no such job`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        let missing = ServiceException.noJob(job.id)
        await #expect(throws: missing) { try await worker.asking(as: .otherCustomer).acknowledge(job) }
        await #expect(throws: missing) { try await worker.elsewhere().acknowledge(job) }
        var other = TestWorker(bed: worker.bed, family: family.other)
        other.token = worker.token.isEmpty ? "token" : worker.token
        await #expect(throws: missing) { try await other.acknowledge(job) }
        await #expect(throws: ServiceException.noJob(unknownID)) {
            try await worker.acknowledge(TestJob(id: unknownID, nonce: job.nonce, data: job.data))
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A nonce is a decimal number of at most 18 digits, new at each dispatch`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        var nonces: Set<String> = []
        for _ in 0..<8 {
            let nonce = try #require(try await worker.next().nonce)
            #expect(1...18 ~= nonce.count && nonce.allSatisfy { $0.isASCII && $0.isNumber }, "\(nonce)")
            nonces.insert(nonce)
            worker.bed.pass(time: .seconds(60))
        }
        #expect(nonces.count == 8)
    }

    /// The code of the refusal; `nil` when there was none.
    private static func code(_ call: () async throws -> some Any) async -> ExceptionCode? {
        do {
            _ = try await call()
            return nil
        } catch {
            return (error as? ServiceException)?.code ?? .internalFailure
        }
    }
}
