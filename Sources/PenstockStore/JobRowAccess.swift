// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

package protocol JobReader {
    /// The job; `nil` when there is none.
    func job(_ id: JobID) throws -> JobRow?

    /// The job with its connection.
    func connectedJob(_ id: JobID) throws -> ConnectedJob?

    /// Jobs of a pipeline that have not ended, by ascending (`createdAt`, `id`).
    func openJobs(of pipeline: PipelineID) throws -> [JobRow]

    /// Jobs of a scope that have not ended, by ascending (`createdAt`, `id`), those after the cursor, at most `limit`.
    func openJobs(in scope: Scope, after: JobCursor?, limit: Int) throws -> [JobRow]

    /// When jobs of which queues can be polled: for each queue, an instant in the past if a job is queued, and the end of
    /// the visibility of each job that is dispatched; ascending, each once. Read once, when a process starts.
    func pollableQueues() throws -> [(queue: JobQueue, pollableAt: Timestamp)]
}

/// Where a page of jobs ends: rows are ordered by ascending (`createdAt`, `id`).
package struct JobCursor: Sendable, Hashable {
    package var createdAt: Timestamp
    package var id: JobID

    package init(createdAt: Timestamp, id: JobID) {
        self.createdAt = createdAt
        self.id = id
    }
}

package protocol JobWriter {
    func insertJob(_ row: JobRow) throws

    /// The job, locked until the transaction ends.
    func lockJob(_ id: JobID) throws -> JobRow?

    /// The job, locked as by ``lockJob(_:)``, with its connection, which is not locked: it may be as it was when
    /// the lock was asked for.
    func lockConnectedJob(_ id: JobID) throws -> ConnectedJob?

    /// Locks the job's pipeline and then the job, and reads its execution: what the end of a job begins with. `nil`
    /// when there is no such job.
    ///
    /// Whether the caller may end the job is judged by what is read here, and so after the locks were had: who knows a
    /// job's id and has keys of the service may hold up its pipeline for one transaction, as its own workers do.
    ///
    /// - Parameter withConnection: Whether to read the job's connection too, which is not locked.
    func lockWork(of id: JobID, withConnection: Bool) throws -> JobWork?

    /// The open job of the attempt, locked; there is at most one.
    func lockOpenJob(of action: ActionExecutionID) throws -> JobRow?

    /// Writes the job's own state and its connection. The row's other members never change.
    func updateJob(_ job: Job, clientID: ClientID?) throws

    /// Locks jobs that can be polled at the instant: queued, or dispatched with an expired visibility. The oldest
    /// first, by (`createdAt`, `id`); those that another transaction holds are passed over.
    func claimJobs(_ claim: JobClaim, at: Timestamp) throws -> [JobRow]

    /// Gives open jobs of the action that have no connection this one, and returns their queues.
    func connectJobs(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String,
        to client: ClientID
    ) throws -> [JobQueue]

    /// Deletes jobs that ended before the instant, at most `limit`; returns how many it deleted.
    func deleteJobs(endedBefore: Timestamp, limit: Int) throws -> Int
}

/// A job, and its connection if it has one.
package struct ConnectedJob: Sendable, Hashable {
    package var row: JobRow
    package var connection: ConnectionRow?

    package init(row: JobRow, connection: ConnectionRow? = nil) {
        self.row = row
        self.connection = connection
    }
}

/// A job that is about to end, with what it is part of.
package struct JobWork: Sendable, Hashable {
    package var pipeline: PipelineRow
    /// The job, with its connection if that was asked for.
    package var job: ConnectedJob
    /// `nil` when there is no such execution.
    package var execution: PipelineExecution?

    package init(pipeline: PipelineRow, job: ConnectedJob, execution: PipelineExecution?) {
        self.pipeline = pipeline
        self.job = job
        self.execution = execution
    }
}

// One after the other, for stores where a question costs no way.

extension JobReader where Self: CatalogReader {
    package func connectedJob(_ id: JobID) throws -> ConnectedJob? {
        guard let row = try self.job(id) else { return nil }
        return ConnectedJob(row: row, connection: try row.clientID.flatMap { try self.connection($0) })
    }
}

extension JobWriter where Self: JobReader & CatalogReader & PipelineReader & PipelineWriter {
    package func lockConnectedJob(_ id: JobID) throws -> ConnectedJob? {
        guard let row = try self.lockJob(id) else { return nil }
        return ConnectedJob(row: row, connection: try row.clientID.flatMap { try self.connection($0) })
    }

    package func lockWork(of id: JobID, withConnection: Bool) throws -> JobWork? {
        guard let known = try self.job(id),
            let pipeline = try self.lockPipeline(PipelineKey(scope: known.scope, name: known.pipelineName)),
            let job = try withConnection ? self.lockConnectedJob(id) : ConnectedJob(row: known)
        else { return nil }
        let execution = try self.execution(known.start.executionID, of: pipeline.id)
        return JobWork(pipeline: pipeline, job: job, execution: execution)
    }
}
