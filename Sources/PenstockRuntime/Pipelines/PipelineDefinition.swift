// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore

/// A pipeline as submitted and found valid.
package struct PipelineDefinition: Sendable {
    /// With every secret value masked; its version is ignored.
    package var declaration: PipelineDeclaration
    /// The secret values that were submitted in clear.
    package var secrets: [SecretValue]
    /// The secret values that were submitted masked, to be kept from the version before.
    package var masked: [MaskedSecret]
    /// The declaration as the API shows it, at the version that it gets.
    package var document: @Sendable (_ version: Int) -> [UInt8]

    package init(
        declaration: PipelineDeclaration,
        secrets: [SecretValue],
        masked: [MaskedSecret],
        document: @escaping @Sendable (_ version: Int) -> [UInt8]
    ) {
        self.declaration = declaration
        self.secrets = secrets
        self.masked = masked
        self.document = document
    }

    /// Refuses masked values in a new pipeline, which has no version before to keep them from.
    package func requireClearSecrets() throws {
        if let masked = self.masked.first { throw masked.refusal }
    }

    /// Takes over masked values from the version before: those of an action with the same stage, name and type.
    mutating func keepMaskedSecrets(of current: PipelineVersionRow, _ context: RuntimeContext) throws {
        guard !self.masked.isEmpty else { return }
        let known = try context.secrets(of: current)
        for masked in self.masked {
            let stage = current.declaration.stages.first { $0.name == masked.stageName }
            let action = stage?.actions.first { $0.name == masked.actionName && $0.typeID == masked.typeID }
            let value = known.first {
                $0.stageName == masked.stageName && $0.actionName == masked.actionName && $0.key == masked.key
            }
            guard action != nil, let value else { throw masked.refusal }
            self.secrets.append(value)
        }
        self.masked = []
    }
}

/// A secret configuration value that was submitted as `****`.
package struct MaskedSecret: Sendable, Hashable {
    package var stageName: String
    package var actionName: String
    package var typeID: ActionTypeID
    package var key: String

    package init(stageName: String, actionName: String, typeID: ActionTypeID, key: String) {
        self.stageName = stageName
        self.actionName = actionName
        self.typeID = typeID
        self.key = key
    }

    /// Source: observed text of the live service.
    var refusal: Rejection {
        Rejection(
            .invalidActionDeclaration,
            "Action configuration for the new action '\(self.actionName)' contains an invalid configuration for the"
                + " secret property '\(self.key)'. '\(ActionDeclaration.maskedValue)' may be used in secret properties"
                + " only when updating an existing action."
        )
    }
}
