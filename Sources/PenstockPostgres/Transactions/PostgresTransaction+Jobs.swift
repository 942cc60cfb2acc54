// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension PostgresTransaction {
    private static let jobColumns = """
        account, region, pipeline, pipeline_name, queue, query_value, client, continuation_token, job_deadline, start, \
        state
        """

    func job(_ id: JobID) throws -> JobRow? {
        try self.first("SELECT \(Self.jobColumns) FROM job WHERE id = $1", [id], Self.jobRow)
    }

    func connectedJob(_ id: JobID) throws -> ConnectedJob? {
        try self.rows(Self.connectedJobToRead(id), Self.connectedJob).first.map(self.connectedAsSaid)
    }

    func lockConnectedJob(_ id: JobID) throws -> ConnectedJob? {
        let request = Self.connectedJobToRead(id, locked: self.lock("FOR UPDATE OF job"))
        guard let found = try self.rows(request, Self.connectedJob).first else { return nil }
        self.hold(.job(id))
        return try self.connectedAsSaid(found)
    }

    private static func connectedJobToRead(_ id: JobID, locked lock: String = "") -> PostgresRequest {
        PostgresRequest(
            """
            SELECT \(connectedJobColumns) FROM job LEFT JOIN connection USING (client) WHERE job.id = $1\(lock)
            """,
            [id]
        )
    }

    private static func connectedJob(_ row: inout PostgresRow) throws -> ConnectedJob {
        ConnectedJob(row: try jobRow(&row), connection: row.isNextNull ? nil : try connectionRow(&row))
    }

    /// The job with the connection that its row names: it may have been connected while its lock was waited for.
    private func connectedAsSaid(_ found: ConnectedJob) throws -> ConnectedJob {
        guard found.row.clientID != found.connection?.clientID else { return found }
        return ConnectedJob(row: found.row, connection: try found.row.clientID.flatMap { try self.connection($0) })
    }

    private static let connectedJobColumns = [("job", jobColumns), ("connection", connectionColumns)]
        .flatMap { table, columns in columns.split(separator: ", ").map { "\(table).\($0)" } }.joined(separator: ", ")

    func openJobs(of pipeline: PipelineID) throws -> [JobRow] {
        try self.rows(
            """
            SELECT \(Self.jobColumns) FROM job WHERE pipeline = $1 AND ended_at IS NULL ORDER BY created_at, id
            """,
            [pipeline],
            Self.jobRow
        )
    }

    func openJobs(in scope: Scope, after: JobCursor?, limit: Int) throws -> [JobRow] {
        try self.rows(
            """
            SELECT \(Self.jobColumns) FROM job
            WHERE account = $1 AND region = $2 AND ended_at IS NULL AND (created_at, id) > ($3, $4)
            ORDER BY created_at, id LIMIT $5
            """,
            [
                scope.account, scope.region, after?.createdAt.millisecondsSinceEpoch ?? .min,
                after?.id.value ?? UniqueID(high: 0, low: 0), limit,
            ],
            Self.jobRow
        )
    }

    func pollableQueues() throws -> [(queue: JobQueue, pollableAt: Timestamp)] {
        try self.rows(
            """
            SELECT DISTINCT queue, CASE status WHEN 'Queued' THEN 0 ELSE visible_at END FROM job
            WHERE status IN ('Queued', 'Dispatched') AND queue IS NOT NULL ORDER BY 1, 2
            """,
            []
        ) { (queue: try $0.parsed { JobQueue($0) }, pollableAt: try $0.timestamp()) }
    }

    func insertJob(_ row: JobRow) throws {
        let job = row.job
        try self.gather(
            """
            INSERT INTO job (id, pipeline, account, region, action_execution, stage, action, queue, query_value, client,
                status, dispatch, visible_at, created_at, ended_at, pipeline_name, continuation_token, job_deadline,
                start, state)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
            """,
            [
                job.id, row.pipelineID, row.scope.account, row.scope.region, row.start.id,
                row.start.stageName,
                row.start.action.name, row.queue?.description, row.queryValue, row.clientID,
                job.storedStatus.rawValue, job.dispatch, job.visibleAt, job.createdAt, job.endedAt,
                row.pipelineName,
                row.continuationToken.map { Array($0.utf8) }, row.jobDeadline,
                row.start.storedBytes(format: self.format),
                job.storedBytes(format: self.format),
            ]
        )
    }

    func lockJob(_ id: JobID) throws -> JobRow? {
        guard let row = try self.rows(self.jobToLock(id), Self.jobRow).first else { return nil }
        self.hold(.job(id))
        return row
    }

    private func jobToLock(_ id: JobID) -> PostgresRequest {
        PostgresRequest("SELECT \(Self.jobColumns) FROM job WHERE id = $1\(self.lock("FOR UPDATE"))", [id])
    }

    /// One round trip for all three. Each sees what was committed before it began: the job and the execution after the
    /// lock of the pipeline was had. What a job belongs to never changes, so the database looks it up by itself.
    func lockWork(of id: JobID, withConnection: Bool) throws -> JobWork? {
        var pipeline: PipelineRow?
        var job: ConnectedJob?
        var execution: PipelineExecution?
        let lockedJob =
            withConnection ? Self.connectedJobToRead(id, locked: self.lock("FOR UPDATE OF job")) : self.jobToLock(id)
        try self.together([self.pipelineToLock(of: id), lockedJob, Self.liveExecutionToRead(of: id)]) { index, result in
            switch index {
            case 0:
                pipeline = try result.map { row in
                    let key = PipelineKey(scope: try row.scope(), name: try row.text())
                    return try self.heldPipelineRow(&row, of: key)
                }
                .first
            case 1 where withConnection: job = try result.map(Self.connectedJob).first
            case 1: job = try result.map { ConnectedJob(row: try Self.jobRow(&$0)) }.first
            default: execution = try result.map(Self.execution).first
            }
        }
        guard let pipeline, var job else { return nil }
        self.hold(.job(id))
        if withConnection { job = try self.connectedAsSaid(job) }
        // What is not found so is rare: the job says what it is of.
        let known = try execution ?? self.execution(job.row.start.executionID, of: pipeline.id)
        return JobWork(pipeline: pipeline, job: job, execution: known)
    }

    func lockOpenJob(of action: ActionExecutionID) throws -> JobRow? {
        try self.first(
            """
            SELECT \(Self.jobColumns) FROM job WHERE action_execution = $1 AND ended_at IS NULL\(self.lock("FOR UPDATE"))
            """,
            [action],
            self.heldJobRow
        )
    }

    func updateJob(_ job: Job, clientID: ClientID?) throws {
        try self.gather(
            """
            UPDATE job SET client = $2, status = $3, dispatch = $4, visible_at = $5, ended_at = $6, state = $7
            WHERE id = $1
            """,
            [
                job.id, clientID, job.storedStatus.rawValue, job.dispatch, job.visibleAt, job.endedAt,
                job.storedBytes(format: self.format),
            ],
            of: .job(job.id),
            orElse: "there is no such job"
        )
    }

    func claimJobs(_ claim: JobClaim, at now: Timestamp) throws -> [JobRow] {
        try self.rows(
            """
            SELECT \(Self.jobColumns) FROM job
            WHERE queue = $1 AND status IN ('Queued', 'Dispatched') AND (status = 'Queued' OR visible_at <= $2)
                AND ($3::text IS NULL OR query_value = $3) AND (NOT $4 OR client IS NOT NULL)
            ORDER BY created_at, id LIMIT $5\(self.lock("FOR UPDATE SKIP LOCKED"))
            """,
            [claim.queue.description, now, claim.queryValue, claim.needsConnection, claim.limit],
            self.heldJobRow
        )
    }

    /// Locks the jobs in one order first, so that two connections of the same action do not wait for each other.
    func connectJobs(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String,
        to client: ClientID
    ) throws -> [JobQueue] {
        let queues = try self.rows(
            """
            WITH open AS (
                SELECT id FROM job
                WHERE account = $1 AND region = $2 AND pipeline_name = $3 AND stage = $4 AND action = $5
                    AND ended_at IS NULL AND client IS NULL
                ORDER BY id FOR UPDATE
            )
            UPDATE job SET client = $6 FROM open WHERE job.id = open.id RETURNING queue
            """,
            [scope.account, scope.region, pipelineName, stageName, actionName, client]
        ) { try $0.textIfPresent() }
        return try Set(queues.compactMap { $0 }).sorted().map { text in
            guard let queue = JobQueue(text) else {
                throw StoreError(.corrupt, "a stored queue cannot be read")
            }
            return queue
        }
    }

    func deleteJobs(endedBefore: Timestamp, limit: Int) throws -> Int {
        self.letGo()
        return try self.change(
            """
            DELETE FROM job WHERE id IN (
                SELECT id FROM job WHERE ended_at < $1 ORDER BY ended_at, id LIMIT $2 FOR UPDATE SKIP LOCKED
            )
            """,
            [endedBefore, limit]
        )
    }

    func jobAcceptsWrites(_ jobID: JobID, dispatch: Int) throws -> Bool {
        let current = try self.first(
            """
            SELECT dispatch FROM job WHERE id = $1 AND status IN ('Dispatched', 'InProgress')\(self.lock("FOR SHARE"))
            """,
            [jobID]
        ) { try $0.int() }
        return current == dispatch
    }

    /// Of a query that locks.
    private func heldJobRow(_ row: inout PostgresRow) throws -> JobRow {
        let job = try Self.jobRow(&row)
        self.hold(.job(job.job.id))
        return job
    }

    private static func jobRow(_ row: inout PostgresRow) throws -> JobRow {
        let scope = try row.scope()
        let pipelineID: PipelineID = try row.id()
        let pipelineName = try row.text()
        let queue = try row.textIfPresent().map { text in
            guard let queue = JobQueue(text) else {
                throw StoreError(.corrupt, "a stored queue cannot be read")
            }
            return queue
        }
        return JobRow(
            scope: scope,
            pipelineID: pipelineID,
            pipelineName: pipelineName,
            queue: queue,
            queryValue: try row.textIfPresent(),
            clientID: try row.idIfPresent(),
            continuationToken: row.bytesIfPresent().map { String(decoding: $0, as: UTF8.self) },
            jobDeadline: try row.timestampIfPresent(),
            start: try row.stored(),
            job: try row.stored()
        )
    }
}
