// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension SQLiteTransaction {
    func job(_ id: JobID) throws -> JobRow? { try self.connection.first(.job, .id(id), map: Self.jobRow) }

    func openJobs(of pipeline: PipelineID) throws -> [JobRow] {
        try self.connection.rows(.openJobsOfPipeline, .id(pipeline), map: Self.jobRow)
    }

    func openJobs(in scope: Scope, after: JobCursor?, limit: Int) throws -> [JobRow] {
        try self.connection.rows(
            .openJobsOfScope,
            .text(scope.account.rawValue), .text(scope.region.rawValue),
            .integer(after?.createdAt.millisecondsSinceEpoch ?? .min),
            .id(after?.id.value ?? UniqueID(high: 0, low: 0)), .integer(limit),
            map: Self.jobRow
        )
    }

    func pollableQueues() throws -> [(queue: JobQueue, pollableAt: Timestamp)] {
        try self.connection.rows(.pollableQueues) { (queue: try Self.queue($0.text(0)), pollableAt: $0.time(1)) }
    }

    func insertJob(_ row: JobRow) throws {
        let job = row.job
        try self.connection.run(
            .insertJob,
            .id(job.id), .id(row.pipelineID), .text(row.scope.account.rawValue), .text(row.scope.region.rawValue),
            .id(row.start.id), .text(row.start.stageName), .text(row.start.action.name),
            .text(row.queue?.description), .text(row.queryValue), .id(row.clientID), .text(job.storedStatus.rawValue),
            .integer(job.dispatch), .time(job.visibleAt), .time(job.createdAt), .time(job.endedAt),
            .blob(FixedJobColumns(row).storedBytes()), .blob(job.storedBytes())
        )
    }

    func lockJob(_ id: JobID) throws -> JobRow? { try self.job(id) }

    func lockOpenJob(of action: ActionExecutionID) throws -> JobRow? {
        try self.connection.first(.openJobOfAction, .id(action), map: Self.jobRow)
    }

    /// Most changes of a job are from one open state to the next, and keep its connection: then the indexes stay as
    /// they are of what is not named, and there are several.
    func updateJob(_ job: Job, clientID: ClientID?) throws {
        let state = job.storedBytes()
        if job.endedAt == nil {
            let changed = try self.connection.run(
                .updateOpenJob,
                .id(job.id), .id(clientID), .text(job.storedStatus.rawValue), .integer(job.dispatch),
                .time(job.visibleAt), .blob(state)
            )
            guard changed == 0 else { return }
        }
        let changed = try self.connection.run(
            .updateJob,
            .id(job.id), .id(clientID), .text(job.storedStatus.rawValue), .integer(job.dispatch),
            .time(job.visibleAt), .time(job.endedAt), .blob(state)
        )
        guard changed == 1 else { throw self.constraint("there is no such job") }
    }

    /// Queued jobs come in order from an index; the few with an expired visibility are merged in.
    func claimJobs(_ claim: JobClaim, at now: Timestamp) throws -> [JobRow] {
        let queue = SQLValue.text(claim.queue.description)
        let limit = SQLValue.integer(claim.limit)
        let statement: StatementText =
            switch (claim.queryValue != nil, claim.needsConnection) {
            case (false, false): .queuedJobs
            case (false, true): .queuedJobsConnected
            case (true, false): .queuedJobsWithValue
            case (true, true): .queuedJobsConnectedWithValue
            }
        let queued =
            if let value = claim.queryValue {
                try self.connection.rows(statement, queue, limit, .text(value), map: Self.jobRow)
            } else {
                try self.connection.rows(statement, queue, limit, map: Self.jobRow)
            }
        let expired = try self.connection.rows(
            .expiredJobs,
            queue, limit, .time(now), .text(claim.queryValue), .bool(claim.needsConnection),
            map: Self.jobRow
        )
        guard !expired.isEmpty else { return queued }
        let merged = (queued + expired).sorted { ($0.job.createdAt, $0.job.id) < ($1.job.createdAt, $1.job.id) }
        return Array(merged.prefix(claim.limit))
    }

    func connectJobs(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String,
        to client: ClientID
    ) throws -> [JobQueue] {
        let queues = try self.connection.rows(
            .connectJobs,
            .text(scope.account.rawValue), .text(scope.region.rawValue), .text(pipelineName), .text(stageName),
            .text(actionName), .id(client)
        ) { $0.optionalText(0) }
        return try Set(queues.compactMap { $0 }).sorted().map(Self.queue)
    }

    func deleteJobs(endedBefore: Timestamp, limit: Int) throws -> Int {
        try self.connection.run(.deleteJobs, .time(endedBefore), .integer(limit))
    }

    func jobAcceptsWrites(_ jobID: JobID, dispatch: Int) throws -> Bool {
        try self.connection.first(.jobDispatch, .id(jobID)) { Int($0.integer(0)) } == dispatch
    }

    private static func queue(_ text: String) throws -> JobQueue {
        guard let queue = JobQueue(text) else { throw StoreError(.corrupt, "a stored queue cannot be read") }
        return queue
    }

    private static func jobRow(_ row: SQLRow) throws -> JobRow {
        let fixed = try FixedJobColumns(storedBytes: row.blob(0))
        let client: ClientID? = row.isNull(1) ? nil : row.id(1)
        return fixed.row(client: client, job: try Job(storedBytes: row.blob(2)))
    }
}

/// What never changes of a job's row, in one blob.
struct FixedJobColumns: StateCodable {
    let row: JobRow

    init(_ row: JobRow) { self.row = row }

    func row(client: ClientID?, job: Job) -> JobRow {
        var row = self.row
        row.clientID = client
        row.job = job
        return row
    }

    init(from reader: inout StateReader) throws(StateDecodingError) {
        let (account, region) = (try reader.readString(), try reader.readString())
        guard let account = AccountID(account), let region = Region(region) else {
            throw StateDecodingError("a job's scope cannot be read")
        }
        let pipelineID = try reader.read(PipelineID.self)
        let pipelineName = try reader.readString()
        let queueText = try reader.readOptional(String.self)
        let queue = queueText.flatMap { JobQueue($0) }
        guard (queue == nil) == (queueText == nil) else { throw StateDecodingError("a job's queue cannot be read") }
        self.row = JobRow(
            scope: Scope(account: account, region: region),
            pipelineID: pipelineID,
            pipelineName: pipelineName,
            queue: queue,
            queryValue: try reader.readOptional(),
            continuationToken: try reader.readOptional(),
            jobDeadline: try reader.readOptional(),
            start: try reader.read(),
            job: Job(id: JobID(UniqueID(high: 0, low: 0)), createdAt: Timestamp(millisecondsSinceEpoch: 0))
        )
    }

    func encode(to writer: inout StateWriter) {
        writer.write(self.row.scope.account.rawValue)
        writer.write(self.row.scope.region.rawValue)
        writer.write(self.row.pipelineID)
        writer.write(self.row.pipelineName)
        writer.write(self.row.queue?.description)
        writer.write(self.row.queryValue)
        writer.write(self.row.continuationToken)
        writer.write(self.row.jobDeadline)
        writer.write(self.row.start)
    }
}
