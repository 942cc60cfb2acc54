// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockModel
import PenstockStore
import ServiceLifecycle

/// Tells targets of events: at least once each, and those of one pipeline in the order of their commits.
///
/// Each target has a lane of its own, so that one that fails delays nobody but itself. Graceful shutdown claims no more
/// and lets what is being delivered end.
package struct EventService: Service {
    /// How long a lane sleeps at most: what a lost signal costs.
    package static let sweepInterval: Duration = .seconds(5)
    /// How long an event is held beyond the time that one attempt may take: what the death of a process costs.
    package static let leaseMargin: Duration = .seconds(20)
    /// How often old dead letters are looked for.
    package static let retentionInterval: Duration = .hours(1)
    /// Dead letters that one sweep forgets.
    package static let sweepBatch = 500

    private let context: RuntimeContext
    private let lanes: [EventLane]

    /// - Parameters:
    ///   - senders: By the name of their target; a target that has none is left alone.
    ///   - chance: A number from 0 to 1, fresh each time, which spreads retries.
    package init(
        context: RuntimeContext,
        senders: [String: any EventSender],
        chance: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.context = context
        let lanes = context.settings.eventTargets.compactMap { target in
            senders[target.name].map { EventLane(context: context, target: target, sender: $0, chance: chance) }
        }
        self.lanes = lanes
        context.store.observe { signal in
            if case .eventQueued = signal { for lane in lanes { lane.alarm.ring() } }
        }
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for lane in self.lanes { group.addTask { await lane.run() } }
                group.addTask { await self.forgetOldDeadLetters() }
            }
        } onGracefulShutdown: {
            for lane in self.lanes { lane.alarm.ring() }
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { for lane in self.lanes { lane.alarm.start() } }

    /// Looks now for events that are due.
    func wake() { for lane in self.lanes { lane.alarm.ring() } }

    /// When something is due for one of the targets next; `nil` when nothing waits for them.
    func nextDue() async throws -> Timestamp? {
        var next: Timestamp?
        for lane in self.lanes {
            guard let due = try await lane.nextDue() else { continue }
            next = min(next ?? due, due)
        }
        return next
    }

    /// Delivers everything that is due now and that nobody delivers. What fails is due later, and is left for then.
    package func deliverDueEvents() async {
        await withDiscardingTaskGroup { group in
            for lane in self.lanes { group.addTask { await lane.deliverDueEvents() } }
        }
    }

    private func forgetOldDeadLetters() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.sweep()
                await self.context.clock.sleep(until: self.context.clock.now + Self.retentionInterval)
            }
        }
    }

    /// Forgets dead letters whose time is over.
    package func sweep() async {
        let limit = self.context.clock.now - self.context.settings.deadLetterRetention
        do {
            while try await self.context.store.write({ transaction in
                try transaction.deleteDeadLetters(diedBefore: limit, limit: Self.sweepBatch)
            }) == Self.sweepBatch {}
        } catch {
            self.context.logger.error("old dead letters could not be forgotten", metadata: ["error": "\(error)"])
        }
    }
}
