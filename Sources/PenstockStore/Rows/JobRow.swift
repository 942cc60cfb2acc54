// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// A job with everything that is needed to hand it out. Unique by `job.id`.
package struct JobRow: Sendable, Hashable {
    /// The scope of the pipeline: the customer's account.
    package var scope: Scope
    package var pipelineID: PipelineID
    package var pipelineName: String
    /// What pollers claim it by; `nil` for work that nobody polls for (approvals, invoked functions).
    package var queue: JobQueue?
    /// The resolved value of the type's queryable property.
    package var queryValue: String?
    /// The customer's connection; `nil` for other than partner jobs, and while there is no connection: such a job is
    /// not pollable.
    package var clientID: ClientID?
    /// What the worker's last result asked for the next job to carry.
    package var continuationToken: String?
    /// When the job itself times out, if its type says so; the attempt's own deadline is in `start`.
    package var jobDeadline: Timestamp?
    package var start: ActionStart
    package var job: Job

    package init(
        scope: Scope,
        pipelineID: PipelineID,
        pipelineName: String,
        queue: JobQueue?,
        queryValue: String? = nil,
        clientID: ClientID? = nil,
        continuationToken: String? = nil,
        jobDeadline: Timestamp? = nil,
        start: ActionStart,
        job: Job
    ) {
        self.scope = scope
        self.pipelineID = pipelineID
        self.pipelineName = pipelineName
        self.queue = queue
        self.queryValue = queryValue
        self.clientID = clientID
        self.continuationToken = continuationToken
        self.jobDeadline = jobDeadline
        self.start = start
        self.job = job
    }
}

/// Which jobs a poll may take.
package struct JobClaim: Sendable, Hashable {
    package var queue: JobQueue
    /// Only jobs with this value of the queryable property.
    package var queryValue: String?
    /// Only jobs that have a connection.
    package var needsConnection: Bool
    /// At least 1.
    package var limit: Int

    package init(queue: JobQueue, queryValue: String? = nil, needsConnection: Bool = false, limit: Int) {
        self.queue = queue
        self.queryValue = queryValue
        self.needsConnection = needsConnection
        self.limit = limit
    }
}
