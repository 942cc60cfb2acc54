// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockModel
package import PenstockStore

extension JobRow {
    /// When the work is out of time: the job by its type, or the attempt as a whole, whichever comes first.
    package var deadline: Timestamp { min(self.start.deadline, self.jobDeadline ?? self.start.deadline) }

    /// The job as it stands at an instant: out of time it has timed out, whether or not a timer has written that yet.
    func standing(at now: Timestamp) -> Job {
        var job = self.job
        if now >= self.deadline { job.end(.timedOut, resultDigest: nil, at: self.deadline) }
        return job
    }
}
