// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockModel

extension MemoryRows {
    /// The events of one queue, and who may claim the first of them.
    struct EventLine: Sendable {
        var events: [Event] = []
        /// When the first event may be claimed, again if it is being delivered.
        var due: Timestamp
        var attempts = 0
        /// 0 while nobody holds the queue.
        var fence: Int64 = 0
        var reason: String?

        struct Event: Sendable {
            var number: Int64
            var event: StoredEvent
            var queuedAt: Timestamp
        }
    }
}

extension MemoryTransaction {
    func nextEventDue(for target: String) -> Timestamp? {
        self.rows.eventLines.lazy.filter { $0.key.target == target }.map(\.value.due).min()
    }

    func eventTarget(after name: String) -> String? {
        self.rows.eventLines.keys.lazy.map(\.target).filter { precedes(name, $0) }.min(by: precedes)
    }

    func eventBacklog(of target: String) -> EventBacklog {
        let lines = self.rows.eventLines.lazy.filter { $0.key.target == target }.map(\.value)
        let failing = lines.filter { $0.reason != nil }
        return EventBacklog(
            waiting: lines.reduce(0) { $0 + $1.events.count },
            queues: lines.count,
            failing: failing.count,
            reason: failing.compactMap(\.reason).max(by: precedes),
            deadLetters: self.rows.deadLetters.values.count { $0.queue.target == target }
        )
    }

    func deadLetters(of target: String?, after number: Int64, limit: Int) -> [DeadLetterRow] {
        let rows = self.rows.deadLetters.values.filter { row in
            row.number > number && target.map { $0 == row.queue.target } ?? true
        }
        return Array(rows.sorted { $0.number < $1.number }.prefix(limit))
    }

    func deadLetter(_ number: Int64) -> DeadLetterRow? { self.rows.deadLetters[number] }

    func enqueueEvent(_ event: StoredEvent, in queue: EventQueue, at: Timestamp, maximumLength: Int) -> Bool {
        var line = self.rows.eventLines[queue] ?? MemoryRows.EventLine(due: at)
        guard line.events.count < maximumLength else { return false }
        self.rows.lastEvent += 1
        line.events.append(.init(number: self.rows.lastEvent, event: event, queuedAt: at))
        self.rows.eventLines[queue] = line
        return true
    }

    func claimEvents(for target: String, at now: Timestamp, leaseUntil: Timestamp, limit: Int) -> [Leased<QueuedEvent>]
    {
        let due = self.rows.eventLines.filter { $0.key.target == target && $0.value.due <= now }
            .sorted { ($0.value.due, $0.key.pipelineID) < ($1.value.due, $1.key.pipelineID) }
        return due.prefix(limit).compactMap { queue, line in
            guard let first = line.events.first else { return nil }
            self.rows.lastFence += 1
            var line = line
            line.fence = self.rows.lastFence
            line.due = leaseUntil
            line.attempts += 1
            self.rows.eventLines[queue] = line
            let event = QueuedEvent(
                queue: queue, number: first.number, event: first.event, queuedAt: first.queuedAt,
                attempts: line.attempts)
            return Leased(row: event, fence: line.fence)
        }
    }

    func settleEvent(_ event: Leased<QueuedEvent>, at: Timestamp) -> Bool {
        guard var line = self.rows.eventLines[event.row.queue], line.fence == event.fence else { return false }
        line.events.removeFirst()
        let next = MemoryRows.EventLine(events: line.events, due: at)
        self.rows.eventLines[event.row.queue] = next.events.isEmpty ? nil : next
        return true
    }

    func postponeEvent(_ event: Leased<QueuedEvent>, until: Timestamp, reason: String) -> Bool {
        guard var line = self.rows.eventLines[event.row.queue], line.fence == event.fence else { return false }
        line.due = until
        line.fence = 0
        line.reason = reason
        self.rows.eventLines[event.row.queue] = line
        return true
    }

    func insertDeadLetter(_ row: DeadLetterRow) {
        self.rows.lastDeadLetter += 1
        var row = row
        row.number = self.rows.lastDeadLetter
        self.rows.deadLetters[row.number] = row
    }

    func deleteDeadLetter(_ number: Int64) -> Bool { self.rows.deadLetters.removeValue(forKey: number) != nil }

    func deleteDeadLetters(diedBefore instant: Timestamp, limit: Int) -> Int {
        let dead = self.rows.deadLetters.values.filter { $0.diedAt < instant }
            .sorted { ($0.diedAt, $0.number) < ($1.diedAt, $1.number) }.prefix(limit)
        for row in dead { self.rows.deadLetters[row.number] = nil }
        return dead.count
    }
}
