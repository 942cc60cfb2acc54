// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension ActionTypeDefinition {
    /// A custom type, as its account defines it.
    init(_ input: CreateCustomActionTypeInput) throws {
        let id = WireActionTypeID(
            category: input.category, owner: .custom, provider: input.provider, version: input.version)
        self.init(
            id: try PenstockModel.ActionTypeID(reading: id),
            properties: try (input.configurationProperties ?? []).map { try PenstockModel.ActionTypeProperty($0) },
            inputArtifacts: ArtifactCount(
                input.inputArtifactDetails.minimumCount, input.inputArtifactDetails.maximumCount),
            outputArtifacts: ArtifactCount(
                input.outputArtifactDetails.minimumCount, input.outputArtifactDetails.maximumCount),
            urls: PenstockModel.ActionTypeURLs(
                thirdPartyConfiguration: input.settings?.thirdPartyConfigurationURL,
                entity: input.settings?.entityURLTemplate,
                execution: input.settings?.executionURLTemplate,
                revision: input.settings?.revisionURLTemplate
            )
        )
    }
}

extension ActionType {
    /// The summary that listings have of every type, whoever made it.
    init(_ definition: ActionTypeDefinition) {
        let urls = definition.urls
        let settings = ActionTypeSettings(
            thirdPartyConfigurationURL: urls.thirdPartyConfiguration,
            entityURLTemplate: urls.entity,
            executionURLTemplate: urls.execution,
            revisionURLTemplate: urls.revision
        )
        let inputs = definition.inputArtifacts
        let outputs = definition.outputArtifacts
        self.init(
            id: WireActionTypeID(definition.id),
            settings: urls == PenstockModel.ActionTypeURLs() ? nil : settings,
            actionConfigurationProperties: definition.properties.map { ActionConfigurationProperty($0) },
            inputArtifactDetails: ArtifactDetails(minimumCount: inputs.minimum, maximumCount: inputs.maximum),
            outputArtifactDetails: ArtifactDetails(minimumCount: outputs.minimum, maximumCount: outputs.maximum)
        )
    }
}

extension PenstockModel.ActionTypeProperty {
    fileprivate init(_ wire: ActionConfigurationProperty) throws {
        var type: ValueType?
        if let name = wire.type?.rawValue {
            guard let known = ValueType(rawValue: name) else {
                throw Rejection(.validation, "The property '\(wire.name)' is of an unknown type")
            }
            type = known
        }
        self.init(
            name: wire.name,
            isRequired: wire.required,
            isKey: wire.key,
            isSecret: wire.secret,
            isQueryable: wire.queryable ?? false,
            description: wire.description,
            valueType: type
        )
    }
}

extension ActionConfigurationProperty {
    fileprivate init(_ property: PenstockModel.ActionTypeProperty) {
        self.init(
            name: property.name,
            required: property.isRequired,
            key: property.isKey,
            secret: property.isSecret,
            queryable: property.isQueryable,
            description: property.description,
            type: property.valueType.map { ActionConfigurationPropertyType(rawValue: $0.rawValue) }
        )
    }
}
