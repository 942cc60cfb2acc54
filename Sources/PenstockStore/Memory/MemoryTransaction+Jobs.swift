// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockArtifacts
import PenstockEngine
import PenstockModel

extension MemoryTransaction {
    func job(_ id: JobID) -> JobRow? { self.rows.openJobs[id] ?? self.rows.endedJobs[id] }

    func openJobs(of pipeline: PipelineID) -> [JobRow] { self.openJobs { $0.pipelineID == pipeline } }

    func openJobs(in scope: Scope, after: JobCursor?, limit: Int) -> [JobRow] {
        let rows = self.openJobs { row in
            guard row.scope == scope else { return false }
            guard let after else { return true }
            return (row.job.createdAt, row.job.id) > (after.createdAt, after.id)
        }
        return Array(rows.prefix(limit))
    }

    func pollableQueues() -> [(queue: JobQueue, pollableAt: Timestamp)] {
        var instants: [JobQueue: Set<Timestamp>] = [:]
        for row in self.rows.openJobs.values {
            guard let queue = row.queue, row.job.storedStatus != .inProgress else { continue }
            instants[queue, default: []].insert(row.job.visibleAt ?? Timestamp(millisecondsSinceEpoch: 0))
        }
        return instants.sorted { precedes($0.key.description, $1.key.description) }
            .flatMap { queue, instants in instants.sorted().map { (queue, $0) } }
    }

    func insertJob(_ row: JobRow) throws {
        let existing = self.job(row.job.id)
        guard existing == nil else { throw constraint("a job's id is used once") }
        guard self.rows.pipelines[row.pipelineID] != nil else { throw constraint("there is no such pipeline") }
        if !row.job.storedStatus.isTerminal, self.lockOpenJob(of: row.start.id) != nil {
            throw constraint("an attempt has one open job")
        }
        self.put(row)
    }

    func lockJob(_ id: JobID) -> JobRow? { self.job(id) }

    func lockOpenJob(of action: ActionExecutionID) -> JobRow? {
        self.rows.openJobs.values.first { $0.start.id == action }
    }

    func updateJob(_ job: Job, clientID: ClientID?) throws {
        guard var row = self.job(job.id) else { throw constraint("there is no such job") }
        row.job = job
        row.clientID = clientID
        self.put(row)
    }

    func claimJobs(_ claim: JobClaim, at now: Timestamp) -> [JobRow] {
        let rows = self.openJobs { row in
            row.queue == claim.queue && row.job.status(at: now) == .queued
                && (claim.queryValue == nil || row.queryValue == claim.queryValue)
                && (!claim.needsConnection || row.clientID != nil)
        }
        return Array(rows.prefix(claim.limit))
    }

    func connectJobs(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String,
        to client: ClientID
    ) -> [JobQueue] {
        let rows = self.openJobs { row in
            row.scope == scope && row.pipelineName == pipelineName && row.start.stageName == stageName
                && row.start.action.name == actionName && row.clientID == nil
        }
        for var row in rows {
            row.clientID = client
            self.put(row)
        }
        return Set(rows.compactMap(\.queue)).sorted { precedes($0.description, $1.description) }
    }

    func deleteJobs(endedBefore: Timestamp, limit: Int) -> Int {
        let ended = self.rows.endedJobs.values.filter { $0.job.endedAt.map { $0 < endedBefore } ?? false }
        let deleted = ended.sorted { ($0.job.endedAt ?? .max, $0.job.id) < ($1.job.endedAt ?? .max, $1.job.id) }
            .prefix(limit)
        for row in deleted { self.rows.endedJobs[row.job.id] = nil }
        return deleted.count
    }

    func jobAcceptsWrites(_ jobID: JobID, dispatch: Int) -> Bool {
        guard let job = self.rows.openJobs[jobID]?.job else { return false }
        return job.storedStatus != .queued && job.dispatch == dispatch
    }

    private func openJobs(where isIncluded: (JobRow) -> Bool) -> [JobRow] {
        self.rows.openJobs.values.filter(isIncluded)
            .sorted { ($0.job.createdAt, $0.job.id) < ($1.job.createdAt, $1.job.id) }
    }

    private func put(_ row: JobRow) {
        let isEnded = row.job.storedStatus.isTerminal
        self.rows.openJobs[row.job.id] = isEnded ? nil : row
        self.rows.endedJobs[row.job.id] = isEnded ? row : nil
    }
}

extension Timestamp {
    fileprivate static var max: Self { Self(millisecondsSinceEpoch: .max) }
}
