// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockArtifacts
import PenstockModel

extension MemoryTransaction {
    func earliestTimer() -> Timestamp? {
        self.rows.timers.values.lazy.filter { $0.leaseUntil == nil }.map(\.row.due).min()
    }

    func earliestLapse() -> Timestamp? {
        let timers = self.rows.timers.values.lazy.compactMap(\.leaseUntil).min()
        let effects = self.rows.effects.values.lazy.compactMap(\.leaseUntil).min()
        return [timers, effects].compactMap { $0 }.min()
    }

    func sourceWatches(bucket: String, objectKey: String, in scope: Scope) -> [SourceWatchRow] {
        let pipelines = self.rows.pipelines.values.filter { $0.row.key.scope == scope }
        return pipelines.flatMap { $0.watches.values.filter { $0.bucket == bucket && $0.objectKey == objectKey } }
            .sorted { ($0.pipelineKey.name, $0.actionName) < ($1.pipelineKey.name, $1.actionName) }
    }

    func sourceWatches(of pipeline: PipelineID) -> [SourceWatchRow] {
        (self.rows.pipelines[pipeline]?.watches.values.map { $0 } ?? []).sorted { $0.actionName < $1.actionName }
    }

    func earliestSourcePoll() -> Timestamp? {
        self.rows.pipelines.values.flatMap { $0.watches.values.filter(\.isActive).compactMap(\.poll?.due) }.min()
    }

    func putTimer(_ row: TimerRow) throws {
        guard self.rows.pipelines[row.pipelineID] != nil else { throw constraint("there is no such pipeline") }
        self.rows.timers[row.key] = .init(row: row)
    }

    func deleteTimer(_ key: TimerRow.Key) { self.rows.timers[key] = nil }

    func claimTimers(dueBy now: Timestamp, leaseUntil: Timestamp, limit: Int) -> [Leased<TimerRow>] {
        let due = self.rows.timers.values.filter { $0.row.due <= now && $0.isFree(at: now) }
            .sorted { ($0.row.due, $0.row.key.text) < ($1.row.due, $1.row.key.text) }
        return due.prefix(limit).map { timer in
            self.rows.lastFence += 1
            var timer = timer
            timer.fence = self.rows.lastFence
            timer.leaseUntil = leaseUntil
            self.rows.timers[timer.row.key] = timer
            return Leased(row: timer.row, fence: timer.fence)
        }
    }

    func holdsTimer(_ key: TimerRow.Key, fence: Int64) -> Bool { self.rows.timers[key]?.fence == fence }

    func oweEffect(_ row: EffectRow) {
        if self.rows.effects[row.id] == nil { self.rows.effects[row.id] = .init(row: row) }
    }

    func claimEffects(at now: Timestamp, leaseUntil: Timestamp, limit: Int) -> [Leased<EffectRow>] {
        let free = self.rows.effects.values.filter { $0.isFree(at: now) }
            .sorted { ($0.row.createdAt, $0.row.id) < ($1.row.createdAt, $1.row.id) }
        return free.prefix(limit).map { effect in
            self.rows.lastFence += 1
            var effect = effect
            effect.row.attempts += 1
            effect.fence = self.rows.lastFence
            effect.leaseUntil = leaseUntil
            self.rows.effects[effect.row.id] = effect
            return Leased(row: effect.row, fence: effect.fence)
        }
    }

    func settleEffect(_ id: UniqueID, fence: Int64) -> Bool {
        guard self.rows.effects[id]?.fence == fence else { return false }
        self.rows.effects[id] = nil
        return true
    }

    func replaceSourceWatches(of pipeline: PipelineID, with rows: [SourceWatchRow]) throws {
        try self.change(pipeline) {
            let former = $0.watches
            $0.watches = [:]
            for var row in rows {
                guard $0.watches[row.actionName] == nil else { throw constraint("an action watches one object") }
                if let known = former[row.actionName], known.bucket == row.bucket, known.objectKey == row.objectKey {
                    row.cursor = known.cursor
                }
                $0.watches[row.actionName] = row
            }
        }
    }

    func putSourceCursor(_ revision: String, of pipeline: PipelineID, actionName: String) throws {
        guard self.rows.pipelines[pipeline] != nil else { return }
        try self.change(pipeline) { $0.watches[actionName]?.cursor = revision }
    }

    func claimSourcePolls(dueBy now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [SourceWatchRow] {
        var due: [(due: Timestamp, watch: SourceWatchRow)] = []
        for watch in self.rows.pipelines.values.flatMap(\.watches.values) where watch.isActive {
            if let poll = watch.poll, poll.due <= now { due.append((poll.due, watch)) }
        }
        due.sort {
            ($0.due, $0.watch.pipelineID, $0.watch.actionName) < ($1.due, $1.watch.pipelineID, $1.watch.actionName)
        }
        return try due.prefix(limit).map { _, watch in
            var watch = watch
            watch.poll?.due = leaseUntil
            let claimed = watch
            try self.change(watch.pipelineID) { $0.watches[claimed.actionName] = claimed }
            return claimed
        }
    }

    func putSourcePoll(_ poll: SourcePoll, of pipeline: PipelineID, actionName: String) throws {
        guard self.rows.pipelines[pipeline] != nil else { return }
        try self.change(pipeline) { $0.watches[actionName]?.poll = poll }
    }

    func disablePolling(of pipeline: PipelineID, at instant: Timestamp) throws {
        guard self.rows.pipelines[pipeline] != nil else { return }
        try self.change(pipeline) { pipeline in
            for watch in pipeline.watches.values where watch.isActive {
                pipeline.watches[watch.actionName]?.disabledAt = instant
            }
        }
    }

    func oweSourceEvent(_ change: ObjectChange) {
        let watches = self.sourceWatches(bucket: change.bucket, objectKey: change.key.description, in: change.scope)
        guard watches.contains(where: \.isActive) else { return }
        self.oweEffect(EffectRow(owing: change))
        self.signal(.effectOwed)
    }
}
