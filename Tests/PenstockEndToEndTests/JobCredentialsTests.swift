// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockClient
import PenstockRuntime
import PenstockServer
import PenstockSigning
import PenstockTesting
import PenstockWire
import Testing

/// The credentials that a job hands its worker, over the life of the job.
struct JobCredentialsTests {
    private static let type = ActionTypeID(category: .deploy, owner: .custom, provider: "Ship", version: "1")

    @Test func `They write until the job is dispatched anew, and those of the new dispatch until it is abandoned`()
        async throws
    {
        let clock = ManualServiceClock()
        try await TemporaryDirectory.use { directory in
            let configuration = ServerConfiguration(dataDirectory: directory + "/data")
            try await TestServer.run(configuration, clock: clock) { server in
                let client = CodePipelineClient(configuration: server.clientConfiguration)
                try await Self.createPipeline(server, client)
                let first = try await Self.poll(client)
                #expect(try await server.write(to: first) == [200, 200])

                clock.advance(by: RuntimeSettings().visibility)
                let second = try await Self.poll(client)
                #expect(second.id == first.id)
                #expect(second.nonce != first.nonce)
                #expect(try await server.write(to: first) == [403, 403])
                #expect(try await server.write(to: second) == [200, 200])

                let nonce = try #require(second.nonce)
                _ = try await client.acknowledgeJob(jobId: try #require(second.id), nonce: nonce)
                #expect(try await server.write(to: second) == [200, 200])
                let execution = try #require(second.data?.pipelineContext?.pipelineExecutionID)
                _ = try await client.stopPipelineExecution(
                    pipelineName: "shop", pipelineExecutionId: execution, abandon: true)
                #expect(try await server.write(to: second) == [403, 403])
            }
        }
    }

    private static func createPipeline(_ server: TestServer, _ client: CodePipelineClient) async throws {
        _ = try await server.s3(.put, "/shop")
        _ = try await server.s3(.put, "/shop/source.zip", "code")
        _ = try await client.createCustomActionType(
            category: self.type.category, provider: self.type.provider, version: self.type.version,
            inputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 1),
            outputArtifactDetails: ArtifactDetails(minimumCount: 0, maximumCount: 1))
        let source = ActionDeclaration(
            name: "Get", actionTypeID: ActionTypeID(category: .source, owner: .aws, provider: "S3", version: "1"),
            configuration: ["S3Bucket": "shop", "S3ObjectKey": "source.zip"],
            outputArtifacts: [OutputArtifact(name: "Code")])
        let deploy = ActionDeclaration(
            name: "Ship", actionTypeID: self.type, outputArtifacts: [OutputArtifact(name: "Receipt")],
            inputArtifacts: [InputArtifact(name: "Code")])
        _ = try await client.createPipeline(
            pipeline: PipelineDeclaration(
                name: "shop", roleARN: "arn:aws:iam::000000000000:role/pipeline",
                artifactStore: ArtifactStore(type: .s3, location: "shop"),
                stages: [
                    StageDeclaration(name: "Source", actions: [source]),
                    StageDeclaration(name: "Deploy", actions: [deploy]),
                ]))
    }

    private static func poll(_ client: CodePipelineClient) async throws -> Job {
        var found: Job?
        try await until {
            found = try await client.pollForJobs(actionTypeId: self.type).jobs?.first
            return found != nil
        }
        return try #require(found)
    }
}

extension TestServer {
    /// Puts the job's output with its credentials, and begins to upload it in parts; returns both statuses.
    fileprivate func write(to job: Job) async throws -> [Int] {
        let keys = try #require(job.data?.artifactCredentials)
        let credentials = SigningCredentials(
            accessKeyID: keys.accessKeyID.exposed, secretAccessKey: SecretAccessKey(keys.secretAccessKey.exposed),
            sessionToken: keys.sessionToken.exposed)
        let place = try #require(job.data?.outputArtifacts?.first?.location?.s3Location)
        let target = "/\(place.bucketName)/\(place.objectKey)"
        let put = try await send(
            .put, target, to: self.endpoint, body: .bytes(Array("built".utf8)), credentials: credentials)
        let upload = try await send(.post, "\(target)?uploads", to: self.endpoint, credentials: credentials)
        return [put.status, upload.status]
    }
}
