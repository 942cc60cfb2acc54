// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// One object, or one version of it, that a session may reach.
package struct ObjectGrant: Sendable, Hashable {
    package var bucket: String
    package var key: String
    /// For reading: only this version, whatever is newest; `nil` for the current one.
    package var versionID: String?

    package init(bucket: String, key: String, versionID: String? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }
}

/// What the credentials of one dispatch of a job are for: exactly its artifacts.
///
/// The dispatch number lets the artifact store refuse a write by a job that has since ended or been given to another
/// worker; it is checked in the transaction that commits the write.
package struct JobGrant: Sendable, Hashable {
    package var jobID: JobID
    /// Counted from 1; a redelivered job has a higher one.
    package var dispatch: Int
    package var actionExecutionID: ActionExecutionID
    package var read: [ObjectGrant]
    package var write: [ObjectGrant]

    package init(
        jobID: JobID,
        dispatch: Int,
        actionExecutionID: ActionExecutionID,
        read: [ObjectGrant],
        write: [ObjectGrant]
    ) {
        self.jobID = jobID
        self.dispatch = dispatch
        self.actionExecutionID = actionExecutionID
        self.read = read
        self.write = write
    }
}

/// What a session's credentials are for.
package enum SessionGrant: Sendable, Hashable {
    /// The artifacts of one job.
    case job(JobGrant)
    /// Whatever these policies allow.
    case policies([PolicyDocument])
}
