// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire

extension CreateCustomActionTypeInput {
    /// A definition with little in it, of which a test changes what it is about.
    static func sample(
        _ provider: String = "Linter",
        category: ActionCategory = .test,
        settings: ActionTypeSettings? = nil,
        properties: [ActionConfigurationProperty]? = nil,
        inputs: ClosedRange<Int> = 0...5,
        tags: [Tag]? = nil
    ) -> Self {
        Self(
            category: category,
            provider: provider,
            version: "1",
            settings: settings,
            configurationProperties: properties,
            inputArtifactDetails: ArtifactDetails(minimumCount: inputs.lowerBound, maximumCount: inputs.upperBound),
            outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 1),
            tags: tags
        )
    }
}

extension ActionConfigurationProperty {
    static func sample(
        _ name: String,
        required: Bool = true,
        secret: Bool = false,
        queryable: Bool? = false
    ) -> Self {
        Self(name: name, required: required, key: false, secret: secret, queryable: queryable)
    }
}

extension ActionTypeDeclaration {
    /// A partner's type, of which a test changes what it is about.
    static func sample(
        owner: String = "ThirdParty",
        executor: ActionTypeExecutor = .workers(["333333333333"]),
        allowed: [String]? = ["*"],
        properties: [ActionTypeProperty] = [],
        inputs: ClosedRange<Int> = 0...5
    ) -> Self {
        Self(
            description: "Scans",
            executor: executor,
            id: ActionTypeIdentifier(category: .test, owner: owner, provider: "Prober", version: "1"),
            inputArtifactDetails: ActionTypeArtifactDetails(
                minimumCount: inputs.lowerBound, maximumCount: inputs.upperBound),
            outputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 0, maximumCount: 1),
            permissions: allowed.map { ActionTypePermissions(allowedAccounts: $0) },
            properties: properties,
            urls: ActionTypeURLs(configurationURL: "https://prober.example/connect")
        )
    }
}

extension ActionTypeExecutor {
    static func workers(_ accounts: [String]) -> Self {
        Self(
            configuration: ExecutorConfiguration(
                jobWorkerExecutorConfiguration: JobWorkerExecutorConfiguration(pollingAccounts: accounts)),
            type: .jobWorker,
            jobTimeout: 600
        )
    }
}

extension ActionTypeProperty {
    static func sample(_ name: String, optional: Bool, noEcho: Bool = false) -> Self {
        Self(name: name, optional: optional, key: false, noEcho: noEcho, queryable: false)
    }
}
