// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Synchronization

/// The jobs that the runners of a process hold, each until its run has ended.
final class RunLeases: Sendable {
    /// One hand-out of a job, and what a runner does with it.
    struct Run: Sendable, Hashable {
        let job: JobID
        let dispatch: Int
        let queue: JobQueue
    }

    /// Until when a job is held.
    struct Term: Sendable, Hashable {
        /// From when on it is anybody's.
        var end: Timestamp
        /// When the lease is to be renewed.
        var renewal: Timestamp
    }

    private struct Lease {
        /// `nil` once the job is not the run's any more.
        var term: Term?
        let loss: AsyncStream<Void>
        let losing: AsyncStream<Void>.Continuation

        init(_ term: Term) {
            self.term = term
            (self.loss, self.losing) = AsyncStream.makeStream()
        }
    }

    private let leases = Mutex<[Run: Lease]>([:])

    /// Runs that have not ended, those that have lost their job included.
    var count: Int { self.leases.withLock { $0.count } }

    /// When a lease is to be renewed next; `nil` while no job is held.
    var nextRenewal: Timestamp? { self.leases.withLock { $0.values.lazy.compactMap(\.term?.renewal).min() } }

    /// The runs whose leases are to be renewed at the instant.
    func due(at now: Timestamp) -> [Run] {
        self.leases.withLock { leases in
            leases.filter { $0.value.term.map { $0.renewal <= now } ?? false }.map(\.key)
        }
    }

    func begin(_ run: Run, _ term: Term) { self.leases.withLock { $0[run] = Lease(term) } }

    /// - Returns: `false` when the run has ended meanwhile.
    func renew(_ run: Run, _ term: Term) -> Bool {
        self.leases.withLock { leases in
            guard leases[run] != nil else { return false }
            leases[run]?.term = term
            return true
        }
    }

    /// Has a renewal that failed tried again at the instant.
    func postpone(_ run: Run, renewal: Timestamp) { self.leases.withLock { $0[run]?.term?.renewal = renewal } }

    /// The job is not the run's any more: ``loss(of:)`` returns.
    func lose(_ run: Run) {
        let losing = self.leases.withLock { leases in
            leases[run]?.term = nil
            return leases[run]?.losing
        }
        losing?.finish()
    }

    /// Returns once the job is not the run's any more, or when the task is cancelled.
    func loss(of run: Run) async {
        guard let loss = self.leases.withLock({ $0[run]?.loss }) else { return }
        for await _ in loss {}
    }

    /// The run has ended.
    ///
    /// - Returns: Until when its job is kept from others; `nil` when it was lost.
    @discardableResult
    func end(_ run: Run) -> Timestamp? { self.leases.withLock { $0.removeValue(forKey: run)?.term?.end } }
}
