// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle

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
            while !Task.isCancelled {
                var next: Timestamp?
                do {
                    try await self.pollDueSources()
                    next = try await self.nextDue()
                } catch {
                    self.context.logger.error("sources could not be polled", metadata: ["error": "\(error)"])
                }
                await self.alarm.sleep(until: next, atMost: Self.sweepInterval, self.context.clock)
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

    /// Looks at everything that is due now.
    package func pollDueSources() async throws {
        guard let probe = self.probe else { return }
        let context = self.context
        while !Task.isCancelled {
            let now = context.clock.now
            let watches = try await context.store.write { transaction in
                try transaction.claimSourcePolls(
                    dueBy: now, leaseUntil: now + context.settings.lease, limit: Self.concurrency)
            }
            guard !watches.isEmpty else { return }
            try await withThrowingTaskGroup { group in
                for watch in watches {
                    group.addTask {
                        try await context.isolating("a source was not polled", pipeline: watch.pipelineKey) {
                            let location = ObjectLocation(bucket: watch.bucket, key: watch.objectKey)
                            let found = await probe.look(at: location, for: watch.pipelineKey.scope)
                            try Task.checkCancellation()
                            try await self.takeIn(found, at: location, for: watch)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
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
