// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

package protocol EventReader {
    /// When a queue of the target can be claimed next; `nil` when nothing waits for the target.
    func nextEventDue(for target: String) throws -> Timestamp?

    /// The first name in byte order, greater than `after`, of a target that events wait for, configured or not.
    func eventTarget(after name: String) throws -> String?

    func eventBacklog(of target: String) throws -> EventBacklog

    /// Dead letters by ascending number, those greater than `after`, at most `limit`; of one target, or of all.
    func deadLetters(of target: String?, after number: Int64, limit: Int) throws -> [DeadLetterRow]

    func deadLetter(_ number: Int64) throws -> DeadLetterRow?
}

/// Writes of events. Whoever enqueues holds the pipeline's lock, so that the order of a queue is that of commits.
package protocol EventWriter {
    /// Puts the event at the end of the queue.
    ///
    /// - Returns: `false`, with nothing written, when `maximumLength` events wait in the queue.
    func enqueueEvent(_ event: StoredEvent, in queue: EventQueue, at: Timestamp, maximumLength: Int) throws -> Bool

    /// Leases the first events of queues of the target that are due, the queue first that has been due for longest, at
    /// most `limit`. Until the instant, or until it is settled or postponed, nobody else can claim the queue.
    func claimEvents(
        for target: String,
        at: Timestamp,
        leaseUntil: Timestamp,
        limit: Int
    ) throws -> [Leased<QueuedEvent>]

    /// Takes the event out of its queue, whose next one is due at once.
    ///
    /// - Returns: `false`, with nothing written, when the fence is not the current one.
    func settleEvent(_ event: Leased<QueuedEvent>, at: Timestamp) throws -> Bool

    /// Gives the lease back; the event stays the first of its queue and is due again at the instant.
    ///
    /// - Returns: `false`, with nothing written, when the fence is not the current one.
    func postponeEvent(_ event: Leased<QueuedEvent>, until: Timestamp, reason: String) throws -> Bool

    /// Keeps an event that its target did not take, under a new number.
    func insertDeadLetter(_ row: DeadLetterRow) throws

    /// Returns whether there was one.
    func deleteDeadLetter(_ number: Int64) throws -> Bool

    /// Forgets those that died before the instant, at most `limit`; returns how many it forgot.
    func deleteDeadLetters(diedBefore: Timestamp, limit: Int) throws -> Int
}
