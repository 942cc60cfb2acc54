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
        let status = self.job.status(at: now)
        let heard = status == .queued ? self.job.createdAt : self.job.acknowledgedAt ?? self.job.dispatchedAt
        guard let heard, now - heard >= threshold else { return nil }
        let deadline = min(self.start.deadline, self.jobDeadline ?? self.start.deadline)
        return "\(self.silence(as: status, since: heard)); the job times out at \(deadline.text)."
    }

    private func silence(as status: Job.Status, since heard: Timestamp) -> String {
        let worker = self.job.dispatchedTo ?? "a worker"
        return switch status {
        case .queued where self.job.dispatch > 0:
            "The job has waited since \(heard.text) and was handed out last to \(worker), who did not acknowledge it"
        case .queued: "No worker has taken the job since \(heard.text)"
        case .dispatched, .inProgress, .timedOut, .succeeded, .failed:
            "\(worker) took the job at \(heard.text) and has not been heard of since"
        }
    }
}
