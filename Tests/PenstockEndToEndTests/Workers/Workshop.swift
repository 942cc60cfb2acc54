// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import PenstockClient
import PenstockRuntime
import PenstockServer
import PenstockTesting
import Synchronization
import Testing

@testable import PenstockWorker

/// Which protocol the worker of a test speaks.
enum WorkerFamily: String, CaseIterable, Sendable {
    case custom, partner
}

/// A server with a pipeline in it: an S3 source, and an action that a worker carries out.
struct Workshop: Sendable {
    static let pipelineName = "shop"
    static let source = "a revision of the shop"

    let server: TestServer
    let family: WorkerFamily
    let client: CodePipelineClient
    private let tokens: Mutex<[String: Sensitive]>.Box

    /// Runs a server, makes the pipeline, and lets it find a source.
    static func run(
        _ family: WorkerFamily, clock: (any ServiceClock)? = nil,
        _ body: (Workshop) async throws -> Void
    ) async throws {
        try await TemporaryDirectory.use { directory in
            try await TestServer.run(ServerConfiguration(dataDirectory: directory + "/data"), clock: clock) { server in
                let client = CodePipelineClient(configuration: server.clientConfiguration)
                let shop = Workshop(server: server, family: family, client: client, tokens: .init([:]))
                try await shop.prepare()
                try await body(shop)
            }
        }
    }

    private func prepare() async throws {
        for bucket in ["source", "artifacts"] { try await self.server.makeBucket(bucket) }
        try await self.server.put(Array(Self.source.utf8), bucket: "source", key: "shop.zip")
        try await self.registerType()
        _ = try await self.client.createPipeline(CreatePipelineInput(pipeline: self.declaration))
        if self.family == .partner { try await self.connect() }
    }

    // MARK: Declarations

    var actionType: ActionTypeID {
        .init(
            category: .build, owner: self.family == .custom ? .custom : .thirdParty, provider: "Smith", version: "1")
    }

    private func registerType() async throws {
        switch self.family {
        case .custom:
            _ = try await self.client.createCustomActionType(
                CreateCustomActionTypeInput(
                    category: .build, provider: "Smith", version: "1",
                    configurationProperties: [
                        ActionConfigurationProperty(name: "Host", required: true, key: true, secret: false)
                    ],
                    inputArtifactDetails: ArtifactDetails(minimumCount: 1, maximumCount: 1),
                    outputArtifactDetails: ArtifactDetails(minimumCount: 1, maximumCount: 1)))
        case .partner:
            let executor = ActionTypeExecutor(
                configuration: ExecutorConfiguration(
                    jobWorkerExecutorConfiguration: JobWorkerExecutorConfiguration(
                        pollingAccounts: ["000000000000"])),
                type: .jobWorker)
            try await self.client.updateActionType(
                actionType: ActionTypeDeclaration(
                    executor: executor,
                    id: ActionTypeIdentifier(category: .build, owner: "ThirdParty", provider: "Smith", version: "1"),
                    inputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 1, maximumCount: 1),
                    outputArtifactDetails: ActionTypeArtifactDetails(minimumCount: 1, maximumCount: 1),
                    properties: [
                        ActionTypeProperty(name: "Host", optional: false, key: true, noEcho: false)
                    ]))
        }
    }

    private var declaration: PipelineDeclaration {
        .init(
            name: Self.pipelineName, roleARN: "arn:aws:iam::000000000000:role/pipelines",
            artifactStore: ArtifactStore(type: .s3, location: "artifacts"),
            stages: [
                StageDeclaration(
                    name: "Source",
                    actions: [
                        ActionDeclaration(
                            name: "Fetch",
                            actionTypeID: .init(category: .source, owner: .aws, provider: "S3", version: "1"),
                            configuration: ["S3Bucket": "source", "S3ObjectKey": "shop.zip"],
                            outputArtifacts: [OutputArtifact(name: "Source")])
                    ]),
                StageDeclaration(
                    name: "Forge",
                    actions: [
                        ActionDeclaration(
                            name: "Smith", actionTypeID: self.actionType, configuration: ["Host": "anvil"],
                            outputArtifacts: [OutputArtifact(name: "Built")],
                            inputArtifacts: [InputArtifact(name: "Source")])
                    ]),
            ])
    }

    /// What a customer does to let the partner work.
    private func connect() async throws {
        let connection = try await self.server.connect(pipeline: Self.pipelineName, stage: "Forge", action: "Smith")
        self.tokens.value.withLock { $0[connection.clientID] = connection.clientToken }
    }

    // MARK: Workers

    /// A worker of the pipeline's action, which polls again only when the service tells it that there is work.
    func worker(
        _ configuration: WorkerConfiguration = .test(), handler: @escaping JobWorker.Handler
    ) -> JobWorker {
        let logger = Logger(label: "worker") { _ in SwiftLogNoOpLogHandler() }
        let client = CodePipelineClient(configuration: self.server.clientConfiguration)
        switch self.family {
        case .custom:
            return JobWorker(
                actionType: self.actionType, client: client, configuration: configuration, logger: logger,
                handler: handler)
        case .partner:
            let tokens = self.tokens
            return JobWorker(
                partnerActionType: self.actionType, client: client, configuration: configuration, logger: logger,
                clientTokens: { id in tokens.value.withLock { $0[id] } }, handler: handler)
        }
    }

    /// Runs a worker while the body runs, then asks it to finish.
    func withWorker(
        _ configuration: WorkerConfiguration = .test(), handler: @escaping JobWorker.Handler,
        _ body: () async throws -> Void
    ) async throws {
        try await self.server.running(self.worker(configuration, handler: handler), body)
    }

    // MARK: Looking

    /// Waits for the end of the pipeline's only execution, which has to be this.
    func expectEnd(_ status: PipelineExecutionStatus) async throws {
        let execution = try await self.server.finishedExecution(of: Self.pipelineName)
        #expect(execution.status == status)
    }

    /// How the worker's action stands.
    func action() async throws -> ActionExecution? {
        let state = try await self.client.getPipelineState(name: Self.pipelineName)
        return state.stageStates?.last?.actionStates?.first?.latestExecution
    }

    func executionID() async throws -> String {
        let list = try await self.client.listPipelineExecutions(pipelineName: Self.pipelineName)
        return list.pipelineExecutionSummaries?.first?.pipelineExecutionID ?? ""
    }
}

extension WorkerConfiguration {
    /// With polls so far apart that only a held one brings a job within the time of a test.
    static func test(journal: String? = nil) -> WorkerConfiguration {
        var configuration = WorkerConfiguration()
        configuration.journalDirectory = journal
        configuration.shortestPollInterval = .seconds(3600)
        configuration.longestPollInterval = .seconds(3600)
        return configuration
    }
}

/// Returns when the task is cancelled, and not before.
func untilCancelled() async {
    let (endless, _) = AsyncStream.makeStream(of: Void.self)
    for await _ in endless {}
}

extension Mutex {
    /// A mutex that structures may hold.
    final class Box: Sendable where Value: Sendable {
        let value: Mutex<Value>
        init(_ value: Value) { self.value = Mutex(value) }
    }
}
