// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// How a job goes on when something happens around it.
struct JobLifeTests {
    @Test(arguments: WorkerFamily.allCases)
    func `A job in somebody's hands is never handed out again`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.bed.advance(by: .seconds(3599))
        #expect(try await worker.poll() == [])
        #expect(try await worker.details(job.id).id == job.id)
        try await worker.succeed(job)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A retry gives a new attempt a new job, and the old one takes no result`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        let failed = try await worker.take()
        try await worker.fail(failed)
        try await worker.bed.retry("Build", worker.execution)
        let retried = try await worker.take()
        #expect(retried.id != failed.id)
        #expect(retried.actionExecution != failed.actionExecution)
        await #expect(throws: ServiceException.jobIs("Failed", failed.id)) { try await worker.succeed(failed) }
        try await worker.succeed(retried)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    // MARK: Stop

    @Test(arguments: WorkerFamily.allCases)
    func `A stop that waits lets the work end, through as many jobs as it takes`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let first = try await worker.take()
        try await worker.bed.stop(worker.execution)
        #expect(try await worker.bed.status(worker.execution) == .stopping)
        try await worker.succeed(first, continuation: "more")
        #expect(try await worker.bed.status(worker.execution) == .stopping)
        try await worker.succeed(worker.take())
        #expect(try await worker.bed.status(worker.execution) == .stopped)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A stop that waits lets a job be taken that nobody had yet`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        try await worker.bed.stop(worker.execution)
        try await worker.fail(worker.take())
        #expect(try await worker.bed.status(worker.execution) == .stopped)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .failed)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Abandoned work takes no result, and its action stays abandoned`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.bed.stop(worker.execution, abandon: true)
        let refusal = ServiceException.jobIs("Failed", job.id)
        await #expect(throws: refusal) { try await worker.succeed(job) }
        await #expect(throws: refusal) { try await worker.succeed(job, continuation: "more") }
        await #expect(throws: refusal) { try await worker.fail(job) }
        #expect(try await worker.acknowledge(job) == .failed)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .abandoned)
        #expect(try await worker.bed.status(worker.execution) == .stopped)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `An abandoned job is not handed out, nor is its nonce worth anything`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        try await worker.bed.stop(worker.execution, abandon: true)
        await #expect(throws: ServiceException.wrongNonce(job.id)) { try await worker.acknowledge(job) }
        worker.bed.pass(time: .seconds(60))
        #expect(try await worker.poll() == [])
        let second = try await worker.bed.start()
        try await worker.bed.stop(second, abandon: true)
        #expect(try await worker.poll() == [])
    }

    // MARK: Update and deletion

    @Test(arguments: WorkerFamily.allCases)
    func `A result is taken after an update, and the execution ends cancelled`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.bed.update(.stage("Build", .work(type: family.type)), .stage("Release", .work("Ship")))
        #expect(try await worker.details(job.id).id == job.id)
        try await worker.succeed(job, continuation: "more")
        try await worker.succeed(worker.take())
        #expect(try await worker.bed.status(worker.execution) == .cancelled)
        #expect(try await worker.bed.attempt().status == .succeeded)
        #expect(try await worker.poll() == [])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job that waits is handed out after an update`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        try await worker.bed.update(.stage("Build", .work("Other")), .stage("Release", .work("Ship")))
        try await worker.fail(worker.take())
        #expect(try await worker.bed.status(worker.execution) == .cancelled)
        #expect(try await worker.bed.attempt().status == .failed)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `With its pipeline a job is gone at once`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.bed.call(Operations.DeletePipeline.self, DeletePipelineInput(name: "shop"))
        let missing = ServiceException.noJob(job.id)
        await #expect(throws: missing) { try await worker.details(job.id) }
        await #expect(throws: missing) { try await worker.acknowledge(job) }
        await #expect(throws: missing) { try await worker.succeed(job) }
        await #expect(throws: missing) { try await worker.fail(job) }
        worker.bed.pass(time: .seconds(60))
        #expect(try await worker.poll() == [])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `With its pipeline a job is gone that waits or was handed out`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        try await worker.bed.call(Operations.DeletePipeline.self, DeletePipelineInput(name: "shop"))
        await #expect(throws: ServiceException.noJob(job.id)) { try await worker.acknowledge(job) }
        worker.bed.pass(time: .seconds(60))
        #expect(try await worker.poll() == [])
    }

    // MARK: Memory

    @Test(arguments: WorkerFamily.allCases)
    func `A job that ended is remembered for seven days`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        try await worker.fail(job)
        worker.bed.pass(time: .seconds(7 * 86_400 - 1))
        await #expect(throws: ServiceException.jobIs("Failed", job.id)) { try await worker.fail(job) }
        #expect(try await worker.acknowledge(job) == .failed)
        worker.bed.pass(time: .seconds(1))
        await #expect(throws: ServiceException.noJob(job.id)) { try await worker.fail(job) }
        await #expect(throws: ServiceException.noJob(job.id)) { try await worker.acknowledge(job) }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A restart keeps nonces, visibility and who has what`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        worker.bed.pass(time: .seconds(30))
        let restarted = try await worker.restarted()
        #expect(try await restarted.poll() == [])
        #expect(try await restarted.acknowledge(job) == .inProgress)
        let again = try await restarted.restarted()
        #expect(try await again.acknowledge(job) == .inProgress)
        try await again.succeed(job)
        #expect(try await again.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test func `After a restart every job comes again when its own visibility ends`() async throws {
        let names = ["Work", "Work2", "Work3"]
        let worker = try await APITestBed.withWorker(
            .custom, build: names.map { .work($0, type: WorkerFamily.custom.type) })
        for _ in names {
            #expect(try await worker.poll().count == 1)
            worker.bed.pass(time: .seconds(10))
        }
        let restarted = try await worker.restarted()
        worker.bed.pass(time: .seconds(30))
        let first = try await restarted.take()
        for _ in 0..<2 {
            #expect(try await restarted.poll() == [])
            worker.bed.pass(time: .seconds(10))
            let next = try await restarted.take()
            #expect(next.id != first.id)
        }
    }
}

extension TestJob {
    var actionExecution: String? { self.data.pipelineContext?.action?.actionExecutionID }
}

extension TestWorker {
    /// The worker of a server that was started again on what the last one left.
    func restarted() async throws -> Self {
        var worker = Self(
            bed: try await APITestBed(store: self.bed.store, clock: self.bed.clock), family: self.family)
        worker.token = self.token
        worker.execution = self.execution
        return worker
    }
}
