// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore

/// Every job that was ever seen, as it was last seen: how jobs may change, and what workers must be answered.
struct JobLedger {
    private(set) var rows: OrderedDictionary<JobID, JobRow> = [:]
    /// The results that were taken.
    private(set) var results: [JobID: JobResult] = [:]
    private let settings = RuntimeSettings()

    /// Jobs that have not ended, the oldest first.
    var open: [JobRow] {
        self.rows.values.filter { !$0.job.storedStatus.isTerminal }
            .sorted { ($0.job.createdAt, $0.job.id) < ($1.job.createdAt, $1.job.id) }
    }

    /// `#1`, `#2` … in the order in which jobs were seen.
    func label(_ id: JobID) -> String { self.rows.index(forKey: id).map { "#\($0 + 1)" } ?? "an unknown job" }

    mutating func noteResult(_ result: JobResult, of id: JobID) { self.results[id] = result }

    /// Jobs that were open when last seen and are not among these.
    func missing(from open: [JobRow]) -> [JobID] {
        let listed = Set(open.map(\.job.id))
        return self.open.map(\.job.id).filter { !listed.contains($0) }
    }

    /// Takes in how jobs stand, and returns the rules that a change broke.
    mutating func note(_ rows: [JobRow]) -> [String] { rows.flatMap { self.note($0) } }

    /// Takes in that a job went with its pipeline.
    mutating func noteLoss(of id: JobID, at now: Timestamp) {
        self.rows[id]?.job.end(.failed, resultDigest: nil, at: now)
    }

    private mutating func note(_ row: JobRow) -> [String] {
        let old = self.rows.updateValue(row, forKey: row.job.id)
        guard let old else { return [] }
        let isAllowed = Self.isAllowed(from: old.job, to: row.job)
        let label = self.label(row.job.id)
        let change = "job \(label) goes from \(old.job.storedStatus.rawValue) to \(row.job.storedStatus.rawValue)"
        return isAllowed ? [] : ["\(change), dispatches \(old.job.dispatch) to \(row.job.dispatch)"]
    }

    /// Which changes a job may make, those of its connection aside.
    private static func isAllowed(from old: Job, to new: Job) -> Bool {
        if old == new { return true }
        let isNewDispatch =
            new.dispatch > old.dispatch && new.nonce != old.nonce
            && old.visibleAt.map { visible in new.dispatchedAt.map { $0 >= visible } ?? false } ?? true
        switch (old.storedStatus, new.storedStatus) {
        case (.succeeded, _), (.failed, _), (.timedOut, _): return false
        case (_, .succeeded), (_, .failed), (_, .timedOut): return true
        case (.queued, .dispatched), (.dispatched, .dispatched): return isNewDispatch
        case (.queued, .inProgress), (.dispatched, .inProgress):
            // Handed out and acknowledged since the last look, or acknowledged by who had it.
            return isNewDispatch || new.dispatch == old.dispatch && new.nonce == old.nonce
        case (_, .queued), (.inProgress, _): return false
        }
    }

    // MARK: What workers must be answered

    /// The jobs that a poll must hand out, in order.
    func pollable(_ claim: JobClaim, at now: Timestamp) -> [JobID] {
        let queued = self.open.filter { row in
            row.queue == claim.queue && row.job.status(at: now) == .queued
                && (claim.queryValue == nil || row.queryValue == claim.queryValue)
                && (!claim.needsConnection || row.clientID != nil)
        }
        return queued.filter { now < $0.deadline }.prefix(claim.limit).map(\.job.id)
    }

    enum Expectation: Hashable {
        /// The call succeeds, with this status if it tells one.
        case status(Job.Status?)
        case refusal(Rejection.Code)
    }

    /// What an acknowledgement must be answered.
    func acknowledgement(of row: JobRow?, _ nonce: String, proof: Proof, at now: Timestamp) -> Expectation {
        guard let row, !self.isForgotten(row, at: now) else { return .refusal(.jobNotFound) }
        if let refusal = proof.refusal { return .refusal(refusal) }
        let status = Self.status(of: row, at: now)
        guard row.job.nonce == nonce, status != .queued || row.job.storedStatus == .dispatched else {
            return .refusal(.invalidNonce)
        }
        switch status {
        case .queued, .dispatched, .inProgress: return .status(.inProgress)
        case .timedOut, .succeeded, .failed:
            return row.job.acknowledgedAt == nil ? .refusal(.invalidNonce) : .status(status)
        }
    }

    /// What a result must be answered: taken, taken for a repeat, or refused.
    func completion(of row: JobRow?, _ result: JobResult, proof: Proof, at now: Timestamp) -> Expectation {
        guard let row, !self.isForgotten(row, at: now) else { return .refusal(.jobNotFound) }
        if let refusal = proof.refusal { return .refusal(refusal) }
        let status = Self.status(of: row, at: now)
        if status.isTerminal {
            let isRecent = row.job.endedAt.map { now - $0 < self.settings.repeatedResultWindow } ?? false
            let isRepeat = isRecent && self.results[row.job.id] == result
            return isRepeat ? .status(nil) : .refusal(.invalidJobState)
        }
        return status == .inProgress ? .status(nil) : .refusal(.invalidJobState)
    }

    private func isForgotten(_ row: JobRow, at now: Timestamp) -> Bool {
        row.job.endedAt.map { now - $0 >= self.settings.endedJobRetention } ?? false
    }

    /// How a job stands; out of time it has timed out, whether or not that was written.
    private static func status(of row: JobRow, at now: Timestamp) -> Job.Status {
        if !row.job.storedStatus.isTerminal, now >= row.deadline { return .timedOut }
        return row.job.status(at: now)
    }

    /// What a worker shows, and what comes of it.
    enum Proof: Hashable {
        case good
        case refused(Rejection.Code)

        var refusal: Rejection.Code? { if case .refused(let code) = self { code } else { nil } }
    }
}
