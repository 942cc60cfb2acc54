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
    private struct Queue {
        /// Counts the signals, so that an older claim's finding does not hide a newer job.
        var generation = 0
        /// When there may be something to poll; `nil` while the queue is known to be empty.
        var pollableAt: Timestamp?
        /// When the visibility of jobs that were handed out ends, ascending.
        var expirations: [Timestamp] = []
        /// Values of the queryable property that were found empty, and the generation in which they were.
        var emptyValues: [String: Int] = [:]
        var waiters: [(id: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private struct State {
        var queues: [JobQueue: Queue] = [:]
        var nextWaiter = 0
        var cancelled: Set<Int> = []
    }

    /// Values of the queryable property remembered as empty, for each queue.
    package static let maximumEmptyValues = 1024

    private let state = Mutex(State())

    package init() {}

    /// What a poll may go by; pass it on to ``claimed(_:from:visibleAt:isExhausted:queryValue:)``.
    package struct Ticket: Sendable {
        let generation: Int
    }

    /// Whether a poll should ask the database; `nil` when the queue is known to have nothing at the instant.
    package func ticket(for queue: JobQueue, queryValue: String?, at now: Timestamp) -> Ticket? {
        self.state.withLock { state in
            guard let entry = state.queues[queue], let pollableAt = entry.pollableAt, pollableAt <= now else {
                return nil
            }
            let isExpiring = entry.expirations.first.map { $0 <= now } ?? false
            if let queryValue, entry.emptyValues[queryValue] == entry.generation, !isExpiring { return nil }
            return Ticket(generation: entry.generation)
        }
    }

    /// A ticket for a queue of which memory knows nothing for sure, since other processes write to it.
    package func anyTicket(for queue: JobQueue) -> Ticket {
        Ticket(generation: self.generation(of: queue))
    }

    /// A job of the queue can be polled: at once, and by whoever waits.
    package func jobQueued(_ queue: JobQueue) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.queues[queue, default: Queue()].generation += 1
            state.queues[queue, default: Queue()].pollableAt = Timestamp(millisecondsSinceEpoch: .min)
            guard state.queues[queue]?.waiters.isEmpty == false else { return nil }
            return state.queues[queue]?.waiters.removeFirst().continuation
        }
        waiter?.resume()
    }

    /// What the store said of the queue when the process started.
    package func restore(_ queue: JobQueue, pollableAt: Timestamp) {
        self.state.withLock { state in
            state.queues[queue, default: Queue()].generation += 1
            state.queues[queue, default: Queue()].pollableAt = pollableAt
        }
    }

    /// What a claim found.
    ///
    /// - Parameters:
    ///   - visibleAt: Of each job handed out, when its visibility ends.
    ///   - isExhausted: Whether the claim got less than it asked for.
    package func claimed(
        _ queue: JobQueue,
        with ticket: Ticket,
        visibleAt: [Timestamp],
        isExhausted: Bool,
        queryValue: String?,
        at now: Timestamp
    ) {
        let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            var entry = state.queues[queue, default: Queue()]
            defer { state.queues[queue] = entry }
            entry.expirations.removeAll { $0 <= now }
            for instant in visibleAt {
                let place = entry.expirations.lastIndex { $0 <= instant }.map { $0 + 1 } ?? 0
                entry.expirations.insert(instant, at: place)
            }
            guard isExhausted, entry.generation == ticket.generation else {
                return entry.waiters.isEmpty || isExhausted ? nil : entry.waiters.removeFirst().continuation
            }
            if let queryValue {
                if entry.emptyValues.count >= Self.maximumEmptyValues { entry.emptyValues = [:] }
                entry.emptyValues[queryValue] = entry.generation
            } else {
                entry.pollableAt = entry.expirations.first
            }
            return nil
        }
        waiter?.resume()
    }

    /// The queues of one of the types that may have something at the instant.
    package func ready(_ types: Set<ActionTypeID>, at now: Timestamp) -> [JobQueue] {
        self.state.withLock { state in
            state.queues.filter { types.contains($0.key.typeID) && $0.value.pollableAt.map { $0 <= now } ?? false }
                .map(\.key)
        }
        .sorted { $0.description < $1.description }
    }

    /// When the queue's next hidden job is visible again, if one is hidden.
    package func nextVisible(_ queue: JobQueue) -> Timestamp? {
        self.state.withLock { $0.queues[queue]?.pollableAt }
    }

    /// Counts the queue's signals; pass it on to ``wait(for:after:)``.
    package func generation(of queue: JobQueue) -> Int {
        self.state.withLock { $0.queues[queue]?.generation ?? 0 }
    }

    /// Returns once a job has been queued since the generation was read, or when the task is cancelled.
    package func wait(for queue: JobQueue, after generation: Int) async {
        let id = self.state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = self.state.withLock { state in
                    if state.cancelled.remove(id) != nil { return true }
                    guard state.queues[queue, default: Queue()].generation == generation else { return true }
                    state.queues[queue, default: Queue()].waiters.append((id, continuation))
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard let index = state.queues[queue]?.waiters.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.queues[queue]?.waiters.remove(at: index).continuation
            }
            waiter?.resume()
        }
        self.state.withLock { _ = $0.cancelled.remove(id) }
    }
}
