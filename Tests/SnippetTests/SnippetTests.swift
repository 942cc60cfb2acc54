// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockTesting
import PenstockWorker
import Testing

/// The articles' code does what the articles say. Those of PenstockTesting are tests themselves.
@Suite(.timeLimit(.minutes(2))) struct SnippetTests {
    private static let unknownExecution = "11111111-2222-4333-8444-555555555555"

    @Test func `The client's code calls a real server`() async throws {
        try await TestServer.run { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            let refusal = try await ClientSnippets.tellErrorsApart(client, execution: Self.unknownExecution)
            #expect(refusal.contains("'shop'"))
            try await self.makeShop(server, client)
            let execution = try await ClientSnippets.callInBothForms(client)
            #expect(!execution.isEmpty)
            #expect(try await ClientSnippets.callWithDeadline(client))
            #expect(try await ClientSnippets.playTheService(server.clientConfiguration) == 0)
            try await ClientSnippets.tellErrorsApartByCode(client, job: "no-such-job", token: "x")
        }
    }

    @Test func `Keys of a vault sign calls`() async throws {
        try await TestServer.run { server in
            let vault = ClientSnippets.Vault(keys: server.credentials)
            var configuration = server.clientConfiguration
            configuration.credentials = ClientSnippets.VaultCredentials(vault: vault)
            _ = try await CodePipelineClient(configuration: configuration).listPipelines()
            #expect(await configuration.credentials.discard(server.credentials))
            let error = await #expect(throws: ListPipelinesError.self) {
                try await CodePipelineClient(configuration: configuration).listPipelines()
            }
            #expect(error?.callFailure?.message == "the vault is sealed")
        }
    }

    // MARK: Handlers

    /// Runs a handler for one job at a real server.
    private func run(_ handler: @escaping JobWorker.Handler) async throws -> ActionExecution? {
        try await TestServer.run { server in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            try await self.makeShop(server, client)
            let worker = JobWorker(actionType: .smith, client: client, handler: handler)
            _ = try await server.running(worker) { try await server.finishedExecution(of: "shop") }
            let state = try await client.getPipelineState(name: "shop")
            return state.stageStates?.last?.actionStates?.first?.latestExecution
        }
    }

    @Test func `The handler of failures tells what is missing`() async throws {
        let action = try #require(try await self.run(WorkerSnippets.failingHandler))
        #expect(action.errorDetails == ErrorDetails(code: "ConfigurationError", message: "Url is not set"))
    }

    @Test func `The handlers of artifacts read and write them`() async throws {
        try await TemporaryDirectory.use { directory in
            let files = try await self.run { try await WorkerSnippets.artifactHandler($0, workspace: directory) }
            #expect(files?.status == .succeeded)
        }
        let bytes = try await self.run(WorkerSnippets.smallArtifactHandler)
        #expect(bytes?.status == .succeeded)
    }

    @Test func `The handler of long work goes on until it is done`() async throws {
        let action = try #require(try await self.run(WorkerSnippets.longHandler))
        #expect(action.status == .succeeded && action.summary == "Rolled out" && action.externalExecutionID == "r-7")
    }

    private func makeShop(_ server: TestServer, _ client: CodePipelineClient) async throws {
        for bucket in ["source", "artifacts"] { try await server.makeBucket(bucket) }
        try await server.put(Array("iron".utf8), bucket: "source", key: "ore.zip")
        _ = try await client.createCustomActionType(.smith)
        var shop = PipelineDeclaration.forge
        shop.name = "shop"
        _ = try await client.createPipeline(pipeline: shop)
    }
}
