// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockModel
import PenstockStore
import ServiceLifecycle
import Synchronization

/// The deliveries to one target.
final class EventLane: Sendable {
    let alarm: Alarm
    private let context: RuntimeContext
    private let target: EventTarget
    private let sender: any EventSender
    private let chance: @Sendable () -> Double
    /// Deliveries that are under way.
    private let underWay = Mutex(0)

    init(
        context: RuntimeContext,
        target: EventTarget,
        sender: any EventSender,
        chance: @escaping @Sendable () -> Double
    ) {
        self.alarm = Alarm(context.ongoingWork)
        self.context = context
        self.target = target
        self.sender = sender
        self.chance = chance
    }

    /// Delivers until the service is to stop, then ends what is under way.
    func run() async {
        self.alarm.start()
        defer { self.alarm.retire() }
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                var next: Timestamp?
                let looked = self.context.clock.now
                do {
                    for event in try await self.claim() {
                        self.context.ongoingWork.begin()
                        group.addTask {
                            defer { self.context.ongoingWork.end() }
                            await self.deliverOn(from: event)
                            // Before this delivery counts as done: there may be room now for another one.
                            self.alarm.ring()
                        }
                    }
                    if self.room > 0 { next = Alarm.next(try await self.nextDue(), after: looked, self.context.clock) }
                } catch {
                    self.log("events could not be claimed", error)
                }
                await self.alarm.sleep(until: next, atMost: EventService.sweepInterval, self.context.clock)
            }
        }
    }

    /// Delivers all that is due and that nobody delivers.
    func deliverDueEvents() async {
        do {
            while case let events = try await self.claim(), !events.isEmpty {
                await withDiscardingTaskGroup { group in
                    for event in events { group.addTask { await self.deliverOn(from: event) } }
                }
            }
        } catch {
            self.log("events could not be claimed", error)
        }
    }

    /// When something is due for the target next, also if somebody delivers it now and is lost.
    func nextDue() async throws -> Timestamp? {
        let name = self.target.name
        return try await self.context.store.read { try $0.nextEventDue(for: name) }
    }

    // MARK: Claiming

    /// How many more deliveries may begin.
    private var room: Int { self.target.limits.concurrency - self.underWay.withLock { $0 } }

    /// Claims what there is room for, and counts it as under way.
    private func claim() async throws -> [Leased<QueuedEvent>] {
        let room = self.underWay.withLock { underWay in
            let room = max(self.target.limits.concurrency - underWay, 0)
            underWay += room
            return room
        }
        guard room > 0 else { return [] }
        var claimed: [Leased<QueuedEvent>] = []
        defer { self.underWay.withLock { $0 -= room - claimed.count } }
        let (now, name, lease) = (self.context.clock.now, self.target.name, self.lease)
        claimed = try await self.context.store.write { transaction in
            try transaction.claimEvents(for: name, at: now, leaseUntil: now + lease, limit: room)
        }
        return claimed
    }

    private var lease: Duration { self.target.limits.timeout + EventService.leaseMargin }

    // MARK: Delivering

    /// Delivers the event, and then what else is due, as long as there is something.
    private func deliverOn(from event: Leased<QueuedEvent>) async {
        defer { self.underWay.withLock { $0 -= 1 } }
        var current: Leased<QueuedEvent>? = event
        while let event = current {
            current = await self.conclude(event, await self.deliver(event.row))
        }
    }

    /// Makes one attempt. What cannot be read is no target's fault, and makes way for the next.
    private func deliver(_ event: QueuedEvent) async -> EventOutcome {
        let message: EventMessage
        switch event.event {
        case .message(let readable): message = readable
        case .unreadable(_, let reason): return .dead(reason: reason)
        }
        do throws(EventSendFailure) {
            try await self.sender.send(EventDelivery(message: message, attempt: event.attempts))
            return .delivered
        } catch {
            return self.outcome(of: event, error, at: self.context.clock.now)
        }
    }

    /// Writes what came of an attempt and claims what is due next, in one transaction.
    ///
    /// What cannot be written is left to the lease: the event is then delivered again.
    private func conclude(_ event: Leased<QueuedEvent>, _ outcome: EventOutcome) async -> Leased<QueuedEvent>? {
        let (now, target, lease) = (self.context.clock.now, self.target, self.lease)
        let goesOn = !Task.isCancelled && !Task.isShuttingDownGracefully
        do {
            let (isHeld, next) = try await self.context.store.write { transaction in
                let isHeld = try outcome.write(for: event, at: now, in: transaction)
                guard goesOn else { return (isHeld, Leased<QueuedEvent>?.none) }
                let next = try transaction.claimEvents(for: target.name, at: now, leaseUntil: now + lease, limit: 1)
                return (isHeld, next.first)
            }
            if isHeld { self.tell(outcome, of: event.row) }
            return next
        } catch {
            self.log("the outcome of a delivery could not be written", error)
            return nil
        }
    }

    private func outcome(of event: QueuedEvent, _ failure: EventSendFailure, at now: Timestamp) -> EventOutcome {
        let limits = self.target.limits
        let isDead = event.attempts >= limits.maximumAttempts || now - event.queuedAt >= limits.maximumAge
        guard !isDead else { return .dead(reason: failure.reason) }
        let delay = EventBackoff.delay(after: event.attempts, chance: self.chance(), asked: failure.retryAfter)
        return .failed(reason: failure.reason, dueAgain: now + delay)
    }

    // MARK: Telling the operator

    private func tell(_ outcome: EventOutcome, of event: QueuedEvent) {
        switch outcome {
        case .delivered: break
        case .failed(let reason, _):
            self.context.logger.warning("a target did not take an event", metadata: self.metadata(event, reason))
        case .dead(let reason):
            self.context.logger.error("an event is given up", metadata: self.metadata(event, reason))
        }
    }

    private func metadata(_ event: QueuedEvent, _ reason: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "target": "\(self.target.name)", "number": "\(event.number)", "attempts": "\(event.attempts)",
            "error": "\(reason)",
        ]
        if let message = event.event.message {
            metadata["event"] = "\(message.id)"
            metadata["subject"] = "\(message.subject)"
        }
        return metadata
    }

    private func log(_ message: Logger.Message, _ error: any Error) {
        self.context.logger.error(message, metadata: ["target": "\(self.target.name)", "error": "\(error)"])
    }
}
