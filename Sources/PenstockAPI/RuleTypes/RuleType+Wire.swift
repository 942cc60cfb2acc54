// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension RuleType {
    /// The summary that listings have of a kind of rule.
    init(_ definition: RuleTypeDefinition) {
        self.init(
            id: PenstockWire.RuleTypeID(
                category: .rule, owner: .aws, provider: definition.id.provider, version: definition.id.version),
            ruleConfigurationProperties: definition.properties.map { property in
                RuleConfigurationProperty(
                    name: property.name,
                    required: property.isRequired,
                    key: true,
                    secret: false,
                    description: property.description,
                    type: .string
                )
            },
            inputArtifactDetails: ArtifactDetails(
                minimumCount: definition.inputArtifacts.minimum, maximumCount: definition.inputArtifacts.maximum)
        )
    }
}
