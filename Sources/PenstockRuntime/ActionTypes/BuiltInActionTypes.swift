// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The action types that every account has: the providers of the service itself and of well-known partners.
///
/// That a type is listed says that pipelines may declare it, not that this installation has a runner for it; an action
/// without one fails at its start and says so.
///
/// Source: AWS CodePipeline User Guide, pipeline structure reference and action structure reference.
package enum BuiltInActionTypes {
    /// By identity.
    package static let definitions: [ActionTypeID: ActionTypeDefinition] = {
        let all =
            Self.sources + Self.builds + Self.deployments + Self.stackDeployments + Self.approvals + Self.invocations
        return Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
    }()

    /// Describes a type at version 1.
    static func type(
        _ category: ActionCategory,
        _ provider: String,
        owner: ActionOwner = .aws,
        inputs: ClosedRange<Int>,
        outputs: ClosedRange<Int>,
        _ properties: [ActionTypeProperty]
    ) -> ActionTypeDefinition {
        ActionTypeDefinition(
            id: ActionTypeID(category: category, owner: owner, provider: provider, version: "1"),
            properties: properties,
            inputArtifacts: ArtifactCount(inputs.lowerBound, inputs.upperBound),
            outputArtifacts: ArtifactCount(outputs.lowerBound, outputs.upperBound),
            allowedAccounts: ["*"]
        )
    }
}

extension [ActionTypeProperty] {
    static func required(_ names: String...) -> Self {
        names.map { ActionTypeProperty(name: $0, isRequired: true, isKey: true) }
    }

    static func secret(_ names: String...) -> Self {
        names.map { ActionTypeProperty(name: $0, isRequired: true, isSecret: true) }
    }

    static func optional(_ names: String...) -> Self {
        names.map { ActionTypeProperty(name: $0, isRequired: false) }
    }
}
