// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

extension SQLiteTransaction {
    func nextEventDue(for target: String) throws -> Timestamp? {
        try self.connection.first(EventStatement.nextEventDue, .text(target)) { $0.time(0) }
    }

    func eventTarget(after name: String) throws -> String? {
        try self.connection.first(EventStatement.eventTargetAfter, .text(name)) { $0.text(0) }
    }

    func eventBacklog(of target: String) throws -> EventBacklog {
        let deadLetters = try self.connection.first(EventStatement.deadLetterCount, .text(target)) {
            Int($0.integer(0))
        }
        let backlog = try self.connection.first(EventStatement.eventBacklog, .text(target)) { row in
            EventBacklog(
                waiting: Int(row.integer(0)), queues: Int(row.integer(1)), failing: Int(row.integer(2)),
                reason: row.optionalText(3), deadLetters: deadLetters ?? 0)
        }
        return backlog ?? EventBacklog()
    }

    func deadLetters(of target: String?, after number: Int64, limit: Int) throws -> [DeadLetterRow] {
        guard let target else {
            return try self.connection.rows(
                EventStatement.deadLetters, .integer(number), .integer(limit), map: Self.deadLetter)
        }
        return try self.connection.rows(
            EventStatement.deadLettersOfTarget, .text(target), .integer(number), .integer(limit), map: Self.deadLetter)
    }

    func deadLetter(_ number: Int64) throws -> DeadLetterRow? {
        try self.connection.first(EventStatement.deadLetter, .integer(number), map: Self.deadLetter)
    }

    func enqueueEvent(
        _ event: StoredEvent,
        in queue: EventQueue,
        at: Timestamp,
        maximumLength: Int
    ) throws -> Bool {
        let lengthened = try self.connection.run(
            EventStatement.lengthenEventQueue,
            .text(queue.target), .id(queue.pipelineID), .time(at), .integer(maximumLength)
        )
        guard lengthened == 1 else { return false }
        try self.connection.run(
            EventStatement.insertEvent,
            .text(queue.target), .id(queue.pipelineID), .time(at), .blob(event.storedBytes())
        )
        return true
    }

    func claimEvents(
        for target: String,
        at now: Timestamp,
        leaseUntil: Timestamp,
        limit: Int
    ) throws -> [Leased<QueuedEvent>] {
        let due = try self.connection.rows(EventStatement.dueEventQueues, .text(target), .time(now), .integer(limit)) {
            row in
            (pipelineID: row.id(0, as: PipelineID.self), attempts: Int(row.integer(1)) + 1)
        }
        var fence = try self.firstFence(of: due.count)
        return try due.map { pipelineID, attempts in
            defer { fence += 1 }
            try self.connection.run(
                EventStatement.leaseEventQueue, .text(target), .id(pipelineID), .integer(fence), .time(leaseUntil))
            let queue = EventQueue(target: target, pipelineID: pipelineID)
            let first = try self.connection.first(EventStatement.firstEvent, .text(target), .id(pipelineID)) { row in
                QueuedEvent(
                    queue: queue, number: row.integer(0), event: StoredEvent(storedBytes: row.blob(2)),
                    queuedAt: row.time(1), attempts: attempts)
            }
            guard let first else { throw StoreError(.corrupt, "a queue of events has lost its events") }
            return Leased(row: first, fence: fence)
        }
    }

    func settleEvent(_ event: Leased<QueuedEvent>, at: Timestamp) throws -> Bool {
        let (target, pipelineID) = (event.row.queue.target, event.row.queue.pipelineID)
        let length = try self.connection.first(
            EventStatement.heldEventQueue, .text(target), .id(pipelineID), .integer(event.fence)
        ) { $0.integer(0) }
        guard let length else { return false }
        try self.connection.run(EventStatement.deleteEvent, .integer(event.row.number))
        if length > 1 {
            try self.connection.run(EventStatement.shortenEventQueue, .text(target), .id(pipelineID), .time(at))
        } else {
            try self.connection.run(EventStatement.deleteEventQueue, .text(target), .id(pipelineID))
        }
        return true
    }

    func postponeEvent(_ event: Leased<QueuedEvent>, until: Timestamp, reason: String) throws -> Bool {
        try self.connection.run(
            EventStatement.postponeEventQueue,
            .text(event.row.queue.target), .id(event.row.queue.pipelineID), .integer(event.fence), .time(until),
            .text(reason)
        ) == 1
    }

    func insertDeadLetter(_ row: DeadLetterRow) throws {
        try self.connection.run(
            EventStatement.insertDeadLetter,
            .text(row.queue.target), .id(row.queue.pipelineID), .time(row.diedAt), .integer(row.attempts),
            .text(row.reason), .blob(row.event.storedBytes())
        )
    }

    func deleteDeadLetter(_ number: Int64) throws -> Bool {
        try self.connection.run(EventStatement.deleteDeadLetter, .integer(number)) == 1
    }

    func deleteDeadLetters(diedBefore instant: Timestamp, limit: Int) throws -> Int {
        try self.connection.run(EventStatement.deleteDeadLetters, .time(instant), .integer(limit))
    }

    private static func deadLetter(_ row: SQLRow) -> DeadLetterRow {
        DeadLetterRow(
            number: row.integer(0),
            queue: EventQueue(target: row.text(1), pipelineID: row.id(2)),
            event: StoredEvent(storedBytes: row.blob(6)),
            diedAt: row.time(3),
            attempts: Int(row.integer(4)),
            reason: row.text(5)
        )
    }
}
