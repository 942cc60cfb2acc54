// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

struct PollableQueuesTests {
    private static let queue = JobQueue(
        region: .default, typeID: RuntimeFixture.customType, account: .default)

    private let queues = PollableQueues()

    private static func at(_ seconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: seconds * 1000) }

    private func ticket(_ value: String? = nil, at seconds: Int64) -> PollableQueues.Ticket? {
        self.queues.ticket(for: Self.queue, queryValue: value, at: Self.at(seconds))
    }

    /// What a claim that goes by the ticket found: so many jobs, hidden for a minute, and whether there are more.
    private func claimed(
        _ ticket: PollableQueues.Ticket,
        jobsAt seconds: Int64...,
        value: String? = nil,
        isExhausted: Bool = true
    ) {
        self.queues.claimed(
            Self.queue,
            with: ticket,
            visibleAt: seconds.map { Self.at($0 + 60) },
            isExhausted: isExhausted,
            queryValue: value
        )
    }

    @Test func `A queue is empty until a job is queued, and after a claim that found no more`() throws {
        #expect(self.ticket(at: 0) == nil)
        self.queues.jobQueued(Self.queue)
        self.claimed(try #require(self.ticket(at: 0)), jobsAt: 0)
        #expect(self.ticket(at: 1) == nil)
    }

    @Test func `A claim that got all it asked for may have left something`() throws {
        self.queues.jobQueued(Self.queue)
        self.claimed(try #require(self.ticket(at: 0)), jobsAt: 0, isExhausted: false)
        #expect(self.ticket(at: 1) != nil)
    }

    @Test func `A job that is queued while a claim runs is not hidden by what the claim found`() throws {
        self.queues.jobQueued(Self.queue)
        let ticket = try #require(self.ticket(at: 0))
        self.queues.jobQueued(Self.queue)
        self.claimed(ticket)
        #expect(self.ticket(at: 0) != nil)
    }

    @Test func `A job that was handed out can be polled again when its visibility ends`() throws {
        self.queues.jobQueued(Self.queue)
        self.claimed(try #require(self.ticket(at: 0)), jobsAt: 0)
        #expect(self.queues.nextVisible(Self.queue) == Self.at(60))
        #expect(self.ticket(at: 59) == nil)
        #expect(self.ticket(at: 60) != nil)
    }

    @Test func `A job that another claim took is remembered, whichever claim says first what it found`() throws {
        self.queues.jobQueued(Self.queue)
        let (first, second) = (try #require(self.ticket(at: 0)), try #require(self.ticket(at: 0)))
        self.claimed(second)
        self.claimed(first, jobsAt: 0, isExhausted: false)
        #expect(self.ticket(at: 59) == nil)
        #expect(self.ticket(at: 60) != nil)
    }

    @Test func `An earlier job's end of visibility does not hide the next one's`() throws {
        for seconds in [Int64](arrayLiteral: 20, 30) { self.queues.hideJob(of: Self.queue, until: Self.at(seconds)) }
        #expect(self.ticket(at: 19) == nil)
        self.claimed(try #require(self.ticket(at: 20)))
        #expect(self.ticket(at: 29) == nil)
        #expect(self.ticket(at: 30) != nil)
    }

    @Test func `What a claim found before a visibility ended says nothing of what can be polled after`() throws {
        self.queues.jobQueued(Self.queue)
        self.claimed(try #require(self.ticket(at: 0)), jobsAt: 0)
        self.queues.jobQueued(Self.queue)
        #expect(self.ticket(at: 61) != nil)
        let late = try #require(self.ticket(at: 59))
        self.claimed(late)
        #expect(self.ticket(at: 61) != nil)
    }

    @Test func `Values of the queryable property are empty one by one`() throws {
        self.queues.jobQueued(Self.queue)
        self.claimed(try #require(self.ticket("red", at: 0)), value: "red")
        #expect(self.ticket("red", at: 0) == nil)
        #expect(self.ticket("blue", at: 0) != nil)
        self.queues.jobQueued(Self.queue)
        #expect(self.ticket("red", at: 0) != nil)
    }

    @Test func `A job whose visibility ends is offered for its value, whoever polled in between`() throws {
        self.queues.jobQueued(Self.queue)
        self.claimed(try #require(self.ticket("blue", at: 0)), jobsAt: 0, value: "blue")
        self.claimed(try #require(self.ticket("red", at: 60)), value: "red")
        #expect(self.ticket("blue", at: 61) != nil)
    }

    @Test func `More values than are remembered cost a look, and nothing else`() throws {
        self.queues.jobQueued(Self.queue)
        for number in 0...2048 {
            self.claimed(try #require(self.ticket("v\(number)", at: 0)), value: "v\(number)")
        }
        #expect(self.ticket("v2048", at: 0) == nil)
        #expect(self.ticket("v0", at: 0) != nil)
    }

    // MARK: Waiting

    /// Returns once so many wait.
    private func waiting(_ count: Int) async {
        while self.queues.waiterCount(of: Self.queue) != count, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(1))
        }
    }

    @Test(.timeLimit(.minutes(5))) func `A job wakes one of those who wait for the same, and one for each value`() async
    {
        let woken = await withTaskGroup(of: String.self) { group in
            for (name, value) in [("any", nil), ("red 1", "red"), ("red 2", "red"), ("blue", "blue")] {
                group.addTask {
                    await self.queues.wait(for: Self.queue, queryValue: value, after: 0)
                    return name
                }
            }
            await self.waiting(4)
            self.queues.jobQueued(Self.queue)
            await self.waiting(1)
            var woken: Set<String> = []
            for _ in 0..<3 { woken.insert(await group.next() ?? "") }
            group.cancelAll()
            return woken
        }
        #expect(woken.subtracting(["red 1", "red 2"]) == ["any", "blue"])
        #expect(woken.count == 3)
    }

    @Test(.timeLimit(.minutes(5))) func `Who was woken and leaves lets the next one look`() async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask { await self.queues.wait(for: Self.queue, queryValue: nil, after: 0) }
            }
            await self.waiting(2)
            self.queues.jobQueued(Self.queue)
            await self.waiting(1)
            self.queues.passOn(Self.queue, queryValue: nil)
            await group.waitForAll()
        }
        #expect(self.queues.waiterCount(of: Self.queue) == 0)
    }

    @Test(.timeLimit(.minutes(5))) func `Nobody waits for what has come already, nor when cancelled`() async {
        let generation = self.queues.generation(of: Self.queue)
        self.queues.jobQueued(Self.queue)
        await self.queues.wait(for: Self.queue, queryValue: nil, after: generation)
        let now = self.queues.generation(of: Self.queue)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.queues.wait(for: Self.queue, queryValue: nil, after: now) }
            await self.waiting(1)
            group.cancelAll()
            group.addTask { await self.queues.wait(for: Self.queue, queryValue: nil, after: now) }
        }
        #expect(self.queues.waiterCount(of: Self.queue) == 0)
    }
}
