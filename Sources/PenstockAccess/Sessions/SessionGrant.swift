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

    /// Whether the object, or this version of it, may be read.
    ///
    /// A reader that names no version gets the granted one: see ``grantedVersion(bucket:key:)``.
    package func allowsReading(bucket: String, key: String, versionID: String? = nil) -> Bool {
        self.read.contains { grant in
            grant.bucket == bucket && grant.key == key
                && (versionID == nil || grant.versionID == nil || grant.versionID == versionID)
        }
    }

    /// The version that a read without a version must be answered with; `nil` for the current one.
    package func grantedVersion(bucket: String, key: String) -> String? {
        self.read.first { $0.bucket == bucket && $0.key == key }?.versionID
    }

    /// Whether the object may be written, in one piece or in parts.
    package func allowsWriting(bucket: String, key: String) -> Bool {
        self.write.contains { $0.bucket == bucket && $0.key == key }
    }
}

/// What a session's credentials are for.
package enum SessionGrant: Sendable, Hashable {
    /// The artifacts of one job.
    case job(JobGrant)
    /// Whatever these policies allow.
    case policies([PolicyDocument])
}
