// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

@testable import PenstockAPI

/// Secret configuration values: who sees them, and what becomes of them when they are sent back masked.
struct PipelineSecretTests {
    /// A pipeline that waits for nothing, with a secret or two in its action Ship.
    private static func pipeline(
        _ configuration: [String: String],
        action: String = "Ship",
        stage: String = "Deploy"
    ) -> WirePipeline {
        let ship = Sample.deploy(
            action, configuration: configuration.merging(["Target": "blue"]) { first, _ in first })
        return Sample.pipeline(stages: [Sample.stage("Source", [Self.source]), Sample.stage(stage, [ship])])
    }

    private static let source = Sample.source(
        configuration: ["S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"])

    private static func shown(_ pipeline: WirePipeline?) -> [String: String]? {
        pipeline?.stages.last?.actions.first?.configuration
    }

    private static func refusal(_ action: String = "Ship", _ key: String = "Password") -> ServiceException {
        ServiceException(
            .invalidActionDeclaration,
            "Action configuration for the new action '\(action)' contains an invalid configuration for the secret"
                + " property '\(key)'. '****' may be used in secret properties only when updating an existing action."
        )
    }

    /// Starts an execution, lets its source pass, and returns what the worker of Ship is configured with.
    private static func worked(_ bed: APITestBed) async throws -> [String: String]? {
        let input = StartPipelineExecutionInput(name: "web")
        try await bed.call(Operations.StartPipelineExecution.self, input)
        try await bed.finishSource(revision: "v1")
        let poll = PollForJobsInput(
            actionTypeID: WireActionTypeID(category: .deploy, owner: .custom, provider: "Shipper", version: "1"),
            queryParam: ["Target": "blue"])
        let jobs = try #require(try await bed.call(Operations.PollForJobs.self, poll).jobs)
        try #require(jobs.count == 1)
        let job = jobs[0]
        let acknowledgement = AcknowledgeJobInput(jobID: try #require(job.id), nonce: try #require(job.nonce))
        try await bed.call(Operations.AcknowledgeJob.self, acknowledgement)
        try await bed.succeed(job)
        return job.data?.actionConfiguration?.configuration
    }

    /// The pipeline with its secret, its first execution out of the way.
    private static func bed() async throws -> APITestBed {
        let bed = try await APITestBed.withShipper()
        try await bed.create(Self.pipeline(["Password": "hunter2"]))
        let id = try #require(
            try await bed.call(
                Operations.ListPipelineExecutions.self, ListPipelineExecutionsInput(pipelineName: "web")
            ).pipelineExecutionSummaries?.first?.pipelineExecutionID)
        let stop = StopPipelineExecutionInput(pipelineName: "web", pipelineExecutionID: id, abandon: true)
        try await bed.call(Operations.StopPipelineExecution.self, stop)
        return bed
    }

    private static let masked = ["Password": "****", "Target": "blue"]
    private static let clear = ["Password": "hunter2", "Target": "blue"]

    // MARK: Who sees it

    @Test func `Every answer shows a secret masked, and the job shows it in clear`() async throws {
        let bed = try await APITestBed.withShipper()
        #expect(Self.shown(try await bed.create(Self.pipeline(["Password": "hunter2"])).pipeline) == Self.masked)
        #expect(Self.shown(try await bed.get().pipeline) == Self.masked)
        #expect(Self.shown(try await bed.update(Self.pipeline(["Password": "hunter3"]))) == Self.masked)
        #expect(Self.shown(try await bed.get(version: 1).pipeline) == Self.masked)
    }

    @Test func `The job has the secret in clear, the history has it masked`() async throws {
        let bed = try await Self.bed()
        #expect(try await Self.worked(bed) == Self.clear)
        let list = ListActionExecutionsInput(pipelineName: "web")
        let entries = try await bed.call(Operations.ListActionExecutions.self, list).actionExecutionDetails
        let input = entries?.first { $0.actionName == "Ship" }?.input
        #expect(input?.configuration == Self.masked)
        #expect(input?.resolvedConfiguration == Self.masked)
    }

    @Test func `What is kept of a version has no secret in clear`() async throws {
        let bed = try await Self.bed()
        let key = bed.caller().pipeline("web")
        let row = try await bed.store.read { reader in
            try reader.pipelineSummary(key).flatMap { try reader.pipelineVersion(1, of: $0.id) }
        }
        let version = try #require(row)
        #expect(!String(decoding: version.document, as: UTF8.self).contains("hunter2"))
        #expect(!"\(version.declaration)".contains("hunter2"))
        let sealed = try #require(version.sealedSecrets)
        #expect(!String(decoding: sealed, as: UTF8.self).contains("hunter2"))
    }

    // MARK: Sent back masked

    @Test func `A masked secret keeps its value, also when the rest of the action changes`() async throws {
        let bed = try await Self.bed()
        try await bed.update(try #require(try await bed.get().pipeline))
        try await bed.update(Self.pipeline(["Password": "****", "Text": "new", "Count": "7"]))
        #expect(
            try await Self.worked(bed)
                == ["Password": "hunter2", "Text": "new", "Count": "7", "Target": "blue"])
    }

    @Test func `A secret in clear replaces the one before`() async throws {
        let bed = try await Self.bed()
        try await bed.update(Self.pipeline(["Password": "hunter3"]))
        try await bed.update(Self.pipeline(["Password": "****"]))
        #expect(try await Self.worked(bed) == ["Password": "hunter3", "Target": "blue"])
    }

    @Test func `A running execution keeps the secret of its version`() async throws {
        let bed = try await Self.bed()
        try await bed.call(Operations.StartPipelineExecution.self, StartPipelineExecutionInput(name: "web"))
        try await bed.finishSource(revision: "v1")
        let poll = PollForJobsInput(
            actionTypeID: WireActionTypeID(category: .deploy, owner: .custom, provider: "Shipper", version: "1"),
            queryParam: ["Target": "blue"])
        let job = try #require(try await bed.call(Operations.PollForJobs.self, poll).jobs?.first?.id)
        try await bed.update(Self.pipeline(["Password": "hunter3"]))
        let details = try await bed.call(Operations.GetJobDetails.self, GetJobDetailsInput(jobID: job))
        #expect(details.jobDetails?.data?.actionConfiguration?.configuration == Self.clear)
    }

    @Test func `A new pipeline has no secret to keep`() async throws {
        let bed = try await APITestBed.withShipper()
        await #expect(throws: Self.refusal()) { try await bed.create(Self.pipeline(["Password": "****"])) }
    }

    @Test func `An action of another name or stage has none either`() async throws {
        let bed = try await Self.bed()
        await #expect(throws: Self.refusal("Send")) {
            try await bed.update(Self.pipeline(["Password": "****"], action: "Send"))
        }
        await #expect(throws: Self.refusal()) {
            try await bed.update(Self.pipeline(["Password": "****"], stage: "Release"))
        }
        #expect(try await bed.get().pipeline?.version == 1)
    }

    @Test func `An action of another type has none either`() async throws {
        let bed = try await Self.bed()
        let other = PenstockModel.ActionTypeID(category: .deploy, owner: .custom, provider: "Mover", version: "1")
        try await bed.register(
            other, properties: [.init(name: "Password", isRequired: true, isSecret: true)])
        let action = Sample.action("Ship", .deploy, .custom, "Mover", ["Password": "****"])
        let pipeline = Sample.pipeline(
            stages: [Sample.stage("Source", [Self.source]), Sample.stage("Deploy", [action])])
        await #expect(throws: Self.refusal()) { try await bed.update(pipeline) }
    }

    @Test func `A secret that was left out is forgotten`() async throws {
        let bed = try await Self.bed()
        try await bed.update(Self.pipeline([:]))
        await #expect(throws: Self.refusal()) { try await bed.update(Self.pipeline(["Password": "****"])) }
    }

    @Test func `Four stars in another property are four stars`() async throws {
        let bed = try await APITestBed.withShipper()
        let output = try await bed.create(Self.pipeline(["Text": "****"]))
        #expect(Self.shown(output.pipeline) == ["Text": "****", "Target": "blue"])
    }
}
