// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle
import Synchronization

/// Looks, now and then, at objects whose stores do not tell of changes, and starts pipelines for what it has not seen.
///
/// When an object is looked at next is stored, so that a restart neither forgets it nor begins all at once. A look that
/// does not end, since its process died, is made again when its lease is over.
///
/// Source: AWS CodePipeline User Guide, Source actions and change detection methods.
package struct SourcePolling: Service {
    /// Looks that go on at once.
    package static let concurrency = 16
    /// How much sooner or later than the interval a look may be, as a share of it, so that many do not stay together.
    package static let jitter = 0.1
    /// How long the service sleeps at most: what a lost signal costs.
    package static let sweepInterval: Duration = .seconds(5)

    private let context: RuntimeContext
    private let probe: (any SourceProbe)?
    private let alarm: Alarm
    private let looks = OngoingLooks()

    package init(context: RuntimeContext) {
        self.context = context
        self.probe = context.probe
        let alarm = Alarm(context.ongoingWork)
        self.alarm = alarm
        context.store.observe { signal in
            if case .sourceWatched = signal { alarm.ring() }
        }
    }

    package func run() async throws {
        self.alarm.start()
        defer { self.alarm.retire() }
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                while !Task.isCancelled {
                    var next: Timestamp?
                    let looked = self.context.clock.now
                    do {
                        for watch in try await self.claimDueLooks() {
                            self.context.ongoingWork.begin()
                            group.addTask {
                                defer { self.context.ongoingWork.end() }
                                await self.look(at: watch)
                                // Before this look counts as done: there is room now for another one.
                                self.alarm.ring()
                            }
                        }
                        // Where there is no room, the look that ends first wakes this.
                        if self.looks.room > 0 {
                            next = Alarm.next(try await self.nextDue(), after: looked, self.context.clock)
                        }
                    } catch {
                        self.context.logger.error("sources could not be polled", metadata: ["error": "\(error)"])
                    }
                    await self.alarm.sleep(until: next, atMost: Self.sweepInterval, self.context.clock)
                }
                group.cancelAll()
            }
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { self.alarm.start() }

    /// Looks now for what is due.
    func wake() { self.alarm.ring() }

    /// When the next look is due; `nil` when there is none to come.
    func nextDue() async throws -> Timestamp? {
        guard self.probe != nil else { return nil }
        return try await self.context.store.read { try $0.earliestSourcePoll() }
    }

    /// Looks at everything that is due now, and returns when all of it was looked at.
    package func pollDueSources() async throws {
        while !Task.isCancelled {
            let watches = try await self.claimDueLooks()
            guard !watches.isEmpty else { return }
            await withDiscardingTaskGroup { group in
                for watch in watches { group.addTask { await self.look(at: watch) } }
            }
        }
    }

    /// Claims what is due and what there is room for; each of it is to be looked at.
    private func claimDueLooks() async throws -> [SourceWatchRow] {
        guard let probe = self.probe, self.looks.room > 0 else { return [] }
        let context = self.context
        let (now, room) = (context.clock.now, self.looks.room)
        let watches = try await context.store.write { transaction in
            try transaction.claimSourcePolls(
                dueBy: now, leaseUntil: now + context.settings.lease + probe.longestLook, limit: room)
        }
        self.looks.begin(watches.count)
        return watches
    }

    /// Makes a look that was claimed. Whatever goes wrong leaves it to its lease.
    private func look(at watch: SourceWatchRow) async {
        defer { self.looks.end() }
        guard let probe = self.probe else { return }
        do {
            try await self.context.isolating("a source was not polled", pipeline: watch.pipelineKey) {
                let location = ObjectLocation(bucket: watch.bucket, key: watch.objectKey)
                let found = await probe.look(at: location, for: watch.pipelineKey.scope)
                try Task.checkCancellation()
                try await self.takeIn(found, at: location, for: watch)
            }
        } catch  where !Task.isCancelled {
            self.context.logger.error(
                "a source was not polled", metadata: ["pipeline": "\(watch.pipelineKey)", "error": "\(error)"])
        } catch {}
    }

    /// Starts the pipeline if what was found is new, and writes down when to look next.
    private func takeIn(_ found: SourceObject, at location: ObjectLocation, for watch: SourceWatchRow) async throws {
        let context = self.context
        let now = context.clock.now
        let next = now + self.pause()
        try await context.store.write { transaction in
            guard let row = try transaction.lockPipeline(watch.pipelineKey), row.id == watch.pipelineID,
                let current = try transaction.sourceWatches(of: row.id).first(where: {
                    $0.actionName == watch.actionName
                }), ObjectLocation(bucket: current.bucket, key: current.objectKey) == location, current.poll != nil
            else { return }
            if try context.stopIdlePolling(of: row, at: now, in: transaction) { return }
            var commit = PipelineCommit(context: context, transaction: transaction, row: row, now: now)
            try SourceWatches(context: context, pipeline: row).startIfUnseen(current, found, &commit)
            try transaction.putSourcePoll(
                SourcePoll(due: next, lookedAt: now, failure: found.failure),
                of: row.id,
                actionName: current.actionName
            )
        }
    }

    /// From one look to the next.
    private func pause() -> Duration {
        var generator = self.context.entropy
        let share = Double.random(in: 1 - Self.jitter...1 + Self.jitter, using: &generator)
        return .milliseconds(Int64(Double(self.context.settings.pollingInterval.milliseconds) * share))
    }
}

/// How many looks go on.
private final class OngoingLooks: Sendable {
    private let count = Mutex(0)

    /// For how many more there is room. One task alone begins looks, so there is no less when it does.
    var room: Int { SourcePolling.concurrency - self.count.withLock { $0 } }

    func begin(_ more: Int) { self.count.withLock { $0 += more } }

    func end() { self.count.withLock { $0 -= 1 } }
}
