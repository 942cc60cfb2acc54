// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle

/// Carries out what commits owe to the outside, at least once each.
package struct EffectService: Service {
    /// Effects that one claim takes.
    package static let batch = 64
    /// How long the service sleeps at most: what a lost signal costs.
    package static let sweepInterval: Duration = .seconds(5)

    let context: RuntimeContext
    private let alarm: Alarm

    package init(context: RuntimeContext) {
        self.context = context
        let alarm = Alarm(context.ongoingWork)
        self.alarm = alarm
        context.store.observe { signal in
            if case .effectOwed = signal { alarm.ring() }
        }
    }

    package func run() async throws {
        await self.alarm.loop(
            atLeastEvery: Self.sweepInterval, in: self.context, orLog: "effects could not be carried out"
        ) {
            try await self.performOwedEffects()
            return nil
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { self.alarm.start() }

    /// Looks now for what is owed.
    func wake() { self.alarm.ring() }

    /// Carries out everything that is owed now, the oldest first.
    package func performOwedEffects() async throws {
        let context = self.context
        while !Task.isCancelled {
            let now = context.clock.now
            let claimed = try await context.store.write { transaction in
                try transaction.claimEffects(at: now, leaseUntil: now + context.settings.lease, limit: Self.batch)
            }
            guard !claimed.isEmpty else { return }
            for effect in claimed {
                switch effect.row.kind {
                case .objectChanged(let change):
                    // What is still to be done stays owed, until the lease ends.
                    guard try await self.startPipelines(watching: change) else { continue }
                }
                _ = try await context.store.write { try $0.settleEffect(effect.row.id, fence: effect.fence) }
            }
        }
    }

    /// Starts every pipeline that watches the object and has not seen it as it is now. Of several changes that are found
    /// together the last one starts, whatever the order in which they are carried out.
    ///
    /// - Returns: `false` when a pipeline was held by others for too long.
    private func startPipelines(watching change: ObjectChange) async throws -> Bool {
        let context = self.context
        let watches = try await context.store.read { reader in
            try reader.sourceWatches(bucket: change.bucket, objectKey: change.key.description, in: change.scope)
        }
        var isDone = true
        for watch in watches where watch.isActive {
            let isStarted = try await context.isolating("a pipeline was not started", pipeline: watch.pipelineKey) {
                try await self.start(watch)
            }
            isDone = isDone && isStarted
        }
        return isDone
    }

    private func start(_ watch: SourceWatchRow) async throws {
        let context = self.context
        let now = context.clock.now
        try await context.store.write { transaction in
            guard let row = try transaction.lockPipeline(watch.pipelineKey), row.id == watch.pipelineID,
                let current = try transaction.sourceWatches(of: row.id).first(where: {
                    $0.actionName == watch.actionName
                })
            else { return }
            if try context.stopIdlePolling(of: row, at: now, in: transaction) { return }
            var commit = PipelineCommit(context: context, transaction: transaction, row: row, now: now)
            try SourceWatches(context: context, pipeline: row).startIfUnseen(current, &commit)
        }
    }
}
