// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockModel
package import PenstockStore

extension JobRow {
    /// What somebody who wonders why nothing happens should know of the job; `nil` while there is nothing to wonder at.
    ///
    /// The protocol has no heartbeat, so a worker that died is known by its silence alone.
    ///
    /// - Parameter threshold: After this much silence a job is worth a word.
    package func notice(at now: Timestamp, threshold: Duration) -> String? {
        guard let queue, !self.job.storedStatus.isTerminal else { return nil }
        if queue.typeID.owner == .thirdParty, self.clientID == nil {
            return "The action is not connected to its provider, so no worker can take its job."
        }
        guard let heard = self.silentSince(at: now, threshold: threshold) else { return nil }
        let silence = self.silence(as: self.job.status(at: now), since: heard)
        return "\(silence); the job times out at \(self.deadline.text)."
    }

    /// When something was last heard of a job that workers poll for; `nil` while that is not long ago.
    package func silentSince(at now: Timestamp, threshold: Duration) -> Timestamp? {
        guard self.queue != nil, !self.job.storedStatus.isTerminal else { return nil }
        let isQueued = self.job.status(at: now) == .queued
        let heard = isQueued ? self.job.createdAt : self.job.acknowledgedAt ?? self.job.dispatchedAt
        return heard.flatMap { now - $0 >= threshold ? $0 : nil }
    }

    private func silence(as status: Job.Status, since heard: Timestamp) -> String {
        let worker = self.job.dispatchedTo ?? "a worker"
        return switch status {
        case .queued where self.job.dispatch > 0:
            "The job has waited since \(heard.text) and was handed out last to \(worker), who did not acknowledge it"
        case .queued: "No worker has taken the job since \(heard.text)"
        case .dispatched, .inProgress, .timedOut, .succeeded, .failed:
            "\(worker) took the job at \(heard.text) and has not reported since"
        }
    }
}
