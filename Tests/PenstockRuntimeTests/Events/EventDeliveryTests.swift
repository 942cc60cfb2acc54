// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// What targets get, in which order, and what failures do to it.
struct EventDeliveryTests {
    private static let started = ["shop STARTED", "shop/Build STARTED", "shop/Build/Work STARTED"]
    private static let wentOn = [
        "shop/Build/Work SUCCEEDED", "shop/Build SUCCEEDED", "shop/Release STARTED", "shop/Release/Work STARTED",
    ]
    private static let ended = ["shop/Release/Work SUCCEEDED", "shop/Release SUCCEEDED", "shop SUCCEEDED"]

    @Test func `A target gets the events of an execution in the order of its commits`() async throws {
        let bed = try await EventBed(.hook())
        try await bed.fixture.createPipeline()
        try await bed.finishJob()
        try await bed.finishJob()
        await bed.deliver()
        let sender = try bed.sender()
        #expect(sender.subjects == Self.started + Self.wentOn + Self.ended)
        #expect(Set(sender.ids).count == 10)
        #expect(sender.deliveries.allSatisfy { $0.attempt == 1 && $0.message.kind == .stateChange })
        #expect(try await bed.backlog() == EventBacklog())
    }

    @Test func `Where nobody is configured nothing is written`() async throws {
        let bed = try await EventBed()
        try await bed.fixture.createPipeline()
        let target = try await bed.fixture.store.read { try $0.eventTarget(after: "") }
        #expect(target == nil)
    }

    @Test func `What is refused tells nobody`() async throws {
        let bed = try await EventBed(.hook())
        try await bed.fixture.createPipeline()
        await bed.deliver()
        let job = try #require(try await bed.fixture.takeJob())
        try await bed.fixture.fail(job.id)
        await #expect(throws: Rejection.self) { try await bed.fixture.succeed(job.id) }
        await bed.deliver()
        #expect(
            try bed.sender().subjects
                == Self.started + ["shop/Build/Work FAILED", "shop/Build FAILED", "shop FAILED"])
    }

    @Test func `A job can be polled when its target is told that the action has started`() async throws {
        let bed = try await EventBed(.hook())
        let poller = PollingSender(fixture: bed.fixture)
        let service = EventService(context: bed.fixture.context, senders: ["hook": poller])
        try await bed.fixture.createPipeline()
        await service.deliverDueEvents()
        #expect(await poller.polled == 1)
    }

    // MARK: Failures

    @Test func `A failing target gets the same event again, later ones wait, and other targets go on`() async throws {
        let bed = try await EventBed(.hook("down"), .hook("up"))
        let (down, up) = (try bed.sender("down"), try bed.sender("up"))
        down.fail(EventSendFailure("refused"), EventSendFailure("refused"))
        try await bed.fixture.createPipeline()
        await bed.deliver()
        #expect(up.subjects == Self.started)
        #expect(down.subjects == ["shop STARTED"])
        #expect(try await bed.backlog("down").failing == 1)
        #expect(try await bed.backlog("down").reason == "refused")
        await bed.advance(by: .milliseconds(999))
        #expect(down.deliveries.count == 1)
        await bed.advance(by: .milliseconds(1))
        #expect(down.deliveries.count == 2)
        await bed.advance(by: .seconds(2))
        #expect(down.subjects == ["shop STARTED", "shop STARTED"] + Self.started)
        #expect(Set(down.ids.prefix(3)).count == 1)
        #expect(down.deliveries.prefix(3).map(\.attempt) == [1, 2, 3])
        #expect(down.ids.suffix(3) == up.ids.suffix(3))
        #expect(try await bed.backlog("down") == EventBacklog())
    }

    @Test func `A pipeline whose event fails holds up no other pipeline`() async throws {
        let bed = try await EventBed(.hook { $0.concurrency = 1 })
        let sender = try bed.sender()
        sender.fail(EventSendFailure("refused"))
        try await bed.fixture.createPipeline()
        bed.fixture.clock.advance(by: .milliseconds(1))
        try await bed.fixture.createPipeline(named: "other")
        await bed.deliver()
        #expect(
            sender.subjects == ["shop STARTED", "other STARTED", "other/Build STARTED", "other/Build/Work STARTED"])
    }

    @Test func `After its last attempt an event is dead, and the next one has its turn`() async throws {
        let bed = try await EventBed(.hook { $0.maximumAttempts = 2 })
        let sender = try bed.sender()
        sender.fail(EventSendFailure("first"), EventSendFailure("second"))
        try await bed.fixture.createPipeline()
        await bed.deliver()
        #expect(try await bed.deadLetters().isEmpty)
        await bed.advance(by: .seconds(1))
        #expect(sender.subjects == ["shop STARTED"] + Self.started)
        let dead = try #require(try await bed.deadLetters().first)
        #expect(dead.event.message?.subject == "shop STARTED")
        #expect(dead.attempts == 2)
        #expect(dead.reason == "second")
        #expect(dead.diedAt == bed.fixture.clock.now)
        #expect(dead.queue.target == "hook")
        #expect(try await bed.backlog() == EventBacklog(deadLetters: 1))
    }

    @Test func `An event that cannot be read is dead at once, and all others have their turn`() async throws {
        let bed = try await EventBed(.hook { $0.concurrency = 1 })
        let now = bed.fixture.clock.now
        let damaged = StoredEvent(storedBytes: [0xFF])
        try await bed.fixture.store.write { transaction throws in
            // Those of a pipeline that is gone, whose queue is claimed first.
            let queue = EventQueue(target: "hook", pipelineID: PipelineID(UniqueID(high: 0, low: 1)))
            let next = EventMessage(
                id: UniqueID(high: 0, low: 2), kind: .stateChange, pipeline: bed.fixture.call.pipeline("gone"),
                at: now, detailType: "", subject: "gone SUCCEEDED", detail: "{}")
            for event in [damaged, damaged, .message(next)] {
                _ = try transaction.enqueueEvent(event, in: queue, at: now, maximumLength: 9)
            }
        }
        bed.fixture.clock.advance(by: .milliseconds(1))
        try await bed.fixture.createPipeline()
        await bed.deliver()
        #expect(try bed.sender().subjects.sorted() == (Self.started + ["gone SUCCEEDED"]).sorted())
        let letters = try await bed.deadLetters()
        #expect(letters.map(\.event) == [damaged, damaged])
        #expect(letters.map(\.attempts) == [1, 1])
        #expect(letters.allSatisfy { $0.reason.contains("cannot be read") })
        #expect(try await bed.backlog() == EventBacklog(deadLetters: 2))
    }

    @Test func `An event that fails when it is too old is dead`() async throws {
        let bed = try await EventBed(.hook { $0.maximumAge = .hours(1) })
        let sender = try bed.sender()
        sender.failsAlways = true
        try await bed.fixture.createPipeline()
        await bed.deliver()
        await bed.advance(by: .hours(1))
        #expect(try await bed.deadLetters().compactMap(\.event.message?.subject) == Self.started)
        #expect(try await bed.deadLetters().map(\.attempts) == [2, 1, 1])
    }

    @Test func `What comes to a full queue is dead at once`() async throws {
        let bed = try await EventBed(.hook { $0.maximumQueueLength = 2 })
        try await bed.fixture.createPipeline()
        await bed.deliver()
        #expect(try bed.sender().subjects == Array(Self.started.prefix(2)))
        let dead = try #require(try await bed.deadLetters().first)
        #expect(dead.event.message?.subject == "shop/Build/Work STARTED")
        #expect(dead.attempts == 0)
        #expect(dead.reason == "2 events of the pipeline wait for the target already")
    }

    @Test func `A target that asks to be left alone is`() async throws {
        let bed = try await EventBed(.hook())
        try bed.sender().fail(EventSendFailure("busy", retryAfter: .seconds(60)))
        try await bed.fixture.createPipeline()
        await bed.deliver()
        await bed.advance(by: .seconds(59))
        #expect(try bed.sender().deliveries.count == 1)
        await bed.advance(by: .seconds(1))
        #expect(try bed.sender().deliveries.count == 4)
    }

    // MARK: Crashes and deletion

    @Test func `What a process took and did not end is delivered again, as the same event`() async throws {
        let bed = try await EventBed(.hook())
        try await bed.fixture.createPipeline()
        let now = bed.fixture.clock.now
        let lost = try await bed.fixture.store.write { transaction in
            try transaction.claimEvents(for: "hook", at: now, leaseUntil: now + .seconds(30), limit: 9)
        }
        await bed.deliver()
        #expect(try bed.sender().deliveries.isEmpty)
        await bed.advance(by: .seconds(30))
        #expect(try bed.sender().subjects == Self.started)
        #expect(try bed.sender().ids.first == lost.first?.row.event.message?.id)
        #expect(try bed.sender().deliveries.first?.attempt == 2)
    }

    @Test func `What another process settled meanwhile is not settled again`() async throws {
        let bed = try await EventBed(.hook())
        try await bed.fixture.createPipeline()
        let now = bed.fixture.clock.now
        try await bed.fixture.store.write { transaction throws in
            let first = try transaction.claimEvents(for: "hook", at: now, leaseUntil: now + .seconds(1), limit: 1)
            let second = try transaction.claimEvents(
                for: "hook", at: now + .seconds(1), leaseUntil: now + .seconds(9), limit: 1)
            #expect(first.map(\.row.event) == second.map(\.row.event))
            #expect(try transaction.settleEvent(second[0], at: now))
            #expect(try !transaction.settleEvent(first[0], at: now))
            #expect(try !transaction.settleEvent(second[0], at: now))
        }
        await bed.deliver()
        #expect(try bed.sender().subjects == Array(Self.started.dropFirst()))
    }

    @Test func `What was committed is delivered, though the pipeline is gone`() async throws {
        let bed = try await EventBed(.hook())
        try await bed.fixture.createPipeline()
        try await bed.fixture.pipelines.delete(bed.fixture.call, name: "shop")
        await bed.deliver()
        #expect(try bed.sender().subjects == Self.started)
    }

    @Test func `Dead letters are forgotten when their time is over`() async throws {
        let bed = try await EventBed(.hook { $0.maximumAttempts = 1 })
        try bed.sender().failsAlways = true
        try await bed.fixture.createPipeline()
        await bed.deliver()
        #expect(try await bed.deadLetters().count == 3)
        bed.fixture.clock.advance(by: .days(14))
        await bed.service.sweep()
        #expect(try await bed.deadLetters().count == 3)
        bed.fixture.clock.advance(by: .milliseconds(1))
        await bed.service.sweep()
        #expect(try await bed.deadLetters().isEmpty)
    }
}

/// A worker that wakes on the event of its action and polls then.
private actor PollingSender: EventSender {
    private let fixture: RuntimeFixture
    private(set) var polled = 0

    init(fixture: RuntimeFixture) { self.fixture = fixture }

    func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        guard delivery.message.subject == "shop/Build/Work STARTED" else { return }
        self.polled = (try? await self.fixture.poll().count) ?? 0
    }
}
