// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Testing

/// Queues of events, and dead letters.
struct EventRowTests {
    private static let queue = EventQueue(target: "hook", pipelineID: id(1))

    private static func message(_ number: Int, attributes: String? = nil) -> EventMessage {
        EventMessage(
            id: UniqueID(high: 7, low: UInt64(number)),
            kind: .stateChange,
            pipeline: PipelineKey(scope: scope, name: "shop"),
            at: at(Int64(number)),
            detailType: "CodePipeline Pipeline Execution State Change",
            subject: "shop \(number)",
            detail: #"{"é":"\#(number)"}"#,
            additionalAttributes: attributes
        )
    }

    private static func event(_ number: Int) -> StoredEvent { .message(self.message(number)) }

    private static func letter(_ number: Int, target: String = "hook", diedAt: Int64 = 50) -> DeadLetterRow {
        DeadLetterRow(
            queue: EventQueue(target: target, pipelineID: id(1)),
            event: .message(self.message(number, attributes: "{}")), diedAt: at(diedAt), attempts: 3, reason: "refused")
    }

    /// Queues the events without a pipeline: they outlive it.
    private static func enqueue(
        _ numbers: ClosedRange<Int>,
        in queue: EventQueue = queue,
        at now: Int64 = 10,
        _ transaction: any StoreTransaction
    ) throws {
        for number in numbers {
            #expect(
                try transaction.enqueueEvent(self.event(number), in: queue, at: at(now), maximumLength: 100))
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Only the first event of a queue can be claimed, and only once`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                try Self.enqueue(1...3, transaction)
                let claimed = try transaction.claimEvents(for: "hook", at: at(10), leaseUntil: at(20), limit: 9)
                #expect(claimed.map(\.row.event) == [Self.event(1)])
                #expect(claimed.map(\.row.attempts) == [1])
                #expect(claimed.map(\.row.queuedAt) == [at(10)])
                #expect(claimed.map(\.row.queue) == [Self.queue])
                #expect(try transaction.claimEvents(for: "hook", at: at(19), leaseUntil: at(29), limit: 9).isEmpty)
                #expect(try transaction.nextEventDue(for: "hook") == at(20))
                let again = try transaction.claimEvents(for: "hook", at: at(20), leaseUntil: at(30), limit: 9)
                #expect(again.map(\.row.event) == [Self.event(1)])
                #expect(again.map(\.row.attempts) == [2])
                #expect(try !transaction.settleEvent(claimed[0], at: at(21)))
                #expect(try !transaction.postponeEvent(claimed[0], until: at(21), reason: "late"))
                #expect(try transaction.settleEvent(again[0], at: at(21)))
                #expect(try !transaction.settleEvent(again[0], at: at(21)))
                let next = try transaction.claimEvents(for: "hook", at: at(21), leaseUntil: at(31), limit: 9)
                #expect(next.map(\.row.event) == [Self.event(2)])
                #expect(next.map(\.row.attempts) == [1])
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A postponed event stays the first and keeps its attempts`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                try Self.enqueue(1...2, transaction)
                let first = try transaction.claimEvents(for: "hook", at: at(10), leaseUntil: at(20), limit: 1)
                #expect(try transaction.postponeEvent(first[0], until: at(40), reason: "refused"))
                #expect(try !transaction.postponeEvent(first[0], until: at(15), reason: "again"))
                #expect(try !transaction.settleEvent(first[0], at: at(11)))
                #expect(try transaction.nextEventDue(for: "hook") == at(40))
                let backlog = EventBacklog(waiting: 2, queues: 1, failing: 1, reason: "refused")
                #expect(try transaction.eventBacklog(of: "hook") == backlog)
                #expect(try transaction.claimEvents(for: "hook", at: at(39), leaseUntil: at(49), limit: 1).isEmpty)
                let again = try transaction.claimEvents(for: "hook", at: at(40), leaseUntil: at(50), limit: 1)
                #expect(again.map(\.row.event) == [Self.event(1)])
                #expect(again.map(\.row.attempts) == [2])
                #expect(try transaction.settleEvent(again[0], at: at(41)))
                #expect(try transaction.eventBacklog(of: "hook") == EventBacklog(waiting: 1, queues: 1))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Queues are claimed one by one, the one that has been due for longest first`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let queues = (1...3).map { EventQueue(target: "hook", pipelineID: id($0)) }
                for (queue, due) in zip(queues, [12, 10, 11]) {
                    try Self.enqueue(1...2, in: queue, at: Int64(due), transaction)
                }
                try Self.enqueue(1...1, in: EventQueue(target: "other", pipelineID: id(1)), transaction)
                let two = try transaction.claimEvents(for: "hook", at: at(12), leaseUntil: at(30), limit: 2)
                #expect(two.map(\.row.queue) == [queues[1], queues[2]])
                #expect(Set(two.map(\.fence)).count == 2)
                let rest = try transaction.claimEvents(for: "hook", at: at(12), leaseUntil: at(30), limit: 9)
                #expect(rest.map(\.row.queue) == [queues[0]])
                #expect(try transaction.nextEventDue(for: "other") == at(10))
                #expect(try transaction.nextEventDue(for: "none") == nil)
                #expect(try transaction.eventTarget(after: "") == "hook")
                #expect(try transaction.eventTarget(after: "hook") == "other")
                #expect(try transaction.eventTarget(after: "other") == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A full queue takes nothing, and an empty one begins anew`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                func enqueue(_ number: Int) throws -> Bool {
                    try transaction.enqueueEvent(
                        Self.event(number), in: Self.queue, at: at(Int64(number)), maximumLength: 2)
                }
                #expect(try [enqueue(1), enqueue(2), enqueue(3)] == [true, true, false])
                #expect(try transaction.eventBacklog(of: "hook").waiting == 2)
                for number in 1...2 {
                    let first = try transaction.claimEvents(for: "hook", at: at(9), leaseUntil: at(19), limit: 9)
                    #expect(first.map(\.row.event) == [Self.event(number)])
                    #expect(try transaction.settleEvent(first[0], at: at(9)))
                }
                #expect(try transaction.nextEventDue(for: "hook") == nil)
                #expect(try transaction.eventBacklog(of: "hook") == EventBacklog())
                #expect(try enqueue(4))
                #expect(try transaction.nextEventDue(for: "hook") == at(4))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `What is rolled back is not queued`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            await #expect(throws: Rejection.self) {
                try await store.write { transaction throws in
                    try Self.enqueue(1...2, transaction)
                    throw Rejection(.validation, "no")
                }
            }
            let due = try await store.read { try $0.nextEventDue(for: "hook") }
            #expect(due == nil)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Dead letters are numbered, listed in order, and forgotten`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                for (number, target) in zip(1...3, ["hook", "other", "hook"]) {
                    try transaction.insertDeadLetter(
                        Self.letter(number, target: target, diedAt: Int64(50 + number)))
                }
                let all = try transaction.deadLetters(of: nil, after: 0, limit: 9)
                #expect(all.map(\.event.message?.subject) == ["shop 1", "shop 2", "shop 3"])
                var first = Self.letter(1, diedAt: 51)
                first.number = all[0].number
                #expect(all[0] == first)
                #expect(try transaction.deadLetter(first.number) == first)
                let hook = try transaction.deadLetters(of: "hook", after: first.number, limit: 9)
                #expect(hook.map(\.event.message?.subject) == ["shop 3"])
                #expect(try transaction.deadLetters(of: nil, after: 0, limit: 2).count == 2)
                #expect(try transaction.eventBacklog(of: "hook") == EventBacklog(deadLetters: 2))
                #expect(try transaction.deleteDeadLetter(first.number))
                #expect(try !transaction.deleteDeadLetter(first.number))
                #expect(try transaction.deleteDeadLetters(diedBefore: at(53), limit: 9) == 1)
                #expect(
                    try transaction.deadLetters(of: nil, after: 0, limit: 9).map(\.event.message?.subject) == ["shop 3"]
                )
                try transaction.insertDeadLetter(Self.letter(4))
                let numbers = try transaction.deadLetters(of: nil, after: 0, limit: 9).map(\.number)
                #expect(numbers.last == all[2].number + 1)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An event that cannot be read is handed out like others, and keeps its bytes as a dead letter`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                let damaged = StoredEvent(storedBytes: [0xFF, 7])
                #expect(damaged.message == nil)
                let other = EventQueue(target: "hook", pipelineID: id(2))
                #expect(try transaction.enqueueEvent(damaged, in: Self.queue, at: at(10), maximumLength: 9))
                try Self.enqueue(1...1, transaction)
                try Self.enqueue(2...2, in: other, transaction)
                let claimed = try transaction.claimEvents(for: "hook", at: at(10), leaseUntil: at(20), limit: 9)
                #expect(claimed.map(\.row.event) == [damaged, Self.event(2)])
                try transaction.insertDeadLetter(
                    DeadLetterRow(queue: Self.queue, event: damaged, diedAt: at(50), attempts: 1, reason: "damaged"))
                try transaction.insertDeadLetter(Self.letter(3))
                let letters = try transaction.deadLetters(of: nil, after: 0, limit: 9)
                #expect(letters.map(\.event) == [damaged, Self.letter(3).event])
                #expect(try transaction.deadLetter(letters[0].number)?.event == damaged)
                #expect(try transaction.settleEvent(claimed[0], at: at(11)))
                let next = try transaction.claimEvents(for: "hook", at: at(11), leaseUntil: at(20), limit: 9)
                #expect(next.map(\.row.event) == [Self.event(1)])
            }
        }
    }

    @Test(arguments: StoreUnderTest.databases)
    func `Bytes that were damaged in the database are told as such`(_ kind: StoreUnderTest) async throws {
        try await kind.withDamage { store, damage in
            try await store.write { transaction throws in try Self.enqueue(1...1, transaction) }
            try await damage("message", "event")
            try await store.write { transaction throws in
                let claimed = try transaction.claimEvents(for: "hook", at: at(10), leaseUntil: at(20), limit: 9)
                #expect(claimed.map(\.row.event) == [StoredEvent(storedBytes: [0xFF])])
            }
        }
    }

    /// Who empties a queue and who adds to it meet at its row: nothing is left behind without a queue, and no event
    /// overtakes another.
    @Test(arguments: StoreUnderTest.allCases)
    func `Two handles that enqueue and deliver at once lose nothing and keep the order`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withHandles { first, second in
            let row = pipeline()
            try await first.write { transaction throws in _ = try transaction.insertPipeline(row) }
            let queue = EventQueue(target: "hook", pipelineID: row.id)
            let delivered = try await withThrowingTaskGroup(of: [Int64].self) { group in
                group.addTask {
                    for number in 1...60 {
                        try await first.write { transaction throws in
                            _ = try transaction.lockPipeline(row.key)
                            _ = try transaction.enqueueEvent(
                                Self.event(number), in: queue, at: at(10), maximumLength: 100)
                        }
                    }
                    return []
                }
                for store in [first, second] {
                    group.addTask {
                        var mine: [Int64] = []
                        while true {
                            let numbers = try await store.write { transaction throws in
                                let claimed = try transaction.claimEvents(
                                    for: "hook", at: at(10), leaseUntil: at(20), limit: 1)
                                for event in claimed {
                                    #expect(try transaction.settleEvent(event, at: at(10)))
                                }
                                return claimed.compactMap(\.row.event.message?.at.millisecondsSinceEpoch)
                            }
                            mine += numbers
                            let isOver = try await store.read { reader throws in
                                try reader.setting("done") != nil && reader.nextEventDue(for: "hook") == nil
                            }
                            if isOver { return mine }
                            // The store in memory makes nobody wait, and others want their turn.
                            await Task.yield()
                        }
                    }
                }
                _ = try await group.next()
                try await first.write { transaction throws in try transaction.putSetting("done", [1]) }
                return try await group.reduce(into: [[Int64]]()) { $0.append($1) }
            }
            for mine in delivered { #expect(mine == mine.sorted()) }
            #expect(delivered.joined().sorted() == Array(1...60))
        }
    }
}
