// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import DequeModule

/// Who works and who waits in a pool of connections: a value that decides, and does nothing.
///
/// Every piece of work that is submitted is handed out by exactly one decision: to be run, or to be refused.
struct PoolState<WorkerID: Hashable & Sendable, Work: Sendable>: Sendable {
    struct Waiting: Sendable {
        var work: Work
        var deadline: ContinuousClock.Instant
    }

    /// What to do with work that was submitted.
    enum Submission: Sendable {
        /// Wake this worker, which rests, and let it run the work.
        case assign(WorkerID, Work)
        /// Start a worker, whose first work this is.
        case startWorker(Work)
        /// It waits. Ask ``PoolState/expire(at:)`` at its deadline.
        case wait
        /// The pool is closed.
        case refuse(Work)
    }

    /// What a worker does that has finished its work.
    enum Next: Sendable {
        case run(Work)
        /// Until ``Submission/assign(_:_:)`` or ``PoolState/close()`` names it.
        case rest
        /// For good.
        case end
    }

    private let maximumWorkers: Int
    /// Started and not ended.
    private(set) var workers = 0
    /// The last to rest is the first to work: its connection is the warmest.
    private var resting: [WorkerID] = []
    private var waiting: Deque<Waiting> = []
    private(set) var isClosed = false

    init(maximumWorkers: Int) { self.maximumWorkers = maximumWorkers }

    mutating func submit(_ work: Work, deadline: ContinuousClock.Instant) -> Submission {
        guard !self.isClosed else { return .refuse(work) }
        if let worker = self.resting.popLast() { return .assign(worker, work) }
        if self.workers < self.maximumWorkers {
            self.workers += 1
            return .startWorker(work)
        }
        self.waiting.append(Waiting(work: work, deadline: deadline))
        return .wait
    }

    /// A closed pool finishes what it accepted, then its workers end.
    mutating func finished(_ worker: WorkerID) -> Next {
        if let next = self.waiting.popFirst() { return .run(next.work) }
        guard !self.isClosed else { return .end }
        self.resting.append(worker)
        return .rest
    }

    /// Takes out the work whose deadline has passed. All wait equally long, so it stands in front.
    mutating func expire(at now: ContinuousClock.Instant) -> [Work] {
        var expired: [Work] = []
        while let first = self.waiting.first, first.deadline <= now {
            expired.append(first.work)
            self.waiting.removeFirst()
        }
        return expired
    }

    /// Accepts no more work, and returns the workers that rest and are to end. The others end after their work.
    mutating func close() -> [WorkerID] {
        self.isClosed = true
        defer { self.resting.removeAll() }
        return self.resting
    }

    /// - Returns: Whether that was the last worker of a closed pool.
    mutating func ended() -> Bool {
        self.workers -= 1
        return self.isClosed && self.workers == 0
    }
}
