// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
package import PenstockModel
package import PenstockSigning

/// Who makes a request, proven by its signature.
package struct Caller: Sendable {
    package let principal: Principal
    /// The account of the credential and the region of its scope: the data that the request is about.
    package let scope: Scope
    package let accessKeyID: String
    /// What was verified, with what a surface needs to check a body that is still to come.
    package let verified: VerifiedRequest

    package init(principal: Principal, scope: Scope, accessKeyID: String, verified: VerifiedRequest) {
        self.principal = principal
        self.scope = scope
        self.accessKeyID = accessKeyID
        self.verified = verified
    }

    /// What a session is for; `nil` for a long-lived key.
    package var grant: SessionGrant? {
        if case .session(let grant) = self.principal.kind { grant } else { nil }
    }

    /// The job whose credentials these are.
    package var jobGrant: JobGrant? {
        if case .session(.job(let grant)) = self.principal.kind { grant } else { nil }
    }
}
