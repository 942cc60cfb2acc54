// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// What ends the work of those who say nothing.
struct JobTimeoutTests {
    private static let hour = 3600

    /// How far a job has come.
    enum Progress: Sendable, CaseIterable { case queued, dispatched, inProgress }

    private static func bring(_ worker: TestWorker, to progress: Progress) async throws {
        switch progress {
        case .queued: break
        case .dispatched: _ = try await worker.next()
        case .inProgress: _ = try await worker.take()
        }
    }

    private static func failure(of worker: TestWorker) async throws -> ErrorDetails? {
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.status == (attempt?.errorDetails == nil ? .inProgress : .failed))
        return attempt?.errorDetails
    }

    private static func timedOut(after minutes: Int) -> ErrorDetails {
        ErrorDetails(code: "JobFailed", message: "The action timed out after \(minutes) minutes")
    }

    @Test(arguments: Progress.allCases)
    func `A custom action has 24 hours, whether its job was taken or not`(progress: Progress) async throws {
        let worker = try await APITestBed.withWorker(.custom)
        try await Self.bring(worker, to: progress)
        try await worker.bed.advance(by: .seconds(24 * Self.hour - 1))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: 1440))
        #expect(try await worker.bed.status(worker.execution) == .failed)
        #expect(try await worker.poll() == [])
    }

    @Test(arguments: Progress.allCases)
    func `A partner's action has an hour, whether its job was taken or not`(progress: Progress) async throws {
        let worker = try await APITestBed.withWorker(.partner)
        try await Self.bring(worker, to: progress)
        try await worker.bed.advance(by: .seconds(Self.hour - 1))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: 60))
        #expect(try await worker.bed.status(worker.execution) == .failed)
        #expect(try await worker.poll() == [])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A continuation does not begin the time anew`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let limit = family == .custom ? 24 * Self.hour : Self.hour
        let first = try await worker.take()
        try await worker.bed.advance(by: .seconds(limit - 10))
        try await worker.succeed(first, continuation: "more")
        let second = try await worker.take()
        try await worker.bed.advance(by: .seconds(9))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: limit / 60))
        #expect(try await worker.acknowledge(second) == .timedOut)
        #expect(try await worker.acknowledge(first) == .succeeded)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A retry has the whole time again`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let limit = family == .custom ? 24 * Self.hour : Self.hour
        try await worker.bed.advance(by: .seconds(limit))
        try await worker.bed.retry("Build", worker.execution)
        try await worker.bed.advance(by: .seconds(limit - 1))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.succeed(worker.take())
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Work that ended is not ended again`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        try await worker.succeed(worker.take())
        try await worker.bed.advance(by: .seconds(24 * Self.hour))
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job whose time is over is not handed out, also before anything was done about it`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withWorker(family)
        worker.bed.pass(time: .seconds(24 * Self.hour))
        #expect(try await worker.bed.openJobStatus() == "Queued")
        #expect(try await worker.poll() == [])
    }

    // MARK: Types with a time for each job

    private static func worker(jobTimeout seconds: Int) async throws -> TestWorker {
        try await APITestBed.withWorker(.partner, type: WorkerType(jobTimeoutSeconds: seconds))
    }

    @Test(arguments: Progress.allCases)
    func `A type may give each job less`(progress: Progress) async throws {
        let worker = try await Self.worker(jobTimeout: 600)
        try await Self.bring(worker, to: progress)
        try await worker.bed.advance(by: .seconds(599))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: 10))
        #expect(try await worker.bed.status(worker.execution) == .failed)
        #expect(try await worker.poll() == [])
    }

    @Test func `Each job of a continued action has that time, and the action its own`() async throws {
        let worker = try await Self.worker(jobTimeout: 600)
        for _ in 0..<6 {
            let job = try await worker.take()
            try await worker.bed.advance(by: .seconds(590))
            try await worker.succeed(job, continuation: "more")
        }
        let last = try await worker.take()
        try await worker.bed.advance(by: .seconds(59))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: 60))
        #expect(try await worker.acknowledge(last) == .timedOut)
    }

    @Test func `A type may give each job more than an hour, and the action has as much`() async throws {
        let worker = try await Self.worker(jobTimeout: 12 * Self.hour)
        let first = try await worker.take()
        try await worker.bed.advance(by: .seconds(11 * Self.hour))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.succeed(first, continuation: "more")
        _ = try await worker.take()
        try await worker.bed.advance(by: .seconds(Self.hour - 1))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: 720))
    }

    @Test func `A job that was continued does not end its successor`() async throws {
        let worker = try await Self.worker(jobTimeout: 600)
        let first = try await worker.take()
        try await worker.bed.advance(by: .seconds(300))
        try await worker.succeed(first, continuation: "more")
        let second = try await worker.take()
        try await worker.bed.advance(by: .seconds(599))
        #expect(try await Self.failure(of: worker) == nil)
        try await worker.bed.advance(by: .seconds(1))
        #expect(try await Self.failure(of: worker) == Self.timedOut(after: 10))
        #expect(try await worker.acknowledge(second) == .timedOut)
    }
}
