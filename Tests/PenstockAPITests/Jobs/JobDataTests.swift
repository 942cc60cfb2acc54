// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockWire
import Testing

/// What a job says of the work.
struct JobDataTests {
    private static func artifact(_ name: String, _ job: TestJob, _ list: KeyPath<JobData, [Artifact]?>) throws
        -> Artifact
    {
        try #require(job.data[keyPath: list]?.first { $0.name == name })
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job says what is to be done, for whom, with what and where to put it`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.next()
        #expect(job.data.actionTypeID == (family == .custom ? .checker : .scanner))
        #expect(job.data.actionConfiguration?.configuration == ["Target": "app"])
        #expect(job.data.continuationToken == nil)
        #expect(job.data.encryptionKey == nil)
        let (input, output) = (
            try Self.artifact("Code", job, \.inputArtifacts), try Self.artifact("Application", job, \.outputArtifacts)
        )
        #expect(input.location?.type == .s3)
        #expect(input.location?.s3Location?.bucketName == "artifacts")
        #expect(output.location?.type == .s3)
        #expect(output.location?.s3Location?.bucketName == "artifacts")
        #expect(output.revision == nil)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The context names the pipeline, and to a partner neither the account nor the execution`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.next()
        let context = try #require(job.data.pipelineContext)
        let attempt = try await worker.bed.action(in: "Build").latestExecution?.actionExecutionID
        let isPartner = family == .partner
        #expect(
            context
                == PipelineContext(
                    pipelineName: "shop",
                    stage: StageContext(name: "Build"),
                    action: ActionContext(name: "Work", actionExecutionID: attempt),
                    pipelineARN: isPartner ? nil : "arn:aws:codepipeline:us-east-1:111111111111:shop",
                    pipelineExecutionID: isPartner ? nil : worker.execution
                ))
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Artifacts come in declared order, and an empty list is there`(family: WorkerFamily) async throws {
        let names = ["Zeta", "Alpha", "Mid"]
        let worker = try await APITestBed.withWorker(
            family, build: [.work(type: family.type, outputs: names)])
        let job = try await worker.next()
        #expect(job.data.outputArtifacts?.map(\.name) == names)
        #expect(job.data.inputArtifacts == [])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job without artifacts and configuration has empty ones, and credentials`(family: WorkerFamily) async throws
    {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.next()
        #expect(job.data.inputArtifacts == [])
        #expect(job.data.outputArtifacts == [])
        #expect(job.data.actionConfiguration == ActionConfiguration(configuration: [:]))
        #expect(job.data.artifactCredentials != nil)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `An input that a source made says which revision it is`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.take()
        #expect(try Self.artifact("Code", job, \.inputArtifacts).revision == "abc")
        #expect(try await worker.details(job.id).data.inputArtifacts == job.data.inputArtifacts)
        try await worker.succeed(job)
        let ship = try await worker.bed.takeJob("Ship")
        #expect(ship.data?.inputArtifacts?.map(\.name) == ["Application"])
        #expect(ship.data?.inputArtifacts?.first?.revision == nil)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The place of an output is that of the next action's input`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.take()
        let output = try Self.artifact("Application", job, \.outputArtifacts)
        try await worker.succeed(job)
        let input = try await worker.bed.takeJob("Ship").data?.inputArtifacts?.first
        #expect(input?.location == output.location)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A key has three parts, of at most 20, at most 10 and 7 characters`(family: WorkerFamily) async throws {
        let name = "a-pipeline.with_a@very-long-name"
        let worker = try await APITestBed.withArtifacts(family, pipeline: name)
        let job = try await worker.next()
        let output = try Self.artifact("Application", job, \.outputArtifacts)
        let key = try #require(output.location?.s3Location?.objectKey)
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        try #require(parts.count == 3)
        #expect(parts[0] == "a-pipeline.with_a@ve")
        #expect(parts[1] == "Applicatio")
        #expect(parts[2].count == 7 && parts[2].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Short names are not filled up, and every attempt has a key of its own`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        var keys: Set<String> = []
        for _ in 0..<5 {
            let job = try await worker.take()
            let output = try Self.artifact("Application", job, \.outputArtifacts)
            let key = try #require(output.location?.s3Location?.objectKey)
            #expect(key.hasPrefix("shop/Applicatio/"))
            keys.insert(key)
            try await worker.fail(job)
            try await worker.bed.retry("Build", worker.execution)
        }
        #expect(keys.count == 5)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The key that the artifact store declares is told`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family, encryptionKey: "alias/shop")
        #expect(try await worker.next().data.encryptionKey == EncryptionKey(id: "alias/shop", type: .kms))
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Configuration is resolved`(family: WorkerFamily) async throws {
        let work = PenstockModel.ActionDeclaration.work(
            type: family.type,
            configuration: ["Run": "run #{codepipeline.PipelineExecutionId}!", "Plain": "#{}", "Empty": ""])
        let worker = try await APITestBed.withWorker(family, build: [work])
        #expect(
            try await worker.next().data.actionConfiguration?.configuration
                == ["Run": "run \(worker.execution)!", "Plain": "#{}", "Empty": ""])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A secret is in clear for the worker, and for nobody else`(family: WorkerFamily) async throws {
        let work = PenstockModel.ActionDeclaration.work(
            type: family.type, configuration: ["Password": "****", "User": "mia"])
        let secret = SecretValue(stageName: "Build", actionName: "Work", key: "Password", value: "hunter2")
        let worker = try await APITestBed.withWorker(
            family,
            build: [work],
            type: WorkerType(properties: [.init(name: "Password", isRequired: true, isSecret: true)]),
            secrets: [secret]
        )
        let job = try await worker.take()
        let clear = ["Password": "hunter2", "User": "mia"]
        #expect(job.data.actionConfiguration?.configuration == clear)
        #expect(try await worker.details(job.id).data.actionConfiguration?.configuration == clear)
        for (operation, name) in [
            ("GetPipelineState", "name"), ("ListActionExecutions", "pipelineName"),
            ("ListPipelineExecutions", "pipelineName"), ("GetPipeline", "name"),
        ] {
            let body = Array(#"{"\#(name)":"shop"}"#.utf8)
            let request = TestRequest(target: "\(TestRequest.targetPrefix).\(operation)", body: body)
            let answer = try await worker.bed.send(request)
            #expect(answer.status == 200)
            #expect(!answer.text.contains("hunter2"), "\(operation)")
        }
    }
}
