// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import PenstockArtifacts
package import PenstockEngine
package import PenstockModel
import PenstockStore

/// What a worker says has become of its job.
package enum JobResult: Sendable, Hashable {
    /// The work is done, or goes on in another job when there is a continuation token.
    case success(ActionProgress, continuationToken: String?, outputVariables: [KeyedValue])
    case failure(FailureDetails, externalExecutionID: String?)
}

extension JobService {
    /// Ends a job and carries on its pipeline, in one transaction.
    ///
    /// The same result sent again shortly after is answered as the first was, so that a client whose answer was lost
    /// may repeat its call. Anything else that comes too late is refused and changes nothing.
    package func complete(
        _ call: CallContext,
        _ id: JobID,
        _ result: JobResult,
        operation: String,
        proof: WorkerProof
    ) async throws {
        let context = self.context
        let limit = context.settings.maximumOutputVariableBytes
        let digest = result.digest
        if case .success(_, nil, let variables) = result, variables.totalBytes <= limit {
            try await self.takeStagedOutputs(call, id, proof)
        }
        let now = context.clock.now
        try await context.store.write { transaction in
            guard let work = try transaction.lockWork(of: id, withConnection: proof.isOfConnection) else {
                throw JobRejections.notFound(id.description)
            }
            try JobAccess(context: context, now: now).check(work.job, call, proof, in: transaction)
            let job = work.job.row.standing(at: now)
            if job.isRepeat(digest, at: now, within: context.settings.repeatedResultWindow) { return }
            let status = job.status(at: now)
            guard status == .inProgress else { throw JobRejections.invalidState(id, status.rawValue) }
            if case .success(_, _, let variables) = result, variables.totalBytes > limit {
                throw Rejection(.outputVariablesSizeExceeded, JobResult.variablesProblem(limit: limit))
            }
            let commit = PipelineCommit(context: context, transaction: transaction, work: work, now: now)
            try Self.finish(work.job.row, result, digest: digest, commit)
            try call.audit(operation, "job/\(id)", at: now, in: transaction)
        }
    }

    /// Keeps a job of a runner of the service from others for longer, if the runner still holds it: also when its lease
    /// has expired, as long as nobody else was handed the job.
    ///
    /// - Returns: `false` when the job was handed to somebody else meanwhile, or has ended: nothing was changed.
    package func holdRun(_ id: JobID, dispatch: Int, until end: Timestamp) async throws -> Bool {
        let now = self.context.clock.now
        return try await self.context.store.write { transaction in
            guard let row = try transaction.lockJob(id), row.job.dispatch == dispatch else { return false }
            var job = row.standing(at: now)
            guard job.storedStatus == .dispatched else { return false }
            job.hide(until: end)
            try transaction.updateJob(job, clientID: row.clientID)
            return true
        }
    }

    /// Ends work that a runner of the service did, if it still holds it. Output variables beyond the limit fail it.
    ///
    /// - Returns: `false` when the job was handed to somebody else meanwhile, or has ended: nothing was changed.
    @discardableResult
    package func completeRun(_ id: JobID, dispatch: Int, _ result: JobResult) async throws -> Bool {
        let context = self.context
        let now = context.clock.now
        return try await context.store.write { transaction in
            guard let work = try transaction.lockWork(of: id, withConnection: false),
                work.job.row.job.dispatch == dispatch, !work.job.row.standing(at: now).storedStatus.isTerminal
            else { return false }
            let commit = PipelineCommit(context: context, transaction: transaction, work: work, now: now)
            let kept = result.keepingVariables(within: context.settings.maximumOutputVariableBytes)
            try Self.finish(work.job.row, kept, digest: result.digest, commit)
            return true
        }
    }

    /// Ends the job and tells the pipeline.
    private static func finish(_ row: JobRow, _ result: JobResult, digest: String, _ commit: PipelineCommit) throws {
        var commit = commit
        var job = row.job
        let execution = row.start.executionID
        switch result {
        case .success(let progress, .some(let token), _):
            job.end(.succeeded, resultDigest: digest, at: commit.now)
            try Self.close(row, job, commit)
            try commit.apply(.actionProgressed(execution, row.start.id, progress.dated(commit.now)))
            try JobCreation(
                context: commit.context,
                transaction: commit.transaction,
                row: commit.row,
                now: commit.now
            )
            .createJob(continuing: row, token: token)
        case .success(let progress, nil, let variables):
            job.end(.succeeded, resultDigest: digest, at: commit.now)
            try Self.close(row, job, commit)
            commit.attemptWithoutJob = row.start.id
            let success = ActionSuccess(
                progress: progress.dated(commit.now),
                outputs: try Self.pinnedOutputs(of: row, commit),
                outputVariables: variables
            )
            try commit.apply(.actionSucceeded(execution, row.start.id, success))
        case .failure(let failure, let externalExecutionID):
            job.end(.failed, resultDigest: digest, at: commit.now)
            try Self.close(row, job, commit)
            commit.attemptWithoutJob = row.start.id
            try commit.apply(
                .actionFailed(execution, row.start.id, failure, externalExecutionID: externalExecutionID)
            )
        }
    }

    private static func close(_ row: JobRow, _ job: Job, _ commit: PipelineCommit) throws {
        try commit.transaction.updateJob(job, clientID: row.clientID)
        if row.jobDeadline != nil { try commit.transaction.deleteTimer(.jobDeadline(job.id)) }
    }

    /// The outputs at the versions that are there now: later readers get exactly those.
    private static func pinnedOutputs(of row: JobRow, _ commit: PipelineCommit) throws -> [ArtifactReference] {
        try row.start.outputs.map { output in
            var output = output
            let key = ObjectKey(output.location.key)
            let latest = try commit.transaction.latestVersion(of: key, in: output.location.bucket)
            if let latest, !latest.isDeleteMarker, latest.versionID != .null {
                output.location.versionID = latest.versionID.rawValue
            }
            return output
        }
    }
}

extension Job {
    /// Whether the job ended with this very result not long ago.
    fileprivate func isRepeat(_ digest: String, at now: Timestamp, within window: Duration) -> Bool {
        guard self.storedStatus.isTerminal, self.resultDigest == digest, let endedAt else { return false }
        return now - endedAt < window
    }
}

extension ActionProgress {
    /// With the time of the call as the creation of a revision that has none.
    fileprivate func dated(_ now: Timestamp) -> Self {
        var progress = self
        if progress.revision != nil, progress.revision?.created == nil { progress.revision?.created = now }
        return progress
    }
}

extension [KeyedValue] {
    /// The bytes of all keys and values.
    var totalBytes: Int { self.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count } }
}

extension JobResult {
    fileprivate static func variablesProblem(limit: Int) -> String {
        "The output variables exceed the maximum size of \(limit) bytes"
    }

    /// The result, or a failure in place of a success whose variables have more bytes.
    fileprivate func keepingVariables(within limit: Int) -> Self {
        guard case .success(let progress, _, let variables) = self, variables.totalBytes > limit else { return self }
        return .failure(
            FailureDetails(type: .configurationError, message: Self.variablesProblem(limit: limit)),
            externalExecutionID: progress.externalExecutionID
        )
    }

    /// Equal for equal results, to recognise a repeated call.
    var digest: String {
        var writer = StateWriter()
        switch self {
        case .success(let progress, let token, let variables):
            writer.write("success")
            writer.write(progress.summary)
            writer.write(progress.externalExecutionID)
            writer.write(progress.percentComplete)
            writer.write(progress.revision)
            writer.write(token)
            writer.write(variables.sorted { $0.key < $1.key })
        case .failure(let failure, let externalExecutionID):
            writer.write("failure")
            writer.write(failure)
            writer.write(externalExecutionID)
        }
        return hexadecimal(SHA256.hash(data: writer.bytes))
    }
}
