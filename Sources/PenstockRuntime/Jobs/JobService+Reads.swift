// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockStore

extension JobService {
    /// Jobs of the account that have not ended, by ascending (`createdAt`, `id`), those after the cursor, at most
    /// `limit`.
    ///
    /// - Parameter pipeline: Only those of this pipeline, which must exist.
    package func openJobs(
        _ call: CallContext,
        pipeline: String?,
        after cursor: JobCursor?,
        limit: Int
    ) async throws -> [JobRow] {
        try await self.context.store.read { reader in
            guard let pipeline else { return try reader.openJobs(in: call.scope, after: cursor, limit: limit) }
            let key = call.pipeline(pipeline)
            guard let summary = try reader.pipelineSummary(key) else { throw PipelineRejections.pipelineNotFound(key) }
            // As many as its live executions have actions in progress, so they are read whole.
            let jobs = try reader.openJobs(of: summary.id).filter { row in
                cursor.map { ($0.createdAt, $0.id) < (row.job.createdAt, row.job.id) } ?? true
            }
            return Array(jobs.prefix(limit))
        }
    }
}
