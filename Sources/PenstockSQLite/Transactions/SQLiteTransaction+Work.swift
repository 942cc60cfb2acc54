// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

extension SQLiteTransaction {
    func earliestTimer() throws -> Timestamp? { try self.connection.first(WorkStatement.earliestTimer) { $0.time(0) } }

    func earliestLapse() throws -> Timestamp? {
        try [WorkStatement.earliestTimerLapse, .earliestEffectLapse]
            .compactMap { statement in try self.connection.first(statement) { $0.time(0) } }
            .min()
    }

    func putTimer(_ row: TimerRow) throws {
        try self.connection.run(
            WorkStatement.putTimer,
            .text(row.key.text), .id(row.pipelineID), .time(row.due), .blob(TimerDetails(row: row).storedBytes())
        )
    }

    func deleteTimer(_ key: TimerRow.Key) throws { try self.connection.run(WorkStatement.deleteTimer, .text(key.text)) }

    func claimTimers(dueBy now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [Leased<TimerRow>] {
        let found = try [WorkStatement.freeTimers, .lapsedTimers].flatMap { statement in
            try self.connection.rows(statement, .time(now), .integer(limit), map: Self.timer)
        }
        let due = found.sorted { ($0.due, $0.key.text) < ($1.due, $1.key.text) }.prefix(limit)
        var fence = try self.firstFence(of: due.count)
        return try due.map { row in
            defer { fence += 1 }
            try self.connection.run(WorkStatement.leaseTimer, .text(row.key.text), .integer(fence), .time(leaseUntil))
            return Leased(row: row, fence: fence)
        }
    }

    func holdsTimer(_ key: TimerRow.Key, fence: Int64) throws -> Bool {
        try self.connection.first(WorkStatement.timerFence, .text(key.text)) { $0.integer(0) } == fence
    }

    func oweEffect(_ row: EffectRow) throws {
        try self.connection.run(
            WorkStatement.oweEffect,
            .id(row.id), .time(row.createdAt), .integer(row.attempts), .blob(row.kind.storedBytes())
        )
    }

    func claimEffects(at now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [Leased<EffectRow>] {
        let free = try self.connection.rows(WorkStatement.freeEffects, .integer(limit), map: Self.effect)
        let lapsed = try self.connection.rows(
            WorkStatement.lapsedEffects, .integer(limit), .time(now), map: Self.effect)
        let claimed = (free + lapsed).sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }.prefix(limit)
        var fence = try self.firstFence(of: claimed.count)
        return try claimed.map { row in
            defer { fence += 1 }
            try self.connection.run(WorkStatement.leaseEffect, .id(row.id), .integer(fence), .time(leaseUntil))
            var row = row
            row.attempts += 1
            return Leased(row: row, fence: fence)
        }
    }

    func settleEffect(_ id: UniqueID, fence: Int64) throws -> Bool {
        try self.connection.run(WorkStatement.settleEffect, .id(id), .integer(fence)) == 1
    }

    func sourceWatches(bucket: String, objectKey: String, in scope: Scope) throws -> [SourceWatchRow] {
        try self.connection.rows(
            WorkStatement.sourceWatchesOfObject,
            .text(scope.account.rawValue), .text(scope.region.rawValue), .text(bucket), .text(objectKey),
            map: Self.watch
        )
    }

    func sourceWatches(of pipeline: PipelineID) throws -> [SourceWatchRow] {
        try self.connection.rows(WorkStatement.sourceWatchesOfPipeline, .id(pipeline), map: Self.watch)
    }

    func replaceSourceWatches(of pipeline: PipelineID, with rows: [SourceWatchRow]) throws {
        let former = try self.sourceWatches(of: pipeline)
        try self.connection.run(WorkStatement.deleteSourceWatches, .id(pipeline))
        for row in rows {
            let known = former.first {
                $0.actionName == row.actionName && $0.bucket == row.bucket && $0.objectKey == row.objectKey
            }
            let scope = row.pipelineKey.scope
            try self.connection.run(
                WorkStatement.insertSourceWatch,
                .id(pipeline), .text(scope.account.rawValue), .text(scope.region.rawValue),
                .text(row.pipelineKey.name), .text(row.actionName), .text(row.bucket), .text(row.objectKey),
                .bool(row.polls), .time(row.disabledAt), .text(known == nil ? row.cursor : known?.cursor),
                .time(row.poll?.due), .time(row.poll?.lookedAt), .blob(row.poll?.failure?.storedBytes())
            )
        }
    }

    func putSourceCursor(_ revision: String, of pipeline: PipelineID, actionName: String) throws {
        try self.connection.run(WorkStatement.putSourceCursor, .id(pipeline), .text(actionName), .text(revision))
    }

    func earliestSourcePoll() throws -> Timestamp? {
        try self.connection.first(WorkStatement.earliestSourcePoll) { $0.time(0) }
    }

    func claimSourcePolls(dueBy now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [SourceWatchRow] {
        let claimed = try self.connection.rows(
            WorkStatement.dueSourcePolls, .time(now), .time(leaseUntil), .integer(limit), map: Self.watch)
        for watch in claimed {
            if let poll = watch.poll {
                try self.putSourcePoll(poll, of: watch.pipelineID, actionName: watch.actionName)
            }
        }
        return claimed
    }

    func putSourcePoll(_ poll: SourcePoll, of pipeline: PipelineID, actionName: String) throws {
        try self.connection.run(
            WorkStatement.putSourcePoll,
            .id(pipeline), .text(actionName), .time(poll.due), .time(poll.lookedAt),
            .blob(poll.failure?.storedBytes())
        )
    }

    func disablePolling(of pipeline: PipelineID, at instant: Timestamp) throws {
        try self.connection.run(WorkStatement.disablePolling, .id(pipeline), .time(instant))
    }

    func oweSourceEvent(_ change: ObjectChange) throws {
        let key = change.key.description
        let watches = try self.sourceWatches(bucket: change.bucket, objectKey: key, in: change.scope)
        guard watches.contains(where: \.isActive) else { return }
        try self.oweEffect(EffectRow(owing: change))
        self.signal(.effectOwed)
    }

    /// Takes fences that nobody had, each greater than all before.
    func firstFence(of count: Int) throws -> Int64 {
        guard count > 0 else { return 0 }
        guard let last = try self.connection.first(WorkStatement.nextFences, .integer(count), map: { $0.integer(0) })
        else {
            throw StoreError(.corrupt, "the row of fences is missing")
        }
        return last - Int64(count) + 1
    }

    private static func timer(_ row: SQLRow) throws -> TimerRow {
        guard let key = TimerRow.Key(text: row.text(0)) else {
            throw StoreError(.corrupt, "the key of a stored timer cannot be read")
        }
        let details = try TimerDetails(storedBytes: row.blob(2))
        return TimerRow(
            key: key,
            due: row.time(1),
            pipelineID: details.pipelineID,
            pipelineKey: details.pipelineKey,
            executionID: details.executionID
        )
    }

    private static func effect(_ row: SQLRow) throws -> EffectRow {
        EffectRow(
            id: row.uniqueID(0),
            kind: try EffectRow.Kind(storedBytes: row.blob(3)),
            createdAt: row.time(1),
            attempts: Int(row.integer(2))
        )
    }

    private static func watch(_ row: SQLRow) throws -> SourceWatchRow {
        SourceWatchRow(
            bucket: row.text(5),
            objectKey: row.text(6),
            pipelineID: row.id(0),
            pipelineKey: PipelineKey(scope: try row.scope(account: 1, region: 2), name: row.text(3)),
            actionName: row.text(4),
            polls: row.bool(7),
            disabledAt: row.optionalTime(8),
            cursor: row.optionalText(9),
            poll: try row.optionalTime(10).map { due in
                SourcePoll(
                    due: due,
                    lookedAt: row.optionalTime(11),
                    failure: try row.optionalBlob(12).map { try FailureDetails(storedBytes: $0) }
                )
            }
        )
    }
}

/// Whose timer it is.
struct TimerDetails: StateCodable {
    let pipelineID: PipelineID
    let pipelineKey: PipelineKey
    let executionID: PipelineExecutionID

    init(row: TimerRow) {
        self.pipelineID = row.pipelineID
        self.pipelineKey = row.pipelineKey
        self.executionID = row.executionID
    }

    init(from reader: inout StateReader) throws(StateDecodingError) {
        self.pipelineID = try reader.read()
        let (account, region) = (try reader.readString(), try reader.readString())
        guard let account = AccountID(account), let region = Region(region) else {
            throw StateDecodingError("a timer's scope cannot be read")
        }
        self.pipelineKey = PipelineKey(scope: Scope(account: account, region: region), name: try reader.readString())
        self.executionID = try reader.read()
    }

    func encode(to writer: inout StateWriter) {
        writer.write(self.pipelineID)
        writer.write(self.pipelineKey.scope.account.rawValue)
        writer.write(self.pipelineKey.scope.region.rawValue)
        writer.write(self.pipelineKey.name)
        writer.write(self.executionID)
    }
}
