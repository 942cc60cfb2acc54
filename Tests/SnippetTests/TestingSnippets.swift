// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import PenstockWorker
import Testing

/// The code in the articles of PenstockTesting, which are tests themselves.
@Suite(.timeLimit(.minutes(2))) struct TestingSnippets {
    @Test func `A fresh server has no pipelines`() async throws {
        try await TestServer.run { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            let answer = try await client.listPipelines()
            #expect(answer.pipelines == [])
        }
    }

    @Test func `The smith forges what it is given`() async throws {
        try await TestServer.run { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            try await server.makeBucket("source")
            try await server.makeBucket("artifacts")
            try await server.put(Array("iron".utf8), bucket: "source", key: "ore.zip")
            _ = try await client.createCustomActionType(.smith)
            _ = try await client.createPipeline(pipeline: .forge)

            let worker = JobWorker(actionType: .smith, client: client) { job in
                let ore = try await job.contents(of: job.inputArtifacts[0])
                return .success(summary: "forged of " + String(decoding: ore, as: UTF8.self))
            }
            let execution = try await server.running(worker) { try await server.finishedExecution(of: "forge") }
            #expect(execution.status == .succeeded)

            let state = try await client.getPipelineState(name: "forge")
            let action = state.stageStates?.last?.actionStates?.first?.latestExecution
            #expect(action?.summary == "forged of iron")
        }
    }

    @Test func `Who never works times out after a day`() async throws {
        try await TestServer.run(clock: .manual) { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            try await server.makeBucket("source")
            try await server.makeBucket("artifacts")
            try await server.put(Array("iron".utf8), bucket: "source", key: "ore.zip")
            _ = try await client.createCustomActionType(.smith)
            _ = try await client.createPipeline(pipeline: .forge)

            try await server.advanceClock(by: .seconds(24 * 3600))
            let state = try await client.getPipelineState(name: "forge")
            let action = state.stageStates?.last?.actionStates?.first?.latestExecution
            #expect(action?.errorDetails?.message == "The action timed out after 1440 minutes")
        }
    }

    @Test func `A restart forgets nothing`() async throws {
        try await TemporaryDirectory.use { try await self.restart(on: $0 + "/data") }
    }

    private func restart(on directory: String) async throws {
        try await TestServer.run(dataDirectory: directory) { server in
            try await server.makeBucket("source")
            try await server.put(Array("iron".utf8), bucket: "source", key: "ore.zip")
        }
        try await TestServer.run(dataDirectory: directory) { server in
            let ore = try await server.object(bucket: "source", key: "ore.zip")
            #expect(ore == Array("iron".utf8))
        }
    }

    @Test func `A partner works once a customer has connected`() async throws {
        try await TestServer.run { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            try await server.makeBucket("source")
            try await server.makeBucket("artifacts")
            try await server.put(Array("iron".utf8), bucket: "source", key: "ore.zip")
            try await client.updateActionType(actionType: .prober)
            _ = try await client.createPipeline(pipeline: .probed)

            let connection = try await server.connect(pipeline: "probed", stage: "Probe", action: "Probe")
            let worker = JobWorker(
                partnerActionType: .prober, client: client,
                clientTokens: { clientID in clientID == connection.clientID ? connection.clientToken : nil }
            ) { _ in throw JobFailure(.jobFailed, "2 probes failed") }
            let execution = try await server.running(worker) { try await server.finishedExecution(of: "probed") }
            #expect(execution.status == .failed)
        }
    }
}

extension ActionTypeID {
    static let smith = ActionTypeID(category: .build, owner: .custom, provider: "Smith", version: "1")
}

extension ActionTypeID {
    static let prober = ActionTypeID(category: .test, owner: .thirdParty, provider: "Prober", version: "1")
}

extension ActionTypeDeclaration {
    /// A partner's type, whose jobs the server's only account may poll.
    static let prober = ActionTypeDeclaration(
        executor: ActionTypeExecutor(
            configuration: ExecutorConfiguration(
                jobWorkerExecutorConfiguration: JobWorkerExecutorConfiguration(pollingAccounts: ["000000000000"])),
            type: .jobWorker),
        id: ActionTypeIdentifier(category: .test, owner: "ThirdParty", provider: "Prober", version: "1"),
        inputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 1, maximumCount: 1),
        outputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 0, maximumCount: 0))
}

extension CreateCustomActionTypeInput {
    static let smith = CreateCustomActionTypeInput(
        category: .build, provider: "Smith", version: "1",
        inputArtifactDetails: ArtifactDetails(minimumCount: 1, maximumCount: 1),
        outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 1))
}

extension PipelineDeclaration {
    /// An S3 source, and the smith.
    static let forge = Self.of("forge", stage: "Forge", action: "Smith", .smith)

    /// An S3 source, and the partner.
    static let probed = Self.of("probed", stage: "Probe", action: "Probe", .prober)

    private static func of(_ name: String, stage: String, action: String, _ type: ActionTypeID) -> Self {
        PipelineDeclaration(
            name: name, roleARN: "arn:aws:iam::000000000000:role/pipelines",
            artifactStore: ArtifactStore(type: .s3, location: "artifacts"),
            stages: [
                StageDeclaration(
                    name: "Source",
                    actions: [
                        ActionDeclaration(
                            name: "Fetch",
                            actionTypeID: ActionTypeID(category: .source, owner: .aws, provider: "S3", version: "1"),
                            configuration: ["S3Bucket": "source", "S3ObjectKey": "ore.zip"],
                            outputArtifacts: [OutputArtifact(name: "Ore")])
                    ]),
                StageDeclaration(
                    name: stage,
                    actions: [
                        ActionDeclaration(
                            name: action, actionTypeID: type,
                            outputArtifacts: type == .smith ? [OutputArtifact(name: "Tool")] : nil,
                            inputArtifacts: [InputArtifact(name: "Ore")])
                    ]),
            ])
    }
}
