// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockRuntime
import PenstockServer
import PenstockTesting
import Testing

/// A worker that takes a job and is never heard of again, on a server over real connections and a clock moved by hand.
@Suite(.timeLimit(.minutes(2))) struct DeadWorkerTests {
    private static let type = ActionTypeID(category: .source, owner: .custom, provider: "Fetcher", version: "1")

    /// A pipeline whose source is a worker's, followed by an approval.
    private static let pipeline = PipelineDeclaration(
        name: "shop",
        roleARN: "arn:aws:iam::000000000000:role/pipeline",
        artifactStore: ArtifactStore(type: .s3, location: "artifacts"),
        stages: [
            StageDeclaration(
                name: "Source",
                actions: [
                    ActionDeclaration(
                        name: "Fetch", actionTypeID: type, outputArtifacts: [OutputArtifact(name: "Code")])
                ]),
            StageDeclaration(
                name: "Release",
                actions: [
                    ActionDeclaration(
                        name: "SignOff",
                        actionTypeID: ActionTypeID(category: .approval, owner: .aws, provider: "Manual", version: "1"))
                ]),
        ]
    )

    /// Runs a server with the pipeline, its first execution under way.
    private static func run(
        _ body: (CodePipelineClient, ManualServiceClock, String) async throws -> Void
    ) async throws {
        let clock = ManualServiceClock()
        try await TemporaryDirectory.use { directory in
            try await TestServer.run(ServerConfiguration(dataDirectory: directory + "/data"), clock: clock) { server in
                let client = CodePipelineClient(configuration: server.clientConfiguration)
                _ = try await client.createCustomActionType(
                    category: .source,
                    provider: "Fetcher",
                    version: "1",
                    inputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 0),
                    outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 1)
                )
                _ = try await client.createPipeline(pipeline: Self.pipeline)
                let executions = try await client.listPipelineExecutions(pipelineName: "shop")
                let first = try #require(executions.pipelineExecutionSummaries?.first?.pipelineExecutionID)
                try await body(client, clock, first)
            }
        }
    }

    /// Takes the one job that there is.
    private static func take(_ client: CodePipelineClient) async throws -> Job {
        let job = try #require(try await client.pollForJobs(actionTypeId: Self.type).jobs?.first)
        let status = try await client.acknowledgeJob(jobId: #require(job.id), nonce: #require(job.nonce)).status
        #expect(status == .inProgress)
        return job
    }

    private static func execution(_ client: CodePipelineClient, _ id: String) async throws -> PipelineExecutionStatus? {
        try await client.getPipelineExecution(pipelineName: "shop", pipelineExecutionId: id)
            .pipelineExecution?.status
    }

    private static func stage(_ client: CodePipelineClient) async throws -> StageState? {
        try await client.getPipelineState(name: "shop").stageStates?.first
    }

    @Test func `A worker that dies after acknowledging holds its pipeline up until the timeout, and not longer`()
        async throws
    {
        try await Self.run { client, clock, first in
            _ = try await Self.take(client)
            clock.advance(by: .seconds(24 * 3600 - 1))
            #expect(try await client.pollForJobs(actionTypeId: Self.type).jobs == [])
            #expect(try await Self.execution(client, first) == .inProgress)
            let silent = try await Self.stage(client)?.actionStates?.first?.latestExecution
            #expect(silent?.summary?.contains("has not reported since") == true)

            clock.advance(by: .seconds(1))
            try await until { try await Self.execution(client, first) == .failed }
            let failed = try await Self.stage(client)?.actionStates?.first?.latestExecution
            #expect(
                failed?.errorDetails
                    == ErrorDetails(code: "JobFailed", message: "The action timed out after 1440 minutes"))

            _ = try await client.retryStageExecution(
                pipelineName: "shop", stageName: "Source", pipelineExecutionId: first, retryMode: .failedActions)
            let job = try await Self.take(client)
            try await client.putJobSuccessResult(jobId: #require(job.id))
            try await until {
                try await client.getPipelineState(name: "shop").stageStates?.last?.latestExecution?.status
                    == .inProgress
            }
            #expect(try await Self.stage(client)?.latestExecution?.status == .succeeded)
        }
    }

    @Test func `Executions that wait behind a dead worker go on after the timeout`() async throws {
        try await Self.run { client, clock, first in
            _ = try await Self.take(client)
            let second = try await client.startPipelineExecution(name: "shop").pipelineExecutionID
            #expect(try await Self.stage(client)?.inboundExecution?.pipelineExecutionID == second)
            clock.advance(by: .seconds(24 * 3600))
            try await until { try await Self.execution(client, first) == .failed }
            try await until {
                try await Self.stage(client)?.latestExecution?.pipelineExecutionID == second
            }
            _ = try await Self.take(client)
        }
    }

    @Test func `A dead worker that comes back late changes nothing`() async throws {
        try await Self.run { client, clock, first in
            let job = try await Self.take(client)
            let id = try #require(job.id)
            clock.advance(by: .seconds(24 * 3600))
            try await until { try await Self.execution(client, first) == .failed }
            let problem = "Job '\(id)' is in state TimedOut and cannot be completed"
            let error = await #expect(throws: PutJobSuccessResultError.self) {
                try await client.putJobSuccessResult(jobId: id)
            }
            #expect(error?.serviceError?.code == .invalidJobState)
            #expect(error?.serviceError?.message == problem)
            #expect(try await Self.execution(client, first) == .failed)
        }
    }
}
