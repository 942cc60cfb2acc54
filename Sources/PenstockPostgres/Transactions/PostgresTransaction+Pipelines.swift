// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

// MARK: - Pipelines

extension PostgresTransaction {
    private static let summaryColumns =
        "id, account, region, name, version, created, updated, pipeline_type, execution_mode"

    func pipelineSummary(_ key: PipelineKey) throws -> PipelineSummaryRow? {
        try self.first(
            "SELECT \(Self.summaryColumns) FROM pipeline WHERE account = $1 AND region = $2 AND name = $3",
            [key.scope.account, key.scope.region, key.name],
            Self.summary
        )
    }

    func pipelineTags(_ key: PipelineKey) throws -> [KeyedValue]? {
        try self.first(
            "SELECT tags FROM pipeline WHERE account = $1 AND region = $2 AND name = $3",
            [key.scope.account, key.scope.region, key.name]
        ) { try $0.storedList() }
    }

    func pipelineSummaries(in scope: Scope, after: String, limit: Int) throws -> [PipelineSummaryRow] {
        try self.rows(
            """
            SELECT \(Self.summaryColumns) FROM pipeline WHERE account = $1 AND region = $2 AND name > $3
            ORDER BY name LIMIT $4
            """,
            [scope.account, scope.region, after, limit],
            Self.summary
        )
    }

    func pipelineCount(in scope: Scope) throws -> Int {
        try self.first(
            "SELECT count(*) FROM pipeline WHERE account = $1 AND region = $2",
            [scope.account, scope.region]
        ) { try $0.int() } ?? 0
    }

    func lockPipeline(_ key: PipelineKey) throws -> PipelineRow? {
        let request = PostgresRequest(
            """
            SELECT \(Self.pipelineColumns) FROM pipeline
            WHERE account = $1 AND region = $2 AND name = $3\(self.lock("FOR UPDATE"))
            """,
            [key.scope.account, key.scope.region, key.name]
        )
        return try self.rows(request) { try self.heldPipelineRow(&$0, of: key) }.first
    }

    /// The pipeline that the job is of; its key comes before ``pipelineColumns``.
    func pipelineToLock(of id: JobID) -> PostgresRequest {
        PostgresRequest(
            """
            SELECT account, region, name, \(Self.pipelineColumns) FROM pipeline
            WHERE id = (SELECT pipeline FROM job WHERE id = $1)\(self.lock("FOR UPDATE"))
            """,
            [id]
        )
    }

    private static let pipelineColumns = "id, created, updated, pipeline_type, execution_mode, tags, head"

    /// Of a query that locks.
    func heldPipelineRow(_ row: inout PostgresRow, of key: PipelineKey) throws -> PipelineRow {
        let pipeline = try Self.pipelineRow(&row, of: key)
        self.hold(.pipeline(pipeline.id))
        return pipeline
    }

    static func pipelineRow(_ row: inout PostgresRow, of key: PipelineKey) throws -> PipelineRow {
        PipelineRow(
            id: try row.id(),
            key: key,
            created: try row.timestamp(),
            updated: try row.timestamp(),
            pipelineType: try row.rawValue(),
            executionMode: try row.rawValue(),
            tags: try row.storedList(),
            head: try row.stored()
        )
    }

    func lockPipelineID(_ key: PipelineKey) throws -> PipelineID? {
        try self.first(
            "SELECT id FROM pipeline WHERE account = $1 AND region = $2 AND name = $3\(self.lock("FOR UPDATE"))",
            [key.scope.account, key.scope.region, key.name]
        ) { try $0.id() }
    }

    func insertPipeline(_ row: PipelineRow) throws -> Bool {
        try self.change(
            """
            INSERT INTO pipeline (id, account, region, name, version, created, updated, pipeline_type, execution_mode,
                tags, head)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            ON CONFLICT (account, region, name) DO NOTHING
            """,
            [
                row.id, row.key.scope.account, row.key.scope.region, row.key.name, row.head.version,
                row.created,
                row.updated, row.pipelineType.rawValue, row.executionMode.rawValue,
                row.tags.storedBytes(format: self.format),
                row.head.storedBytes(format: self.format),
            ]
        ) == 1
    }

    func updatePipeline(_ row: PipelineRow) throws {
        try self.gather(
            """
            UPDATE pipeline SET version = $2, created = $3, updated = $4, pipeline_type = $5, execution_mode = $6,
                tags = $7, head = $8
            WHERE id = $1
            """,
            [
                row.id, row.head.version, row.created, row.updated, row.pipelineType.rawValue,
                row.executionMode.rawValue, row.tags.storedBytes(format: self.format),
                row.head.storedBytes(format: self.format),
            ],
            of: .pipeline(row.id),
            orElse: "there is no such pipeline"
        )
    }

    func deletePipeline(_ id: PipelineID) throws {
        self.letGo()
        try self.gather("DELETE FROM pipeline WHERE id = $1", [id])
    }

    func pipelineVersion(_ version: Int, of id: PipelineID) throws -> PipelineVersionRow? {
        try self.first(
            """
            SELECT declaration, document, sealed_secrets FROM pipeline_version WHERE pipeline = $1 AND version = $2
            """,
            [id, version]
        ) { row in
            PipelineVersionRow(
                pipelineID: id,
                declaration: try row.stored(),
                document: try row.bytes(),
                sealedSecrets: row.bytesIfPresent()
            )
        }
    }

    func insertPipelineVersion(_ row: PipelineVersionRow) throws {
        try self.gather(
            """
            INSERT INTO pipeline_version (pipeline, version, declaration, document, sealed_secrets)
            VALUES ($1, $2, $3, $4, $5)
            """,
            [
                row.pipelineID, row.declaration.version, row.declaration.storedBytes(format: self.format), row.document,
                row.sealedSecrets,
            ]
        )
    }

    private static func summary(_ row: inout PostgresRow) throws -> PipelineSummaryRow {
        PipelineSummaryRow(
            id: try row.id(),
            key: try row.pipelineKey(),
            version: try row.int(),
            created: try row.timestamp(),
            updated: try row.timestamp(),
            pipelineType: try row.rawValue(),
            executionMode: try row.rawValue()
        )
    }
}

// MARK: - Executions

extension PostgresTransaction {
    func execution(_ id: PipelineExecutionID, of pipeline: PipelineID) throws -> PipelineExecution? {
        try self.rows(Self.executionToRead(id, of: pipeline), Self.execution).first
    }

    private static func executionToRead(_ id: PipelineExecutionID, of pipeline: PipelineID) -> PostgresRequest {
        PostgresRequest(
            """
            SELECT state FROM live_execution WHERE pipeline = $1 AND id = $2
            UNION ALL SELECT state FROM archived_execution WHERE pipeline = $1 AND id = $2
            """,
            [pipeline, id]
        )
    }

    /// The execution whose action the job is of, if it is live and the action's history is there.
    static func liveExecutionToRead(of id: JobID) -> PostgresRequest {
        PostgresRequest(
            """
            SELECT state FROM live_execution WHERE (pipeline, id) = (
                SELECT action_execution.pipeline, execution FROM job
                JOIN action_execution ON action_execution.id = job.action_execution WHERE job.id = $1
            )
            """,
            [id]
        )
    }

    static func execution(_ row: inout PostgresRow) throws -> PipelineExecution { try row.stored() }

    /// One round trip for all three tables.
    func putExecution(_ execution: PipelineExecution, of pipeline: PipelineID) throws {
        let isLive = execution.status.isLive
        let written =
            isLive
            ? """
            INSERT INTO live_execution (pipeline, id, status, state) VALUES ($1, $2, $3, $4)
            ON CONFLICT (pipeline, id) DO UPDATE SET status = excluded.status, state = excluded.state
            """
            : """
            INSERT INTO archived_execution (pipeline, id, status, state, ended_at) VALUES ($1, $2, $3, $4, $8)
            ON CONFLICT (pipeline, id) DO UPDATE SET status = excluded.status, state = excluded.state,
                ended_at = excluded.ended_at
            """
        try self.gather(
            """
            WITH moved AS (
                    DELETE FROM \(isLive ? "archived_execution" : "live_execution") WHERE pipeline = $1 AND id = $2
                ),
                shown AS (
                    INSERT INTO execution (pipeline, id, sequence, version, details) VALUES ($1, $2, $5, $6, $7)
                    ON CONFLICT (pipeline, id) DO UPDATE SET details = excluded.details
                )
            \(written)
            """,
            [
                pipeline, execution.id, execution.status.rawValue, execution.storedBytes(format: self.format),
                execution.sequence,
                execution.pipelineVersion, ExecutionRow(execution).storedBytes(format: self.format),
            ] + (isLive ? [] : [execution.updatedAt])
        )
    }

    func executionRow(_ id: PipelineExecutionID, of pipeline: PipelineID) throws -> ExecutionRow? {
        try self.first("SELECT details FROM execution WHERE pipeline = $1 AND id = $2", [pipeline, id]) {
            try $0.stored()
        }
    }

    func executionRows(
        of pipeline: PipelineID,
        before: Int?,
        succeededIn: (stage: String, version: Int)?,
        limit: Int
    ) throws -> [ExecutionRow] {
        guard let succeededIn else {
            return try self.rows(
                """
                SELECT details FROM execution WHERE pipeline = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3
                """,
                [pipeline, before ?? .max, limit]
            ) { try $0.stored() }
        }
        return try self.rows(
            """
            SELECT e.details FROM stage_success s JOIN execution e USING (pipeline, sequence)
            WHERE s.pipeline = $1 AND s.stage = $2 AND s.version = $3 AND s.sequence < $4
            ORDER BY s.sequence DESC LIMIT $5
            """,
            [pipeline, succeededIn.stage, succeededIn.version, before ?? .max, limit]
        ) { try $0.stored() }
    }

    func lastSuccess(in stage: String, of pipeline: PipelineID) throws -> ExecutionRow? {
        try self.first(
            """
            SELECT e.details FROM stage_success s JOIN execution e USING (pipeline, sequence)
            WHERE s.pipeline = $1 AND s.stage = $2 ORDER BY s.version DESC, s.sequence DESC LIMIT 1
            """,
            [pipeline, stage]
        ) { try $0.stored() }
    }

    func endedExecutions(before: Timestamp, after: EndedExecutionRow?, limit: Int) throws -> [EndedExecutionRow] {
        // Without a cursor the page begins above the smallest instant there is, which no execution ends at.
        try self.rows(
            """
            SELECT p.id, p.account, p.region, p.name, a.id, a.ended_at
            FROM archived_execution a JOIN pipeline p ON p.id = a.pipeline
            WHERE a.ended_at < $1 AND (a.ended_at, a.id) > ($2, $3) ORDER BY a.ended_at, a.id LIMIT $4
            """,
            [
                before, after?.endedAt.millisecondsSinceEpoch ?? .min, after?.id.value ?? UniqueID(high: 0, low: 0),
                limit,
            ]
        ) { row in
            EndedExecutionRow(
                pipelineID: try row.id(),
                pipelineKey: try row.pipelineKey(),
                id: try row.id(),
                endedAt: try row.timestamp()
            )
        }
    }

    func deleteExecution(_ row: ExecutionRow, succeededIn stages: [String], of pipeline: PipelineID) throws {
        let deleted = try self.change(
            "DELETE FROM archived_execution WHERE pipeline = $1 AND id = $2", [pipeline, row.id])
        guard deleted == 1 else { return }
        for stage in stages {
            try self.gather(
                "DELETE FROM stage_success WHERE pipeline = $1 AND stage = $2 AND version = $3 AND sequence = $4",
                [pipeline, stage, row.pipelineVersion, row.sequence]
            )
        }
        try self.gather("DELETE FROM execution WHERE pipeline = $1 AND id = $2", [pipeline, row.id])
    }

    func startToken(_ token: String, of pipeline: PipelineID, at: Timestamp) throws -> PipelineExecutionID? {
        try self.first(
            "SELECT execution FROM start_token WHERE pipeline = $1 AND token = $2 AND expires > $3",
            [pipeline, token, at]
        ) {
            try $0.id()
        }
    }

    func putStartToken(
        _ token: String,
        started: PipelineExecutionID,
        expires: Timestamp,
        of pipeline: PipelineID
    ) throws {
        try self.gather(
            """
            INSERT INTO start_token (pipeline, token, execution, expires) VALUES ($1, $2, $3, $4)
            ON CONFLICT (pipeline, token) DO UPDATE SET execution = excluded.execution, expires = excluded.expires
            """,
            [pipeline, token, started, expires]
        )
    }

    func execution(startedBy revision: SeenRevision, of pipeline: PipelineID) throws -> PipelineExecutionID? {
        try self.first(
            """
            SELECT execution FROM seen_revision
            WHERE pipeline = $1 AND stage = $2 AND action = $3 AND revision = $4 AND change = $5
            """,
            [pipeline, revision.stageName, revision.actionName, revision.revision, revision.change]
        ) {
            try $0.id()
        }
    }

    func putSeenRevision(_ revision: SeenRevision, started: PipelineExecutionID, of pipeline: PipelineID) throws {
        try self.gather(
            """
            INSERT INTO seen_revision (pipeline, stage, action, revision, change, execution)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (pipeline, stage, action, revision, change) DO UPDATE SET execution = excluded.execution
            """,
            [
                pipeline, revision.stageName, revision.actionName, revision.revision, revision.change, started,
            ]
        )
    }

    func deleteStartTokens(expiredBefore: Timestamp, limit: Int) throws -> Int {
        try self.change(
            """
            DELETE FROM start_token WHERE (pipeline, token) IN (
                SELECT pipeline, token FROM start_token WHERE expires < $1
                ORDER BY expires LIMIT $2 FOR UPDATE SKIP LOCKED
            )
            """,
            [expiredBefore, limit]
        )
    }
}

// MARK: - History

extension PostgresTransaction {
    private static let historyColumns = "pipeline, start, attempt, output_variables"

    func actionExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: ActionExecutionCursor?,
        limit: Int
    ) throws -> [ActionExecutionRow] {
        // Without a cursor the page begins below the greatest instant there is, which no attempt starts at.
        let startedAt = after?.startedAt.millisecondsSinceEpoch ?? .max
        let id = after?.id.value ?? UniqueID(high: 0, low: 0)
        guard let execution = selection.execution else {
            return try self.rows(
                """
                SELECT \(Self.historyColumns) FROM action_execution
                WHERE pipeline = $1 AND (started_at, id) < ($2, $3) ORDER BY started_at DESC, id DESC LIMIT $4
                """,
                [pipeline, startedAt, id, limit],
                Self.actionExecution
            )
        }
        // `true` is spelled out where all are wanted, so that both are texts of their own to prepare.
        let isWanted = selection == .latest(execution) ? "NOT is_replaced" : "true"
        return try self.rows(
            """
            SELECT \(Self.historyColumns) FROM action_execution
            WHERE pipeline = $1 AND execution = $2 AND (started_at, id) < ($3, $4) AND \(isWanted)
            ORDER BY started_at DESC, id DESC LIMIT $5
            """,
            [pipeline, execution, startedAt, id, limit],
            Self.actionExecution
        )
    }

    func actionExecutionRow(_ id: ActionExecutionID) throws -> ActionExecutionRow? {
        try self.first(
            "SELECT \(Self.historyColumns) FROM action_execution WHERE id = $1", [id],
            Self.actionExecution
        )
    }

    func insertActionExecution(_ row: ActionExecutionRow) throws {
        try self.gather(
            """
            INSERT INTO action_execution (id, pipeline, execution, started_at, status, start, attempt, output_variables)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                row.start.id, row.pipelineID, row.start.executionID, row.start.startedAt,
                row.attempt.status.rawValue,
                row.start.storedBytes(format: self.format), row.attempt.storedBytes(format: self.format),
                row.outputVariables.storedBytes(format: self.format),
            ]
        )
        if let replaced = row.start.replaces {
            try self.gather("UPDATE action_execution SET is_replaced = true WHERE id = $1", [replaced])
        }
    }

    func updateActionExecution(_ attempt: ActionAttempt, outputVariables: [KeyedValue]) throws {
        try self.gather(
            "UPDATE action_execution SET status = $2, attempt = $3, output_variables = $4 WHERE id = $1",
            [
                attempt.id, attempt.status.rawValue, attempt.storedBytes(format: self.format),
                outputVariables.storedBytes(format: self.format),
            ],
            orElse: "the attempt has no entry"
        )
    }

    func deleteHistory(of execution: PipelineExecutionID, of pipeline: PipelineID, limit: Int) throws -> Int {
        let attempts = try self.deleteOldest("action_execution", of: execution, of: pipeline, limit: limit)
        guard attempts < limit else { return attempts }
        return try attempts
            + self.deleteOldest("rule_execution", of: execution, of: pipeline, limit: limit - attempts)
    }

    private func deleteOldest(
        _ table: String, of execution: PipelineExecutionID, of pipeline: PipelineID, limit: Int
    ) throws -> Int {
        try self.change(
            """
            DELETE FROM \(table) WHERE id IN (
                SELECT id FROM \(table) WHERE pipeline = $1 AND execution = $2 ORDER BY started_at, id LIMIT $3
            )
            """,
            [pipeline, execution, limit]
        )
    }

    private static func actionExecution(_ row: inout PostgresRow) throws -> ActionExecutionRow {
        ActionExecutionRow(
            pipelineID: try row.id(),
            start: try row.stored(),
            attempt: try row.stored(),
            outputVariables: try row.storedList()
        )
    }
}
