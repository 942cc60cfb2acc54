// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockEngine
import PenstockModel
import PenstockStore

/// A job that was found and cannot be handed out: what its pipeline has stored cannot be read, or it is not to be polled
/// whatever its row says. It is kept from the next polls, so that those behind it are handed out.
struct UnreadableJob: Error {
    var row: JobRow
    var reason: String

    var metadata: Logger.Metadata {
        let pipeline = PipelineKey(scope: self.row.scope, name: self.row.pipelineName)
        return ["pipeline": "\(pipeline.arn)", "job": "\(self.row.job.id)", "error": "\(self.reason)"]
    }
}

extension Result where Success == JobService.ClaimedJob, Failure == UnreadableJob {
    /// The job, whether it can be handed out or not.
    var row: JobRow {
        switch self {
        case .success(let job): job.row
        case .failure(let job): job.row
        }
    }
}

extension RuntimeContext {
    /// The job with what a worker needs of its pipeline.
    ///
    /// - Throws: What is wrong with the store.
    func claimed(
        _ row: JobRow, in transaction: any StoreTransaction
    ) throws -> Result<JobService.ClaimedJob, UnreadableJob> {
        do {
            let version = try self.declarations.version(
                row.start.pipelineVersion, of: row.pipelineID, in: transaction)
            guard let version else { throw StoreError(.corrupt, "the pipeline's version is missing") }
            let configuration = try self.configuration(of: row, version: version, in: transaction)
            return .success(JobService.ClaimedJob(row: row, version: version, configuration: configuration))
        } catch let error as StoreError where error.code == .corrupt {
            return .failure(UnreadableJob(row: row, reason: error.message))
        }
    }
}
