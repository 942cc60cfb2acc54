// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// Who makes a request, after the signature has been verified.
package struct Principal: Sendable, Hashable {
    /// What decides the principal's rights.
    package enum Kind: Sendable, Hashable {
        /// May do everything in its account; no policy is looked at.
        case administrator
        /// May do what its policies allow.
        case user(policies: [PolicyDocument])
        /// May do what its session is for, until the session expires.
        case session(SessionGrant)
    }

    package var account: AccountID
    /// A user's name, or the name that a session's issuer gave it; 1 to 64 characters.
    package var name: String
    package var kind: Kind

    package init(account: AccountID, name: String, kind: Kind) {
        self.account = account
        self.name = name
        self.kind = kind
    }

    /// The ARN that errors, events and GetCallerIdentity show.
    package var arn: String {
        switch self.kind {
        case .administrator, .user:
            "arn:aws:iam::\(self.account):user/\(self.name)"
        case .session(.job(let grant)):
            "arn:aws:sts::\(self.account):assumed-role/\(self.name)/\(grant.jobID)"
        case .session(.policies):
            "arn:aws:sts::\(self.account):assumed-role/\(self.name)/session"
        }
    }

    /// Whether its rights depend on the tags of what an action is about.
    package var looksAtResourceTags: Bool {
        switch self.kind {
        case .administrator, .session(.job): false
        case .user(let policies), .session(.policies(let policies)): policies.contains(where: \.looksAtResourceTags)
        }
    }

    package var isAdministrator: Bool { self.kind == .administrator }
}
