// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

// MARK: - Timers

extension PostgresTransaction {
    func earliestTimer() throws -> Timestamp? {
        try self.first("SELECT min(due) FROM timer WHERE lease_until IS NULL", []) {
            try $0.timestampIfPresent()
        } ?? nil
    }

    func earliestLapse() throws -> Timestamp? {
        try self.first(
            """
            SELECT least(
                (SELECT lease_until FROM timer WHERE lease_until IS NOT NULL ORDER BY lease_until LIMIT 1),
                (SELECT lease_until FROM effect WHERE lease_until IS NOT NULL ORDER BY lease_until LIMIT 1))
            """, []
        ) { try $0.timestampIfPresent() } ?? nil
    }

    /// A timer that is moved gets a new fence, so that who held it holds it no more.
    func putTimer(_ row: TimerRow) throws {
        try self.gather(
            """
            INSERT INTO timer (key, pipeline, due, account, region, pipeline_name, execution)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (key) DO UPDATE SET pipeline = excluded.pipeline, due = excluded.due,
                account = excluded.account, region = excluded.region, pipeline_name = excluded.pipeline_name,
                execution = excluded.execution, fence = nextval('fence'), lease_until = NULL
            """,
            [
                row.key.text, row.pipelineID, row.due, row.pipelineKey.scope.account,
                row.pipelineKey.scope.region,
                row.pipelineKey.name, row.executionID,
            ]
        )
    }

    func deleteTimer(_ key: TimerRow.Key) throws {
        try self.gather("DELETE FROM timer WHERE key = $1", [key.text])
    }

    func claimTimers(dueBy now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [Leased<
        TimerRow
    >] {
        let claimed = try self.rows(
            """
            WITH due AS (
                SELECT key FROM timer WHERE due <= $1 AND (lease_until IS NULL OR lease_until <= $1)
                ORDER BY due, key LIMIT $3 FOR UPDATE SKIP LOCKED
            )
            UPDATE timer SET fence = nextval('fence'), lease_until = $2 FROM due WHERE timer.key = due.key
            RETURNING timer.key, timer.due, pipeline, account, region, pipeline_name, execution, fence
            """,
            [now, leaseUntil, limit]
        ) { row in
            let timer = TimerRow(
                key: try row.parsed { TimerRow.Key(text: $0) },
                due: try row.timestamp(),
                pipelineID: try row.id(),
                pipelineKey: try row.pipelineKey(),
                executionID: try row.id()
            )
            return Leased(row: timer, fence: try row.int64())
        }
        // An UPDATE returns its rows in no defined order.
        return claimed.sorted { ($0.row.due, $0.row.key.text) < ($1.row.due, $1.row.key.text) }
    }

    func holdsTimer(_ key: TimerRow.Key, fence: Int64) throws -> Bool {
        try self.first("SELECT fence FROM timer WHERE key = $1\(self.lock("FOR UPDATE"))", [key.text]) {
            try $0.int64()
        } == fence
    }
}

// MARK: - Effects

extension PostgresTransaction {
    func oweEffect(_ row: EffectRow) throws {
        try self.gather(
            "INSERT INTO effect (id, created_at, attempts, kind) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
            [row.id, row.createdAt, row.attempts, row.kind.storedBytes(format: self.format)]
        )
    }

    func claimEffects(at now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [Leased<
        EffectRow
    >] {
        let claimed = try self.rows(
            """
            WITH owed AS (
                SELECT id FROM effect WHERE lease_until IS NULL OR lease_until <= $1
                ORDER BY created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
            )
            UPDATE effect SET fence = nextval('fence'), lease_until = $2, attempts = attempts + 1
            FROM owed WHERE effect.id = owed.id
            RETURNING effect.id, kind, created_at, attempts, fence
            """,
            [now, leaseUntil, limit]
        ) { row in
            let effect = EffectRow(
                id: try row.uuid(),
                kind: try row.stored(),
                createdAt: try row.timestamp(),
                attempts: try row.int()
            )
            return Leased(row: effect, fence: try row.int64())
        }
        return claimed.sorted { ($0.row.createdAt, $0.row.id) < ($1.row.createdAt, $1.row.id) }
    }

    func settleEffect(_ id: UniqueID, fence: Int64) throws -> Bool {
        try self.change("DELETE FROM effect WHERE id = $1 AND fence = $2", [id, fence]) == 1
    }

    func oweSourceEvent(_ change: ObjectChange) throws {
        let key = change.key.description
        let watches = try self.sourceWatches(bucket: change.bucket, objectKey: key, in: change.scope)
        guard watches.contains(where: \.isActive) else { return }
        try self.oweEffect(EffectRow(owing: change))
        self.signal(.effectOwed)
    }
}

// MARK: - Watches

extension PostgresTransaction {
    private static let watchColumns = """
        pipeline, account, region, pipeline_name, action, bucket, object_key, polls, disabled_at, cursor, poll_due, \
        looked_at, poll_failure
        """
    private static let isPolled = "poll_due IS NOT NULL AND polls AND disabled_at IS NULL"

    func sourceWatches(bucket: String, objectKey: String, in scope: Scope) throws -> [SourceWatchRow] {
        try self.rows(
            """
            SELECT \(Self.watchColumns) FROM source_watch
            WHERE account = $1 AND region = $2 AND bucket = $3 AND object_key = $4 ORDER BY pipeline_name, action
            """,
            [scope.account, scope.region, bucket, Array(objectKey.utf8)],
            Self.watch
        )
    }

    func sourceWatches(of pipeline: PipelineID) throws -> [SourceWatchRow] {
        try self.rows(
            "SELECT \(Self.watchColumns) FROM source_watch WHERE pipeline = $1 ORDER BY action",
            [pipeline], Self.watch
        )
    }

    func replaceSourceWatches(of pipeline: PipelineID, with rows: [SourceWatchRow]) throws {
        // What is deleted is what is returned, so no cursor that somebody moves meanwhile is lost.
        let former = try self.rows(
            "DELETE FROM source_watch WHERE pipeline = $1 RETURNING \(Self.watchColumns)", [pipeline],
            Self.watch
        )
        for row in rows {
            let known = former.first {
                $0.actionName == row.actionName && $0.bucket == row.bucket && $0.objectKey == row.objectKey
            }
            try self.gather(
                """
                INSERT INTO source_watch (\(Self.watchColumns))
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                """,
                [
                    pipeline, row.pipelineKey.scope.account, row.pipelineKey.scope.region,
                    row.pipelineKey.name,
                    row.actionName, row.bucket, Array(row.objectKey.utf8), row.polls, row.disabledAt,
                    known == nil ? row.cursor : known?.cursor, row.poll?.due, row.poll?.lookedAt,
                    row.poll?.failure?.storedBytes(format: self.format),
                ]
            )
        }
    }

    func putSourceCursor(_ revision: String, of pipeline: PipelineID, actionName: String) throws {
        try self.gather(
            "UPDATE source_watch SET cursor = $3 WHERE pipeline = $1 AND action = $2",
            [pipeline, actionName, revision]
        )
    }

    func earliestSourcePoll() throws -> Timestamp? {
        try self.first("SELECT poll_due FROM source_watch WHERE \(Self.isPolled) ORDER BY poll_due LIMIT 1", []) {
            try $0.timestamp()
        }
    }

    func claimSourcePolls(dueBy now: Timestamp, leaseUntil: Timestamp, limit: Int) throws -> [SourceWatchRow] {
        try self.rows(
            """
            WITH due AS MATERIALIZED (
                SELECT pipeline AS p, action AS a FROM source_watch WHERE poll_due <= $1 AND \(Self.isPolled)
                ORDER BY poll_due, pipeline, action LIMIT $3 FOR UPDATE SKIP LOCKED
            )
            UPDATE source_watch SET poll_due = $2 FROM due WHERE pipeline = p AND action = a
            RETURNING \(Self.watchColumns)
            """,
            [now, leaseUntil, limit],
            Self.watch
        )
    }

    func putSourcePoll(_ poll: SourcePoll, of pipeline: PipelineID, actionName: String) throws {
        try self.gather(
            """
            UPDATE source_watch SET poll_due = $3, looked_at = $4, poll_failure = $5
            WHERE pipeline = $1 AND action = $2
            """,
            [pipeline, actionName, poll.due, poll.lookedAt, poll.failure?.storedBytes(format: self.format)]
        )
    }

    func disablePolling(of pipeline: PipelineID, at instant: Timestamp) throws {
        try self.gather(
            "UPDATE source_watch SET disabled_at = $2 WHERE pipeline = $1 AND polls AND disabled_at IS NULL",
            [pipeline, instant]
        )
    }

    private static func poll(_ row: inout PostgresRow) throws -> SourcePoll? {
        let (due, lookedAt) = (try row.timestampIfPresent(), try row.timestampIfPresent())
        let failure = try row.bytesIfPresent().map { try FailureDetails(storedBytes: $0) }
        return due.map { SourcePoll(due: $0, lookedAt: lookedAt, failure: failure) }
    }

    private static func watch(_ row: inout PostgresRow) throws -> SourceWatchRow {
        let pipelineID: PipelineID = try row.id()
        let pipelineKey = try row.pipelineKey()
        let actionName = try row.text()
        return SourceWatchRow(
            bucket: try row.text(),
            objectKey: String(decoding: try row.bytes(), as: UTF8.self),
            pipelineID: pipelineID,
            pipelineKey: pipelineKey,
            actionName: actionName,
            polls: try row.bool(),
            disabledAt: try row.timestampIfPresent(),
            cursor: try row.textIfPresent(),
            poll: try Self.poll(&row)
        )
    }
}
