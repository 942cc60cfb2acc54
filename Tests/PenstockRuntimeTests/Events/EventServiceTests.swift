// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import ServiceLifecycle
import Testing

import struct Logging.Logger

/// The service as it runs by itself.
struct EventServiceTests {
    /// Runs the service while the body runs, and then ends it gracefully.
    private func running(_ service: EventService, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test")))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func bed(_ sender: any EventSender) async throws -> (RuntimeFixture, EventService) {
        var settings = RuntimeSettings()
        settings.eventTargets = [.hook()]
        let fixture = try await RuntimeFixture(settings: settings)
        return (fixture, EventService(context: fixture.context, senders: ["hook": sender], chance: { 1 }))
    }

    @Test(.timeLimit(.minutes(1))) func `A commit wakes the service`() async throws {
        let sender = StreamingSender()
        let (fixture, service) = try await self.bed(sender)
        try await self.running(service) {
            try await fixture.createPipeline()
            var iterator = sender.subjects.makeAsyncIterator()
            #expect(await iterator.next() == "shop STARTED")
            #expect(await iterator.next() == "shop/Build STARTED")
            #expect(await iterator.next() == "shop/Build/Work STARTED")
            let job = try #require(try await fixture.takeJob())
            try await fixture.succeed(job.id)
            #expect(await iterator.next() == "shop/Build/Work SUCCEEDED")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `What waits from before is delivered at the start`() async throws {
        let sender = StreamingSender()
        let (fixture, service) = try await self.bed(sender)
        try await fixture.createPipeline()
        try await self.running(service) {
            #expect(await sender.subjects.first { _ in true } == "shop STARTED")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `A retry comes when the clock has moved`() async throws {
        let sender = StreamingSender(failures: 1)
        let (fixture, service) = try await self.bed(sender)
        try await self.running(service) {
            try await fixture.createPipeline()
            var iterator = sender.subjects.makeAsyncIterator()
            #expect(await iterator.next() == "shop STARTED")
            // Returns once the failure is written, so that the retry is due a second from now.
            await fixture.context.ongoingWork.allEnded()
            fixture.clock.advance(by: .seconds(1))
            #expect(await iterator.next() == "shop STARTED")
            #expect(await iterator.next() == "shop/Build STARTED")
        }
    }

    @Test(.timeLimit(.minutes(1))) func `A clock that is moved goes to each retry, and waits for each delivery`()
        async throws
    {
        var settings = RuntimeSettings()
        settings.eventTargets = [.hook()]
        let fixture = try await RuntimeFixture(settings: settings)
        let sender = RecordingSender()
        sender.fail(EventSendFailure("first"), EventSendFailure("second"))
        try await fixture.createPipeline()
        try await fixture.running(senders: ["hook": sender]) { clock in
            _ = try await clock.advance(fixture.call, by: .seconds(3))
            #expect(sender.deliveries.map(\.attempt) == [1, 2, 3, 1, 1])
        }
    }

    @Test(.timeLimit(.minutes(1))) func `Shutdown lets a delivery end, and begins no other`() async throws {
        let sender = PatientSender()
        let (fixture, service) = try await self.bed(sender)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: Logger(label: "test")))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await fixture.createPipeline()
            await sender.begun.first { _ in true }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        let waiting = try await fixture.store.read { try $0.eventBacklog(of: "hook").waiting }
        #expect(waiting == 2)
    }

    @Test(.timeLimit(.minutes(1))) func `Who waits for what is due waits for what is under way`() async throws {
        let sender = GatedSender()
        let (fixture, service) = try await self.bed(sender)
        try await self.running(service) {
            try await fixture.createPipeline()
            await sender.begun.first { _ in true }
            async let settled: Void = fixture.context.ongoingWork.allEnded()
            sender.open()
            await settled
            let backlog = try await fixture.store.read { try $0.eventBacklog(of: "hook") }
            #expect(backlog.waiting == 0)
        }
    }
}

/// Tells what it gets, and fails at first as often as it is told to.
private final class StreamingSender: EventSender {
    let subjects: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    private let failures: Int

    init(failures: Int = 0) {
        (self.subjects, self.continuation) = AsyncStream.makeStream()
        self.failures = failures
    }

    func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        self.continuation.yield(delivery.message.subject)
        if delivery.attempt <= self.failures { throw EventSendFailure("not yet") }
    }
}

/// Takes nothing before the service is asked to stop.
private final class PatientSender: EventSender {
    let begun: AsyncStream<Void>
    private let beginning: AsyncStream<Void>.Continuation

    init() { (self.begun, self.beginning) = AsyncStream.makeStream() }

    func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        self.beginning.yield()
        try? await gracefulShutdown()
    }
}

/// Takes nothing before it is opened.
private final class GatedSender: EventSender {
    let begun: AsyncStream<Void>
    private let beginning: AsyncStream<Void>.Continuation
    private let opened: AsyncStream<Void>
    private let opening: AsyncStream<Void>.Continuation

    init() {
        (self.begun, self.beginning) = AsyncStream.makeStream()
        (self.opened, self.opening) = AsyncStream.makeStream()
    }

    func open() { self.opening.finish() }

    func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        self.beginning.yield()
        for await _ in self.opened {}
    }
}
