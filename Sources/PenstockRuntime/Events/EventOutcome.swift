// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

/// What comes of one attempt to deliver an event.
enum EventOutcome: Sendable, Hashable {
    case delivered
    /// It stays the first of its queue.
    case failed(reason: String, dueAgain: Timestamp)
    /// It makes way for the next of its queue.
    case dead(reason: String)

    /// - Returns: Whether the event was still held; otherwise nothing was written.
    func write(
        for event: Leased<QueuedEvent>,
        at now: Timestamp,
        in transaction: any StoreTransaction
    ) throws -> Bool {
        switch self {
        case .delivered: return try transaction.settleEvent(event, at: now)
        case .failed(let reason, let dueAgain):
            return try transaction.postponeEvent(event, until: dueAgain, reason: reason)
        case .dead(let reason):
            guard try transaction.settleEvent(event, at: now) else { return false }
            let row = event.row
            try transaction.insertDeadLetter(
                DeadLetterRow(
                    queue: row.queue, event: row.event, diedAt: now, attempts: row.attempts, reason: reason))
            return true
        }
    }
}
