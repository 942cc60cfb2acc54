// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockClient
import PenstockTesting
import Testing

/// The program that the README shows, as a process of its own.
struct ReadmeWorkerTests {
    private static let type = ActionTypeID(category: .deploy, owner: .custom, provider: "Ship", version: "1")

    private static let pipeline = PipelineDeclaration(
        name: "shop",
        roleARN: "arn:aws:iam::000000000000:role/pipelines",
        artifactStore: ArtifactStore(type: .s3, location: "harbour"),
        stages: [
            StageDeclaration(
                name: "Source",
                actions: [
                    ActionDeclaration(
                        name: "Fetch",
                        actionTypeID: ActionTypeID(category: .source, owner: .aws, provider: "S3", version: "1"),
                        configuration: ["S3Bucket": "harbour", "S3ObjectKey": "shop.zip"],
                        outputArtifacts: [OutputArtifact(name: "Code")])
                ]),
            StageDeclaration(
                name: "Deploy",
                actions: [
                    ActionDeclaration(
                        name: "Ship", actionTypeID: type, configuration: ["Harbour": "Hamburg"],
                        inputArtifacts: [InputArtifact(name: "Code")])
                ]),
        ]
    )

    @Test func `It takes its job, reads the artifact, reports, and ends when it is asked to`() async throws {
        try await TestServer.run { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            try await server.makeBucket("harbour")
            try await server.put(Array("version 1".utf8), bucket: "harbour", key: "shop.zip")
            _ = try await client.createCustomActionType(
                CreateCustomActionTypeInput(
                    category: .deploy, provider: "Ship", version: "1",
                    configurationProperties: [
                        ActionConfigurationProperty(name: "Harbour", required: true, key: true, secret: false)
                    ],
                    inputArtifactDetails: ArtifactDetails(minimumCount: 1, maximumCount: 1),
                    outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 0)))
            _ = try await client.createPipeline(CreatePipelineInput(pipeline: Self.pipeline))
            let worker = try ProcessUnderTest(
                [], of: "ship",
                environment: [
                    "AWS_ENDPOINT_URL": "\(server.endpoint.scheme)://\(server.endpoint.authority)",
                    "AWS_ACCESS_KEY_ID": server.credentials.accessKeyID,
                    "AWS_SECRET_ACCESS_KEY": server.credentials.secretAccessKey.revealed,
                    "AWS_REGION": server.region,
                ])
            let execution = try await server.finishedExecution(of: "shop")
            #expect(execution.status == .succeeded)
            let state = try await client.getPipelineState(name: "shop")
            let action = state.stageStates?.last?.actionStates?.first?.latestExecution
            #expect(action?.summary == "Shipped 9 bytes to Hamburg")
            worker.send(SIGTERM)
            #expect(try await worker.ended().status == 0)
        }
    }
}
