// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore

/// Who makes a call, for what it is allowed to see and for the record.
package struct CallContext: Sendable {
    package var scope: Scope
    /// The caller's ARN.
    package var principal: String
    package var requestID: String

    package init(scope: Scope, principal: String, requestID: String) {
        self.scope = scope
        self.principal = principal
        self.requestID = requestID
    }

    /// Records in the transaction that the call changed something.
    func audit(_ operation: String, _ resource: String, at: Timestamp, in transaction: any StoreTransaction) throws {
        try transaction.insertAuditEntry(
            AuditRow(
                at: at,
                scope: self.scope,
                principal: self.principal,
                operation: operation,
                resource: resource,
                outcome: "ok",
                requestID: self.requestID
            )
        )
    }

    /// Names a pipeline of the caller's scope.
    package func pipeline(_ name: String) -> PipelineKey { PipelineKey(scope: self.scope, name: name) }
}
