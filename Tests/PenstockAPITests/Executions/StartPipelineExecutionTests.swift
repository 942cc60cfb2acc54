// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore
import PenstockWire
import Testing

struct StartPipelineExecutionTests {
    @Test func `A started execution is there when the call returns`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let id = try await bed.start()
        #expect(id != first)
        let execution = try await bed.execution(id)
        #expect(execution.status == .inProgress)
        #expect(execution.pipelineName == "shop")
        #expect(execution.pipelineVersion == 1)
        #expect(execution.executionMode == .superseded)
        #expect(execution.executionType == nil)
        #expect(execution.artifactRevisions == [])
        #expect(execution.variables == nil)
        #expect(
            execution.trigger
                == ExecutionTrigger(triggerType: .startPipelineExecution, triggerDetail: TestIdentity.customer.arn))
        #expect(try await bed.execution(first).trigger?.triggerType == .createPipeline)
    }

    @Test func `A newer start takes the place of one that waits`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let second = try await bed.start()
        let third = try await bed.start()
        let superseded = try await bed.execution(second)
        #expect(superseded.status == .superseded)
        #expect(superseded.statusSummary == "Superseded by pipeline execution \(third)")
        #expect(try await bed.status(first) == .inProgress)
        await #expect(throws: ServiceException.notStoppable(second)) { try await bed.stop(second) }
        let problem = "The stage 'Build' is not at execution '\(second)'"
        await #expect(throws: ServiceException(.notLatestPipelineExecution, problem)) {
            try await bed.retry("Build", second)
        }
    }

    @Test func `An unknown pipeline is refused before anything else`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let twice = [PipelineVariable(name: "Env", value: "a"), PipelineVariable(name: "Env", value: "b")]
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = StartPipelineExecutionInput(name: "none", variables: twice)
            try await bed.call(Operations.StartPipelineExecution.self, input)
        }
    }

    // MARK: Tokens

    @Test func `The same token names the same execution, whatever else the call says`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()),
            variables: [VariableDeclaration(name: "Env", defaultValue: "dev")])
        let id = try await bed.start(token: "once")
        #expect(try await bed.start(token: "once") == id)
        let other = [PipelineVariable(name: "Env", value: "prod")]
        #expect(try await bed.start(token: "once", variables: other) == id)
        #expect(try await bed.start(token: "twice") != id)
        #expect(try await bed.executions().count == 3)
    }

    @Test func `A token is forgotten after a day`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let id = try await bed.start(token: "once")
        try await bed.advance(by: .seconds(24 * 3600 - 1))
        #expect(try await bed.start(token: "once") == id)
        try await bed.advance(by: .seconds(1))
        #expect(try await bed.start(token: "once") != id)
    }

    @Test func `Another pipeline does not know the token`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        _ = try await bed.createOtherPipeline()
        let id = try await bed.start(token: "once")
        let input = StartPipelineExecutionInput(name: "other", clientRequestToken: "once")
        let other = try await bed.call(Operations.StartPipelineExecution.self, input)
        #expect(other.pipelineExecutionID != id)
    }

    // MARK: Variables

    @Test func `Variables take the start's value, or their default`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work(configuration: ["Target": "#{variables.Env}-#{variables.Size}"])),
            .stage("Release", .work()),
            variables: [VariableDeclaration(name: "Env"), VariableDeclaration(name: "Size", defaultValue: "s")]
        )
        let id = try await bed.start(variables: [PipelineVariable(name: "Env", value: "prod")])
        #expect(
            try await bed.execution(id).variables == [
                ResolvedPipelineVariable(name: "Env", resolvedValue: "prod"),
                ResolvedPipelineVariable(name: "Size", resolvedValue: "s"),
            ])
        let input = try await bed.attempts(of: id).first?.input
        #expect(input?.configuration == ["Target": "#{variables.Env}-#{variables.Size}"])
        #expect(input?.resolvedConfiguration == ["Target": "prod-s"])
    }

    @Test func `An execution without a required value is there, and has failed`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()),
            variables: [
                VariableDeclaration(name: "Env"), VariableDeclaration(name: "Size", defaultValue: "s"),
                VariableDeclaration(name: "Zone"),
            ]
        )
        let id = try await bed.start()
        for id in [first, id] {
            let execution = try await bed.execution(id)
            #expect(execution.status == .failed)
            #expect(execution.statusSummary == "Values for required variables haven't been provided: Env, Zone")
            #expect(execution.variables == nil)
        }
        #expect(try await bed.attempts(of: id) == [])
        #expect(try await bed.stage("Build").latestExecution == nil)
    }

    @Test func `A name that is used twice is refused, also beside a token that was used`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()),
            variables: [VariableDeclaration(name: "Env", defaultValue: "dev")])
        try await bed.start(token: "once")
        let problem = "Variable names must be unique. The following variable name is already in use: Env"
        let twice = [PipelineVariable(name: "Env", value: "a"), PipelineVariable(name: "Env", value: "b")]
        await #expect(throws: ServiceException(.validation, problem)) {
            try await bed.start(token: "once", variables: twice)
        }
        #expect(try await bed.executions().count == 2)
    }

    @Test func `Only declared variables are taken, and only by pipelines of the second type`() async throws {
        let variables = [PipelineVariable(name: "Env", value: "a")]
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let undeclared = "The pipeline does not declare a variable named 'Env'"
        await #expect(throws: ServiceException(.validation, undeclared)) { try await bed.start(variables: variables) }
        let (old, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()), type: .v1)
        let tooOld = "Pipeline variables need a pipeline of type V2"
        await #expect(throws: ServiceException(.validation, tooOld)) { try await old.start(variables: variables) }
    }

    // MARK: Revisions

    private static func override(
        _ type: SourceRevisionType,
        _ value: String,
        of action: String = "Get"
    ) -> SourceRevisionOverride {
        SourceRevisionOverride(actionName: action, revisionType: type, revisionValue: value)
    }

    @Test func `A version and a key of the start's own reach the source action, and this one alone`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false, allowsOtherKeys: true)), .stage("Release", .work()))
        let first = try await bed.openJob()
        #expect(first.start.boundRevision == nil)
        #expect(first.start.resolvedConfiguration[key: "S3ObjectKey"] == "app.zip")
        try await bed.stop(first.start.executionID.description, abandon: true)

        try await bed.start(overrides: [
            Self.override(.s3ObjectVersionID, "v7"), Self.override(.s3ObjectKey, "hotfix.zip"),
        ])
        let overridden = try await bed.openJob()
        #expect(overridden.start.boundRevision?.revisionID == "v7")
        #expect(overridden.start.resolvedConfiguration[key: "S3ObjectKey"] == "hotfix.zip")
        try await bed.stop(overridden.start.executionID.description, abandon: true)

        try await bed.start()
        let next = try await bed.openJob()
        #expect(next.start.boundRevision == nil)
        #expect(next.start.resolvedConfiguration[key: "S3ObjectKey"] == "app.zip")
    }

    @Test func `What was asked for once does not count as seen`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Source", .object()), .stage("Release", .work()))
        try await bed.start(overrides: [Self.override(.s3ObjectVersionID, "v7")])
        try await bed.finishSource(revision: "v7")
        #expect(try await bed.sourceCursor() == nil)
        try await bed.pass()
        try await bed.start()
        try await bed.finishSource(revision: "v9")
        #expect(try await bed.sourceCursor() == "v9")
        #expect(try await bed.action("Get", in: "Source").currentRevision?.revisionID == "v9")
    }

    @Test func `Two revisions of one type for one action are refused, also beside a used token`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false)), .stage("Release", .work()))
        try await bed.start(token: "once")
        let twice = [Self.override(.s3ObjectVersionID, "v1"), Self.override(.s3ObjectVersionID, "v2")]
        let problem = "Action 'Get' has more than one source revision of type S3_OBJECT_VERSION_ID"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await bed.start(token: "once", overrides: twice)
        }
    }

    @Test(arguments: [
        (
            override(.commitID, "abc"),
            "A source revision of type COMMIT_ID cannot be given to source action 'Get' of provider 'S3'"
        ),
        (
            override(.imageDigest, "sha256:1"),
            "A source revision of type IMAGE_DIGEST cannot be given to source action 'Get' of provider 'S3'"
        ),
        (
            override(.s3ObjectVersionID, "v1", of: "Work"),
            "Pipeline 'shop' does not have a source action with name 'Work'"
        ),
        (
            override(.s3ObjectVersionID, "v1", of: "None"),
            "Pipeline 'shop' does not have a source action with name 'None'"
        ),
        (
            override(.s3ObjectKey, "other.zip"),
            "Source action 'Get' does not allow its object key to be overridden: AllowOverrideForS3ObjectKey must be true"
        ),
    ])
    func `A revision that would be ignored is refused`(_ entry: SourceRevisionOverride, _ problem: String) async throws
    {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false)), .stage("Release", .work()))
        await #expect(throws: ServiceException(.validation, problem)) { try await bed.start(overrides: [entry]) }
        #expect(try await bed.executions().count == 1)
    }

    @Test func `Pipelines of the first type take no revisions`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false)), .stage("Release", .work()), type: .v1)
        let problem = "Source revision overrides need a pipeline of type V2"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await bed.start(overrides: [Self.override(.s3ObjectVersionID, "v1")])
        }
    }

    // MARK: Limits

    @Test func `A queue of fifty executions takes no more, but a repeated call is answered`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work()), mode: .queued)
        for _ in 0..<48 { try await bed.start() }
        let last = try await bed.start(token: "last")
        let problem = "The maximum number of concurrent executions (50) for pipeline 'shop' has been reached"
        await #expect(throws: ServiceException(.concurrentPipelineExecutionsLimitExceeded, problem)) {
            try await bed.start()
        }
        #expect(try await bed.start(token: "last") == last)
    }
}
