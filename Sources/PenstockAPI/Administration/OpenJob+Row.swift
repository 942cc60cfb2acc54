// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

extension OpenJob {
    init(_ row: JobRow, at now: Timestamp, silentAfter threshold: Duration) {
        self.init()
        self.jobID = "\(row.job.id)"
        self.pipelineName = row.pipelineName
        self.pipelineExecutionID = "\(row.start.executionID)"
        self.stageName = row.start.stageName
        self.actionName = row.start.action.name
        self.actionExecutionID = "\(row.start.id)"
        self.actionTypeID = WireActionTypeID(row.start.action.typeID)
        self.status = JobStatus(row.job.status(at: now))
        self.clientID = row.clientID.map { "\($0)" }
        self.created = WireTimestamp(row.job.createdAt)
        self.takenBy = row.job.dispatchedTo
        if row.job.dispatchedTo != nil {
            self.takenAt = (row.job.acknowledgedAt ?? row.job.dispatchedAt).map { WireTimestamp($0) }
        }
        self.timesOutAt = WireTimestamp(row.deadline)
        self.silent = row.silentSince(at: now, threshold: threshold) != nil
        self.notice = row.notice(at: now, threshold: threshold)
    }
}
