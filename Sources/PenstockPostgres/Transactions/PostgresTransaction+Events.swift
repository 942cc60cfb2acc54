// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

// MARK: - Queues

extension PostgresTransaction {
    func nextEventDue(for target: String) throws -> Timestamp? {
        try self.first("SELECT due FROM event_queue WHERE target = $1 ORDER BY due LIMIT 1", [target]) {
            try $0.timestamp()
        }
    }

    func eventTarget(after name: String) throws -> String? {
        try self.first("SELECT target FROM event_queue WHERE target > $1 ORDER BY target LIMIT 1", [name]) {
            try $0.text()
        }
    }

    func eventBacklog(of target: String) throws -> EventBacklog {
        let deadLetters = try self.first("SELECT count(*) FROM dead_letter WHERE target = $1", [target]) {
            try $0.int()
        }
        let backlog = try self.first(
            """
            SELECT coalesce(sum(length), 0)::bigint, count(*), count(reason), max(reason)
            FROM event_queue WHERE target = $1
            """,
            [target]
        ) { row in
            EventBacklog(
                waiting: try row.int(), queues: try row.int(), failing: try row.int(),
                reason: try row.textIfPresent(), deadLetters: deadLetters ?? 0)
        }
        return backlog ?? EventBacklog()
    }

    /// The row of the queue is locked until the commit, so that nobody finds the queue empty meanwhile and forgets it.
    func enqueueEvent(
        _ event: StoredEvent,
        in queue: EventQueue,
        at: Timestamp,
        maximumLength: Int
    ) throws -> Bool {
        let lengthened = try self.change(
            """
            INSERT INTO event_queue (target, pipeline, length, due) VALUES ($1, $2, 1, $3)
            ON CONFLICT (target, pipeline) DO UPDATE SET length = event_queue.length + 1
            WHERE event_queue.length < $4
            """,
            [queue.target, queue.pipelineID, at, maximumLength]
        )
        guard lengthened == 1 else { return false }
        try self.gather(
            "INSERT INTO event (target, pipeline, queued_at, message) VALUES ($1, $2, $3, $4)",
            [queue.target, queue.pipelineID, at, event.storedBytes(format: self.format)]
        )
        return true
    }

    func claimEvents(
        for target: String,
        at now: Timestamp,
        leaseUntil: Timestamp,
        limit: Int
    ) throws -> [Leased<QueuedEvent>] {
        let claimed = try self.rows(
            """
            WITH free AS (
                SELECT pipeline, due FROM event_queue WHERE target = $1 AND due <= $2
                ORDER BY due, pipeline LIMIT $4 FOR UPDATE SKIP LOCKED
            )
            UPDATE event_queue SET fence = nextval('fence'), due = $3, attempts = attempts + 1
            FROM free WHERE event_queue.target = $1 AND event_queue.pipeline = free.pipeline
            RETURNING event_queue.pipeline, free.due, attempts, fence
            """,
            [target, now, leaseUntil, limit]
        ) { row in
            let pipelineID: PipelineID = try row.id()
            return (pipelineID: pipelineID, due: try row.timestamp(), attempts: try row.int(), fence: try row.int64())
        }
        // An UPDATE returns its rows in no defined order.
        return try claimed.sorted { ($0.due, $0.pipelineID) < ($1.due, $1.pipelineID) }.map { claim in
            let queue = EventQueue(target: target, pipelineID: claim.pipelineID)
            let event = try self.first(
                """
                SELECT number, queued_at, message FROM event WHERE target = $1 AND pipeline = $2
                ORDER BY number LIMIT 1
                """,
                [target, claim.pipelineID]
            ) { row in
                let (number, queuedAt) = (try row.int64(), try row.timestamp())
                return QueuedEvent(
                    queue: queue, number: number, event: StoredEvent(storedBytes: try row.bytes()), queuedAt: queuedAt,
                    attempts: claim.attempts)
            }
            guard let event else { throw StoreError(.corrupt, "a queue of events has lost its events") }
            return Leased(row: event, fence: claim.fence)
        }
    }

    func settleEvent(_ event: Leased<QueuedEvent>, at: Timestamp) throws -> Bool {
        let queue = event.row.queue
        let length = try self.first(
            """
            SELECT length FROM event_queue WHERE target = $1 AND pipeline = $2 AND fence = $3\(self.lock("FOR UPDATE"))
            """,
            [queue.target, queue.pipelineID, event.fence]
        ) { try $0.int() }
        guard let length else { return false }
        try self.gather("DELETE FROM event WHERE number = $1", [event.row.number])
        if length > 1 {
            try self.gather(
                """
                UPDATE event_queue SET length = length - 1, due = $3, attempts = 0, reason = NULL, fence = 0
                WHERE target = $1 AND pipeline = $2
                """,
                [queue.target, queue.pipelineID, at]
            )
        } else {
            try self.gather(
                "DELETE FROM event_queue WHERE target = $1 AND pipeline = $2", [queue.target, queue.pipelineID])
        }
        return true
    }

    func postponeEvent(_ event: Leased<QueuedEvent>, until: Timestamp, reason: String) throws -> Bool {
        try self.change(
            """
            UPDATE event_queue SET due = $4, reason = $5, fence = 0
            WHERE target = $1 AND pipeline = $2 AND fence = $3
            """,
            [event.row.queue.target, event.row.queue.pipelineID, event.fence, until, reason]
        ) == 1
    }
}

// MARK: - Dead letters

extension PostgresTransaction {
    private static let deadLetterColumns = "number, target, pipeline, died_at, attempts, reason, message"

    func deadLetters(of target: String?, after number: Int64, limit: Int) throws -> [DeadLetterRow] {
        guard let target else {
            return try self.rows(
                "SELECT \(Self.deadLetterColumns) FROM dead_letter WHERE number > $1 ORDER BY number LIMIT $2",
                [number, limit],
                Self.deadLetter
            )
        }
        return try self.rows(
            """
            SELECT \(Self.deadLetterColumns) FROM dead_letter WHERE target = $1 AND number > $2
            ORDER BY number LIMIT $3
            """,
            [target, number, limit],
            Self.deadLetter
        )
    }

    func deadLetter(_ number: Int64) throws -> DeadLetterRow? {
        try self.first(
            "SELECT \(Self.deadLetterColumns) FROM dead_letter WHERE number = $1", [number], Self.deadLetter)
    }

    func insertDeadLetter(_ row: DeadLetterRow) throws {
        try self.gather(
            """
            INSERT INTO dead_letter (target, pipeline, died_at, attempts, reason, message)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                row.queue.target, row.queue.pipelineID, row.diedAt, row.attempts, row.reason,
                row.event.storedBytes(format: self.format),
            ]
        )
    }

    func deleteDeadLetter(_ number: Int64) throws -> Bool {
        try self.change("DELETE FROM dead_letter WHERE number = $1", [number]) == 1
    }

    func deleteDeadLetters(diedBefore instant: Timestamp, limit: Int) throws -> Int {
        try self.change(
            """
            DELETE FROM dead_letter WHERE number IN
                (SELECT number FROM dead_letter WHERE died_at < $1 ORDER BY died_at, number LIMIT $2)
            """,
            [instant, limit]
        )
    }

    private static func deadLetter(_ row: inout PostgresRow) throws -> DeadLetterRow {
        let number = try row.int64()
        let queue = EventQueue(target: try row.text(), pipelineID: try row.id())
        let (diedAt, attempts, reason) = (try row.timestamp(), try row.int(), try row.text())
        return DeadLetterRow(
            number: number, queue: queue, event: StoredEvent(storedBytes: try row.bytes()), diedAt: diedAt,
            attempts: attempts, reason: reason)
    }
}
