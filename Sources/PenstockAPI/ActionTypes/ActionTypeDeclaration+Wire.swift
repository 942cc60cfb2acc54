// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension PenstockModel.ActionTypeID {
    init(_ wire: ActionTypeIdentifier) throws {
        let id = WireActionTypeID(
            category: wire.category,
            owner: PenstockWire.ActionOwner(rawValue: wire.owner),
            provider: wire.provider,
            version: wire.version
        )
        try self.init(reading: id)
    }
}

extension ActionTypeDefinition {
    /// A type with an executor, as its owner declares it.
    init(_ wire: ActionTypeDeclaration) throws {
        let urls = wire.urls
        self.init(
            id: try PenstockModel.ActionTypeID(wire.id),
            description: wire.description,
            properties: (wire.properties ?? []).map { property in
                PenstockModel.ActionTypeProperty(
                    name: property.name,
                    isRequired: !property.optional,
                    isKey: property.key,
                    isSecret: property.noEcho,
                    isQueryable: property.queryable ?? false,
                    description: property.description
                )
            },
            inputArtifacts: ArtifactCount(
                wire.inputArtifactDetails.minimumCount, wire.inputArtifactDetails.maximumCount),
            outputArtifacts: ArtifactCount(
                wire.outputArtifactDetails.minimumCount, wire.outputArtifactDetails.maximumCount),
            urls: PenstockModel.ActionTypeURLs(
                thirdPartyConfiguration: urls?.configurationURL,
                entity: urls?.entityURLTemplate,
                execution: urls?.executionURLTemplate,
                revision: urls?.revisionURLTemplate
            ),
            executor: try PenstockModel.ActionTypeExecutor(wire.executor),
            allowedAccounts: wire.permissions?.allowedAccounts ?? []
        )
    }
}

extension ActionTypeDeclaration {
    /// `nil` for a type without an executor, which only listings show.
    init?(_ definition: ActionTypeDefinition) {
        guard let executor = definition.executor else { return nil }
        let id = definition.id
        let inputs = definition.inputArtifacts
        let outputs = definition.outputArtifacts
        let allowed = definition.allowedAccounts
        self.init(
            description: definition.description,
            executor: PenstockWire.ActionTypeExecutor(executor),
            id: ActionTypeIdentifier(
                category: PenstockWire.ActionCategory(rawValue: id.category.rawValue),
                owner: id.owner.rawValue,
                provider: id.provider,
                version: id.version
            ),
            inputArtifactDetails: ActionTypeArtifactDetails(
                minimumCount: inputs.minimum, maximumCount: inputs.maximum),
            outputArtifactDetails: ActionTypeArtifactDetails(
                minimumCount: outputs.minimum, maximumCount: outputs.maximum),
            permissions: allowed.isEmpty ? nil : ActionTypePermissions(allowedAccounts: allowed),
            properties: definition.properties.map { PenstockWire.ActionTypeProperty($0) },
            urls: PenstockWire.ActionTypeURLs(definition.urls)
        )
    }
}

extension PenstockModel.ActionTypeExecutor {
    /// Exactly the configuration that goes with the executor's type must be there.
    fileprivate init(_ wire: PenstockWire.ActionTypeExecutor) throws {
        let configuration = wire.configuration
        let kind: Kind
        switch (configuration.jobWorkerExecutorConfiguration, configuration.lambdaExecutorConfiguration) {
        case (let workers?, nil) where wire.type == .jobWorker:
            let accounts = workers.pollingAccounts ?? []
            let principals = workers.pollingServicePrincipals ?? []
            guard !accounts.isEmpty else {
                // Nobody signs as a service principal here, so that such a type's jobs would wait for nobody.
                throw Rejection(
                    .validation,
                    "The executor configuration must name at least one polling account"
                        + (principals.isEmpty ? "" : "; service principals alone cannot poll here")
                )
            }
            kind = .jobWorker(pollingAccounts: accounts, pollingServicePrincipals: principals)
        case (nil, let function?) where wire.type == .lambda:
            kind = .lambda(functionARN: function.lambdaFunctionARN)
        case _:
            throw Rejection(
                .validation,
                "The executor configuration must have exactly the member for the executor type"
                    + " '\(wire.type.rawValue)'"
            )
        }
        self.init(
            kind: kind,
            jobTimeoutSeconds: wire.jobTimeout,
            policyStatementsTemplate: wire.policyStatementsTemplate
        )
    }
}

extension PenstockWire.ActionTypeExecutor {
    fileprivate init(_ executor: PenstockModel.ActionTypeExecutor) {
        let configuration: ExecutorConfiguration
        let type: ExecutorType
        switch executor.kind {
        case .jobWorker(let accounts, let principals):
            type = .jobWorker
            configuration = ExecutorConfiguration(
                jobWorkerExecutorConfiguration: JobWorkerExecutorConfiguration(
                    pollingAccounts: accounts.isEmpty ? nil : accounts,
                    pollingServicePrincipals: principals.isEmpty ? nil : principals
                )
            )
        case .lambda(let functionARN):
            type = .lambda
            configuration = ExecutorConfiguration(
                lambdaExecutorConfiguration: LambdaExecutorConfiguration(lambdaFunctionARN: functionARN))
        }
        self.init(
            configuration: configuration,
            type: type,
            policyStatementsTemplate: executor.policyStatementsTemplate,
            jobTimeout: executor.jobTimeoutSeconds
        )
    }
}

extension PenstockWire.ActionTypeProperty {
    fileprivate init(_ property: PenstockModel.ActionTypeProperty) {
        self.init(
            name: property.name,
            optional: !property.isRequired,
            key: property.isKey,
            noEcho: property.isSecret,
            queryable: property.isQueryable,
            description: property.description
        )
    }
}

extension PenstockWire.ActionTypeURLs {
    fileprivate init?(_ urls: PenstockModel.ActionTypeURLs) {
        if urls == PenstockModel.ActionTypeURLs() { return nil }
        self.init(
            configurationURL: urls.thirdPartyConfiguration,
            entityURLTemplate: urls.entity,
            executionURLTemplate: urls.execution,
            revisionURLTemplate: urls.revision
        )
    }
}
