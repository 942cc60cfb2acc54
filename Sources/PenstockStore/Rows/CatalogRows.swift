// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A registered action type. Unique by (`region`, `owner`, `definition.id`) for custom types, by (`region`,
/// `definition.id`) for those of partners.
package struct ActionTypeRow: Sendable, Hashable {
    package var region: Region
    /// The account that made or registered it.
    package var account: AccountID
    package var definition: ActionTypeDefinition
    /// The definition as the API answers it: JSON of an ActionType, or of an ActionTypeDeclaration for executor types.
    package var document: [UInt8]
    /// Sorted by key.
    package var tags: [KeyedValue]
    package var created: Timestamp
    /// A deleted type is kept, since its identity is never used for another definition.
    package var isDeleted: Bool

    package init(
        region: Region,
        account: AccountID,
        definition: ActionTypeDefinition,
        document: [UInt8],
        tags: [KeyedValue] = [],
        created: Timestamp,
        isDeleted: Bool = false
    ) {
        self.region = region
        self.account = account
        self.definition = definition
        self.document = document
        self.tags = tags
        self.created = created
        self.isDeleted = isDeleted
    }
}

/// A customer's connection of one partner action. Unique by `clientID`; at most one that is not revoked for each
/// (`scope`, `pipelineName`, `stageName`, `actionName`).
package struct ConnectionRow: Sendable, Hashable {
    package var clientID: ClientID
    package var scope: Scope
    package var pipelineName: String
    package var stageName: String
    package var actionName: String
    /// The type of the action when a job was first dispatched under the connection; `nil` before.
    package var boundType: ActionTypeID?
    /// The keyed hash of the client token.
    package var tokenHash: [UInt8]
    /// The hash before the last rotation, good until `previousExpires`.
    package var previousTokenHash: [UInt8]?
    package var previousExpires: Timestamp?
    package var created: Timestamp
    package var rotated: Timestamp?
    package var revoked: Timestamp?

    package init(
        clientID: ClientID,
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String,
        tokenHash: [UInt8],
        created: Timestamp
    ) {
        self.clientID = clientID
        self.scope = scope
        self.pipelineName = pipelineName
        self.stageName = stageName
        self.actionName = actionName
        self.tokenHash = tokenHash
        self.created = created
    }
}

/// An access key. Unique by `accessKeyID`.
package struct AccessKeyRow: Sendable, Hashable {
    package var accessKeyID: String
    package var account: AccountID
    package var principalName: String
    package var isAdministrator: Bool
    /// The secret, sealed under the master key.
    package var sealedSecret: [UInt8]
    /// Policy documents, as JSON text, in the order in which they were attached.
    package var policies: [String]
    package var created: Timestamp
    package var isDisabled: Bool

    package init(
        accessKeyID: String,
        account: AccountID,
        principalName: String,
        isAdministrator: Bool,
        sealedSecret: [UInt8],
        policies: [String],
        created: Timestamp,
        isDisabled: Bool = false
    ) {
        self.accessKeyID = accessKeyID
        self.account = account
        self.principalName = principalName
        self.isAdministrator = isAdministrator
        self.sealedSecret = sealedSecret
        self.policies = policies
        self.created = created
        self.isDisabled = isDisabled
    }
}

/// One call that changed something, or that was denied.
package struct AuditRow: Sendable, Hashable {
    package var at: Timestamp
    package var scope: Scope
    /// The caller's ARN.
    package var principal: String
    package var operation: String
    /// The ARN or name of what the call was about, NUL in it as `%00`; empty when there is none.
    package let resource: String
    /// `ok`, or the code of the error that was answered.
    package var outcome: String
    package var requestID: String

    package init(
        at: Timestamp,
        scope: Scope,
        principal: String,
        operation: String,
        resource: String,
        outcome: String,
        requestID: String
    ) {
        self.at = at
        self.scope = scope
        self.principal = principal
        self.operation = operation
        // Keys of objects may hold it, and to PostgreSQL it is no text.
        let parts = resource.utf8.split(separator: 0, omittingEmptySubsequences: false)
        self.resource = parts.count == 1 ? resource : parts.map { String($0) ?? "" }.joined(separator: "%00")
        self.outcome = outcome
        self.requestID = requestID
    }
}
