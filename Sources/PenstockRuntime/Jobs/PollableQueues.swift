// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockStore
import Synchronization

/// What this process knows of which queues have jobs, so that an empty poll costs no database access, and who waits
/// for one.
///
/// Hints beside the truth: a queue that is said to have jobs may have none, and is then found empty by a claim. The
/// other way round happens only where other processes write; polls there ask the database.
package final class PollableQueues: Sendable {
    private struct State {
        var queues: [JobQueue: PollableQueue] = [:]
        var nextWaiter = 0
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// What a poll may go by; pass it on to ``claimed(_:with:visibleAt:isExhausted:queryValue:)``.
    package struct Ticket: Sendable {
        let base: PollableQueue.Ticket
    }

    /// Whether a poll should ask the database; `nil` when the queue is known to have nothing at the instant.
    package func ticket(for queue: JobQueue, queryValue: String?, at now: Timestamp) -> Ticket? {
        self.state.withLock { $0.queues[queue]?.ticket(queryValue: queryValue, at: now) }.map(Ticket.init)
    }

    /// A ticket for a queue of which memory knows nothing for sure, since other processes write to it.
    package func anyTicket(for queue: JobQueue, at now: Timestamp) -> Ticket {
        Ticket(base: PollableQueue.Ticket(generation: self.generation(of: queue), at: now))
    }

    /// A job of the queue can be polled: at once, and by whoever waits.
    package func jobQueued(_ queue: JobQueue) {
        let waiters = self.state.withLock { $0.queues[queue, default: PollableQueue()].jobQueued() }
        for waiter in waiters { waiter.continuation.resume() }
    }

    /// A job of the queue can be polled from the instant on, as the store said when the process started, or who let go
    /// of the job.
    package func hideJob(of queue: JobQueue, until instant: Timestamp) {
        self.state.withLock { $0.queues[queue, default: PollableQueue()].hide(until: instant) }
    }

    /// What a claim found.
    ///
    /// - Parameters:
    ///   - visibleAt: Of each job handed out, when its visibility ends.
    ///   - isExhausted: Whether the claim got less than it asked for; if not, the next of those who wait may get more.
    package func claimed(
        _ queue: JobQueue,
        with ticket: Ticket,
        visibleAt: [Timestamp],
        isExhausted: Bool,
        queryValue: String?
    ) {
        self.state.withLock { state in
            for instant in visibleAt { state.queues[queue, default: PollableQueue()].hide(until: instant) }
            if isExhausted { state.queues[queue]?.foundNoMore(ticket.base, queryValue: queryValue) }
        }
        if !isExhausted { self.passOn(queue, queryValue: queryValue) }
    }

    /// Lets the next of those who wait look, for somebody who was told of a job and did not look for it, or left more.
    package func passOn(_ queue: JobQueue, queryValue: String?) {
        let next = self.state.withLock { $0.queues[queue]?.removeNextWaiter(queryValue: queryValue) }
        next?.continuation.resume()
    }

    /// The queues of one of the types that may have something at the instant.
    package func ready(_ types: Set<ActionTypeID>, at now: Timestamp) -> [JobQueue] {
        self.state.withLock { state in
            state.queues.keys.filter { queue in
                types.contains(queue.typeID) && state.queues[queue]?.ticket(queryValue: nil, at: now) != nil
            }
        }
        .sorted { $0.description < $1.description }
    }

    /// When the queue's next hidden job is visible again, if one is hidden.
    package func nextVisible(_ queue: JobQueue) -> Timestamp? {
        self.state.withLock { $0.queues[queue]?.nextVisible }
    }

    /// When the next hidden job of any queue of the types is visible again, if one is hidden.
    func nextVisible(of types: Set<ActionTypeID>) -> Timestamp? {
        self.state.withLock { state in
            state.queues.lazy.filter { types.contains($0.key.typeID) }.compactMap(\.value.nextVisible).min()
        }
    }

    /// How many polls of the queue are held.
    package func waiterCount(of queue: JobQueue) -> Int {
        self.state.withLock { $0.queues[queue]?.waiterCount ?? 0 }
    }

    /// Counts the queue's signals; pass it on to ``wait(for:queryValue:after:)``.
    package func generation(of queue: JobQueue) -> Int {
        self.state.withLock { $0.queues[queue]?.generation ?? 0 }
    }

    /// Returns once there may be a job that was not there when the generation was read, or when the task is cancelled.
    package func wait(for queue: JobQueue, queryValue: String?, after generation: Int) async {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = PollableQueue.Waiter(id: id, queryValue: queryValue, continuation: continuation)
                if !self.add(waiter, to: queue, after: generation) { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state in
                let waiter = state.queues[queue]?.removeWaiter(id)
                if waiter == nil { state.cancelled.insert(id) }
                return waiter
            }
            waiter?.continuation.resume()
        }
        self.state.withLock { _ = $0.cancelled.remove(id) }
    }

    /// - Returns: `false` when there is nothing to wait for any more.
    private func add(_ waiter: PollableQueue.Waiter, to queue: JobQueue, after generation: Int) -> Bool {
        self.state.withLock { state in
            if state.cancelled.remove(waiter.id) != nil { return false }
            guard (state.queues[queue]?.generation ?? 0) == generation else { return false }
            state.queues[queue, default: PollableQueue()].add(waiter)
            return true
        }
    }
}
