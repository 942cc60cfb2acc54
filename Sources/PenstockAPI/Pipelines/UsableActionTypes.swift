// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore

/// The action types that pipelines of an account may use in a region.
struct UsableActionTypes: Sendable {
    let context: RuntimeContext

    /// `nil` when there is no such type, or when the account may not use it.
    func definition(_ id: ActionTypeID, for scope: Scope) async throws -> ActionTypeDefinition? {
        switch id.owner {
        case .aws: return Self.builtIn[id]
        case .custom:
            let row = try await self.context.catalog.customType(id, in: scope, store: self.context.store)
            return row?.isDeleted == false ? row?.definition : nil
        case .thirdParty:
            let row = try await self.context.catalog.partnerType(id, in: scope.region, store: self.context.store)
            guard let row, !row.isDeleted, row.mayBeUsed(by: scope.account) else { return nil }
            return row.definition
        }
    }

    private static let builtIn: [ActionTypeID: ActionTypeDefinition] = [
        .s3Source: ActionTypeDefinition(
            id: .s3Source,
            properties: [
                ActionTypeProperty(name: "S3Bucket", isRequired: true, isKey: true),
                ActionTypeProperty(name: "S3ObjectKey", isRequired: true, isKey: true),
                ActionTypeProperty(name: "PollForSourceChanges", isRequired: false),
                ActionTypeProperty(name: "AllowOverrideForS3ObjectKey", isRequired: false),
            ],
            inputArtifacts: ArtifactCount(0, 0),
            outputArtifacts: ArtifactCount(1, 1)
        ),
        .manualApproval: ActionTypeDefinition(
            id: .manualApproval,
            properties: [
                ActionTypeProperty(name: "NotificationArn", isRequired: false),
                ActionTypeProperty(name: "CustomData", isRequired: false),
                ActionTypeProperty(name: "ExternalEntityLink", isRequired: false),
            ],
            inputArtifacts: ArtifactCount(0, 0),
            outputArtifacts: ArtifactCount(0, 0)
        ),
    ]
}

extension ActionTypeRow {
    /// Whether pipelines of the account may use this partner type.
    fileprivate func mayBeUsed(by account: AccountID) -> Bool {
        let allowed = self.definition.allowedAccounts
        return self.account == account || allowed.contains("*") || allowed.contains(account.rawValue)
    }
}
