// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension Format1Values {
    static let declaration = PipelineDeclaration(
        name: "shop",
        version: 7,
        pipelineType: .v2,
        executionMode: .queued,
        artifactStores: [
            ArtifactStoreDeclaration(bucket: "artifacts"),
            ArtifactStoreDeclaration(region: "eu-central-1", bucket: "central", encryptionKeyID: "alias/key"),
        ],
        variables: [
            VariableDeclaration(name: "Env"),
            VariableDeclaration(name: "Size", defaultValue: "s", description: "of the instance"),
        ],
        stages: [
            StageDeclaration(name: "Source", actions: [.source(namespace: "Source")]),
            StageDeclaration(name: "Build", actions: [Self.action, .approval()]),
        ]
    )

    static let action = ActionDeclaration(
        name: "Test",
        typeID: ActionTypeID(category: .test, owner: .thirdParty, provider: "Partner", version: "2"),
        runOrder: 999,
        configuration: [KeyedValue("target", "#{variables.Env}"), KeyedValue("token", ActionDeclaration.maskedValue)],
        inputArtifacts: ["Source"],
        outputArtifacts: ["App"],
        region: "eu-central-1",
        roleARN: "arn:aws:iam::000000000000:role/build",
        namespace: "Build",
        timeoutInMinutes: 90
    )

    static let actionType = ActionTypeDefinition(
        id: ActionTypeID(category: .test, owner: .thirdParty, provider: "Partner", version: "2"),
        description: "Tests in the cloud",
        properties: [
            ActionTypeProperty(
                name: "token",
                isRequired: true,
                isKey: true,
                isSecret: true,
                isQueryable: true,
                description: "what to log in with",
                valueType: .string
            ),
            ActionTypeProperty(name: "count", isRequired: false, valueType: .number),
            ActionTypeProperty(name: "plain", isRequired: false),
        ],
        inputArtifacts: ArtifactCount(0, 5),
        outputArtifacts: ArtifactCount(1, 2),
        urls: ActionTypeURLs(
            thirdPartyConfiguration: "https://partner.example.org/connect",
            entity: "https://e/{Config:plain}",
            execution: "https://x/{ExternalExecutionId}",
            revision: "https://r"
        ),
        executor: ActionTypeExecutor(
            kind: .jobWorker(pollingAccounts: ["000000000000"], pollingServicePrincipals: ["partner.example.org"]),
            jobTimeoutSeconds: 3600,
            policyStatementsTemplate: "{}"
        ),
        allowedAccounts: ["*"]
    )
}
