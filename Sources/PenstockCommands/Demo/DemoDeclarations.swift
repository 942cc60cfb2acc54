// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockClient
internal import PenstockWire

/// Who takes part in the demo, and what they declare.
enum DemoDeclarations {
    static let region = "us-east-1"
    static let customer = "000000000000"
    static let partner = "111122223333"
    static let pipeline = "shop"
    static let bucket = "shop-artifacts"
    static let object = "shop.zip"

    /// The stages and their actions, one each.
    enum Stage {
        static let test = "Test"
        static let release = "Release"
        static let deploy = "Deploy"
    }

    enum Action {
        static let loadTest = "LoadTest"
        static let signOff = "SignOff"
        static let goLive = "GoLive"
    }

    /// The partner's: load tests, run on machines of its own.
    static let loadTestID = ActionTypeID(category: .test, owner: .thirdParty, provider: "LoadTests", version: "1")
    /// The customer's: whatever brings a release to its servers.
    static let deployID = ActionTypeID(category: .deploy, owner: .custom, provider: "Servers", version: "1")

    static let loadTestType = ActionTypeDeclaration(
        description: "Load tests on machines of ours",
        executor: ActionTypeExecutor(
            configuration: ExecutorConfiguration(
                jobWorkerExecutorConfiguration: JobWorkerExecutorConfiguration(pollingAccounts: [Self.partner])),
            type: .jobWorker,
            jobTimeout: 600
        ),
        id: ActionTypeIdentifier(category: .test, owner: "ThirdParty", provider: "LoadTests", version: "1"),
        inputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 1, maximumCount: 1),
        outputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 0, maximumCount: 0),
        permissions: ActionTypePermissions(allowedAccounts: ["*"]),
        properties: [
            ActionTypeProperty(
                name: "Users", optional: false, key: true, noEcho: false, description: "How many at once")
        ],
        urls: ActionTypeURLs(
            configurationURL: "https://loadtests.example.com/connect",
            executionURLTemplate: "https://loadtests.example.com/runs/{ExternalExecutionId}"
        )
    )

    static let deployType = CreateCustomActionTypeInput(
        category: .deploy,
        provider: "Servers",
        version: "1",
        configurationProperties: [
            ActionConfigurationProperty(name: "Environment", required: true, key: true, secret: false)
        ],
        inputArtifactDetails: ArtifactDetails(minimumCount: 1, maximumCount: 1),
        outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 0)
    )

    static let shop = PipelineDeclaration(
        name: Self.pipeline,
        roleARN: "arn:aws:iam::\(Self.customer):role/pipeline",
        artifactStore: ArtifactStore(type: .s3, location: Self.bucket),
        stages: [
            StageDeclaration(
                name: "Source",
                actions: [
                    ActionDeclaration(
                        name: "Fetch",
                        actionTypeID: ActionTypeID(category: .source, owner: .aws, provider: "S3", version: "1"),
                        configuration: ["S3Bucket": Self.bucket, "S3ObjectKey": Self.object],
                        outputArtifacts: [OutputArtifact(name: "Shop")]
                    )
                ]
            ),
            Self.stage(Stage.test, Action.loadTest, Self.loadTestID, ["Users": "500"]),
            StageDeclaration(
                name: Stage.release,
                actions: [
                    ActionDeclaration(
                        name: Action.signOff,
                        actionTypeID: ActionTypeID(
                            category: .approval, owner: .aws, provider: "Manual", version: "1"),
                        configuration: ["CustomData": "Is the shop ready for everyone?"]
                    )
                ]
            ),
            Self.stage(Stage.deploy, Action.goLive, Self.deployID, ["Environment": "production"]),
        ]
    )

    /// A stage of one action that reads what the source found.
    private static func stage(
        _ name: String, _ action: String, _ type: ActionTypeID, _ configuration: [String: String]
    ) -> StageDeclaration {
        StageDeclaration(
            name: name,
            actions: [
                ActionDeclaration(
                    name: action,
                    actionTypeID: type,
                    configuration: configuration,
                    inputArtifacts: [InputArtifact(name: "Shop")]
                )
            ]
        )
    }
}
