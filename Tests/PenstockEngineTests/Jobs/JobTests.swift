// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct JobTests {
    // MARK: Dispatch

    @Test func `A new job can be polled, and nobody has it`() {
        let job = Self.queued
        #expect(job.status(at: at(1)) == .queued)
        #expect(job.nonce == nil)
        #expect(job.dispatch == 0)
    }

    @Test func `A dispatched job is its poller's until the visibility ends, to the instant`() {
        let job = Self.dispatched
        #expect(job.nonce == "first")
        #expect(job.dispatch == 1)
        #expect(job.dispatchedTo == mia)
        #expect(job.dispatchedAt == at(10))
        #expect(job.status(at: at(10)) == .dispatched)
        #expect(job.status(at: at(70) - .milliseconds(1)) == .dispatched)
        #expect(job.status(at: at(70)) == .queued)
    }

    @Test func `A job that was not acknowledged is handed out again, with a new nonce and a higher number`() {
        let job = Self.redispatched
        #expect(job.nonce == "second")
        #expect(job.dispatch == 2)
        #expect(job.dispatchedTo == "noa")
        #expect(job.status(at: at(100)) == .dispatched)
        #expect(job.status(at: at(130)) == .queued)
    }

    @Test func `A dispatched job that is hidden for longer stays its poller's, with the same nonce and number`() {
        var job = Self.dispatched
        job.hide(until: at(90))
        #expect(job.status(at: at(90) - .milliseconds(1)) == .dispatched)
        #expect(job.status(at: at(90)) == .queued)
        #expect(job.nonce == "first")
        #expect(job.dispatch == 1)
    }

    @Test func `An acknowledged job is never handed out again`() {
        let job = Self.acknowledged
        #expect(job.status(at: at(20)) == .inProgress)
        #expect(job.status(at: at(1_000_000)) == .inProgress)
        #expect(job.acknowledgedAt == at(20))
        #expect(job.visibleAt == nil)
    }

    @Test func `A job that nobody polls for begins in progress`() {
        var job = Self.queued
        job.begin(at: at(5))
        #expect(job.status(at: at(5)) == .inProgress)
        #expect(job.acknowledgedAt == at(5))
        #expect(job.nonce == nil)
    }

    // MARK: Acknowledgement

    @Test(arguments: [
        (Self.queued, "first", Job.Acknowledgement.invalidNonce),
        (Self.dispatched, "first", .accepted),
        (Self.dispatched, "wrong", .invalidNonce),
        (Self.redispatched, "first", .invalidNonce),
        (Self.redispatched, "second", .accepted),
        (Self.acknowledged, "first", .repeated(.inProgress)),
        (Self.acknowledged, "wrong", .invalidNonce),
        (Self.ended(Self.acknowledged, .succeeded), "first", .repeated(.succeeded)),
        (Self.ended(Self.acknowledged, .failed), "first", .repeated(.failed)),
        (Self.ended(Self.acknowledged, .timedOut), "first", .repeated(.timedOut)),
        (Self.ended(Self.acknowledged, .failed), "wrong", .invalidNonce),
        (Self.ended(Self.dispatched, .timedOut), "first", .invalidNonce),
        (Self.ended(Self.queued, .failed), "first", .invalidNonce),
    ])
    func `The nonce of the last dispatch acknowledges a job`(job: Job, nonce: String, answer: Job.Acknowledgement) {
        var job = job
        let before = job
        #expect(job.acknowledge(nonce: nonce, at: at(20)) == answer)
        #expect((job == before) == (answer != .accepted))
    }

    @Test func `After the visibility has ended the last nonce still counts, as long as nobody else has the job`() {
        var job = Self.dispatched
        #expect(job.status(at: at(90)) == .queued)
        #expect(job.acknowledge(nonce: "first", at: at(90)) == .accepted)
        #expect(job.status(at: at(90)) == .inProgress)
    }

    // MARK: End

    @Test(
        arguments: [Self.queued, Self.dispatched, Self.redispatched, Self.acknowledged],
        [Job.Status.succeeded, .failed, .timedOut]
    )
    func `A job ends from every state, and does not come back`(job: Job, status: Job.Status) {
        let job = Self.ended(job, status)
        #expect(job.storedStatus == status)
        #expect(job.status(at: at(1_000_000)) == status)
        #expect(job.endedAt == at(30))
        #expect(job.resultDigest == "digest")
        #expect(job.visibleAt == nil)
    }

    @Test(arguments: [Job.Status.succeeded, .failed, .timedOut], [Job.Status.succeeded, .failed, .timedOut])
    func `The first end stands`(first: Job.Status, second: Job.Status) {
        var job = Self.ended(Self.acknowledged, first)
        let before = job
        job.end(second, resultDigest: "other", at: at(40))
        #expect(job == before)
    }

    @Test func `Exactly three states are an end`() {
        #expect(Job.Status.allCases.filter(\.isTerminal) == [.timedOut, .succeeded, .failed])
        #expect(
            Job.Status.allCases.map(\.rawValue) == [
                "Queued", "Dispatched", "InProgress", "TimedOut", "Succeeded", "Failed",
            ])
    }

    // MARK: Fixtures

    private static let queued = Job(id: id(1), createdAt: at(1))

    /// Handed out at 10 for a minute.
    private static let dispatched: Job = {
        var job = Self.queued
        job.dispatch(to: mia, nonce: "first", at: at(10), visibility: .seconds(60))
        return job
    }()

    /// Handed out once more at 70.
    private static let redispatched: Job = {
        var job = Self.dispatched
        job.dispatch(to: "noa", nonce: "second", at: at(70), visibility: .seconds(60))
        return job
    }()

    private static let acknowledged: Job = {
        var job = Self.dispatched
        _ = job.acknowledge(nonce: "first", at: at(20))
        return job
    }()

    private static func ended(_ job: Job, _ status: Job.Status) -> Job {
        var job = job
        job.end(status, resultDigest: "digest", at: at(30))
        return job
    }
}
