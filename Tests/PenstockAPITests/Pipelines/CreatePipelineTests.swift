// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockWire
import Testing

@testable import PenstockAPI

struct CreatePipelineTests {
    @Test func `A pipeline is answered as it was declared, with its defaults, at version 1`() async throws {
        let bed = try await APITestBed.withShipper()
        var declared = Sample.pipeline()
        declared.version = 41
        let output = try await bed.create(declared)
        #expect(output.pipeline == Sample.pipeline().filled())
        #expect(output.tags == nil)
        #expect(try await bed.get().pipeline == output.pipeline)
    }

    @Test func `The answer has what was declared and the defaults, and no more`() async throws {
        let bed = try await APITestBed.withShipper()
        let input = CreatePipelineInput(pipeline: Sample.pipeline())
        let body = Operations.CreatePipeline.encodeInput(input)
        let answer = try await bed.send(TestRequest(Operations.CreatePipeline.self, body: body))
        let source =
            #"{"name":"Fetch","actionTypeId":{"category":"Source","owner":"AWS","provider":"S3","version":"1"},"#
            + #""runOrder":1,"configuration":{"S3Bucket":"sources","S3ObjectKey":"web.zip"},"#
            + #""outputArtifacts":[{"name":"Code"}],"inputArtifacts":[]}"#
        let deploy =
            #"{"name":"Ship","actionTypeId":{"category":"Deploy","owner":"Custom","provider":"Shipper","version":"1"},"#
            + #""runOrder":1,"configuration":{"Target":"blue"},"#
            + #""outputArtifacts":[],"inputArtifacts":[{"name":"Code"}]}"#
        #expect(
            answer.text
                == #"{"pipeline":{"name":"web","roleArn":"\#(Sample.role)","#
                + #""artifactStore":{"type":"S3","location":"artifacts"},"#
                + #""stages":[{"name":"Source","actions":[\#(source)]},{"name":"Deploy","actions":[\#(deploy)]}],"#
                + #""version":1,"executionMode":"SUPERSEDED","pipelineType":"V1"}}"#)
    }

    @Test func `Stores by region are answered as stores by region`() async throws {
        let bed = try await APITestBed.withShipper()
        let stores = ["us-east-1": ArtifactStore(type: .s3, location: "artifacts")]
        let output = try await bed.create(Sample.pipeline(store: nil, stores: stores))
        #expect(output.pipeline?.artifactStores == stores)
        #expect(output.pipeline?.artifactStore == nil)
    }

    @Test func `A pipeline is V1 unless it says or needs more`() async throws {
        let bed = try await APITestBed.withShipper()
        #expect(try await bed.create(Sample.pipeline(name: "a")).pipeline?.pipelineType == .v1)
        #expect(try await bed.create(Sample.pipeline(name: "b", type: .v2)).pipeline?.pipelineType == .v2)
        var variable = Sample.pipeline(name: "c", variables: ["Colour"])
        variable.variables?[0].defaultValue = "blue"
        #expect(try await bed.create(variable).pipeline?.pipelineType == .v2)
        #expect(try await bed.create(Sample.pipeline(name: "d", mode: .queued)).pipeline?.pipelineType == .v2)
    }

    // MARK: Refusals

    @Test func `A name is used once in an account and region`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let problem = "A pipeline with the name 'web' already exists in account '111111111111'"
        await #expect(throws: ServiceException(.pipelineNameInUse, problem)) { try await bed.create() }
        try await bed.create(as: .otherCustomer)
        try await bed.create(region: .elsewhere)
        try await bed.delete()
        try await bed.create()
    }

    @Test func `An account has so many pipelines in a region, and no more`() async throws {
        var settings = RuntimeSettings()
        settings.maximumPipelines = 2
        let bed = try await APITestBed.withShipper(settings: settings)
        try await bed.create(Sample.pipeline(name: "a"))
        try await bed.create(Sample.pipeline(name: "b"))
        let problem = "Account '111111111111' has exceeded the limit of 2 pipelines"
        await #expect(throws: ServiceException(.limitExceeded, problem)) {
            try await bed.create(Sample.pipeline(name: "c"))
        }
        try await bed.create(Sample.pipeline(name: "c"), as: .otherCustomer)
        try await bed.create(Sample.pipeline(name: "c"), region: .elsewhere)
        try await bed.delete("a")
        try await bed.create(Sample.pipeline(name: "c"))
    }

    @Test func `The limit is a thousand where nobody sets another`() {
        #expect(RuntimeSettings().maximumPipelines == 1000)
    }

    @Test func `First the form, then the rights, the structure, the tags, the limit and the name`() async throws {
        var settings = RuntimeSettings()
        settings.maximumPipelines = 1
        let bed = try await APITestBed.withShipper(settings: settings)
        try await bed.create()
        let ben = TestIdentity.user(allowed: ["codepipeline:GetPipeline"])
        let badTags = [WireTag(key: "aws:a", value: "")]
        func code(
            _ pipeline: WirePipeline, _ tags: [WireTag]? = nil, as identity: TestIdentity = .customer
        ) async throws -> ExceptionCode? {
            await #expect(throws: ServiceException.self) {
                try await bed.create(pipeline, tags: tags, as: identity)
            }?.code
        }
        let oneStage = Sample.pipeline(stages: [Sample.stage("Source", [Sample.source()])])
        #expect(try await code(Sample.pipeline(name: "a b"), badTags, as: ben) == .validation)
        #expect(try await code(oneStage, badTags, as: ben) == .accessDenied)
        #expect(try await code(oneStage, badTags) == .invalidStructure)
        let masked = Sample.deploy(configuration: ["Target": "blue", "Password": "****"])
        #expect(try await code(Sample.pipeline(deploying: masked), badTags) == .invalidActionDeclaration)
        #expect(try await code(Sample.pipeline(), badTags) == .invalidTags)
        #expect(try await code(Sample.pipeline()) == .limitExceeded)
    }

    @Test func `What breaks constraints is told all at once, by its path`() async throws {
        let bed = try await APITestBed.withShipper()
        let body =
            #"{"pipeline":{"name":"a b","artifactStore":{"type":"GCS","location":"ab"},"stages":[{"name":"S","#
            + #""actions":[{"name":"A","runOrder":0,"actionTypeId":{"category":"Source","owner":"AWS","#
            + #""provider":"S3","version":"1"},"configuration":{"K":""}}]}]}}"#
        let refusal = try await bed.send(TestRequest(Operations.CreatePipeline.self, body: body)).refusal
        let action = "pipeline.stages.1.member.actions.1.member"
        let problems = [
            "Value at 'pipeline.name' failed to satisfy constraint: Member must satisfy regular expression pattern:"
                + " [A-Za-z0-9.@\\-_]+",
            "Value at 'pipeline.roleArn' failed to satisfy constraint: Member must not be null",
            "Value at 'pipeline.artifactStore.type' failed to satisfy constraint: Member must satisfy enum value set:"
                + " [S3]",
            "Value at 'pipeline.artifactStore.location' failed to satisfy constraint: Member must have length greater"
                + " than or equal to 3",
            "Value at '\(action).runOrder' failed to satisfy constraint: Member must have value greater than or equal"
                + " to 1",
            "Value at '\(action).configuration' failed to satisfy constraint: Map value must satisfy constraint:"
                + " [Member must have length less than or equal to 50000, Member must have length greater than or"
                + " equal to 1]",
        ]
        let text = try #require(refusal?.message)
        #expect(text.hasPrefix("6 validation errors detected: "))
        for problem in problems { #expect(text.contains(problem), "\(problem)\n\(text)") }
    }

    @Test func `A type that is not there is named with the region`() async throws {
        let bed = try await APITestBed()
        let problem =
            "ActionType (Category: 'Deploy', Provider: 'Shipper', Owner: 'Custom', Version: '1') in action 'Ship' is"
            + " not available in region 'US_EAST_1'"
        await #expect(throws: ServiceException(.invalidActionDeclaration, problem)) { try await bed.create() }
    }

    @Test func `A refusal leaves nothing behind`() async throws {
        let bed = try await APITestBed.withShipper()
        let masked = Sample.deploy(configuration: ["Target": "blue", "Password": "****"])
        _ = await #expect(throws: ServiceException.self) { try await bed.create(Sample.pipeline(deploying: masked)) }
        await #expect(throws: ServiceException.noPipeline("web")) { try await bed.get() }
        try await bed.create()
    }

    @Test func `Of many creations at once one is made`() async throws {
        let bed = try await APITestBed.withShipper()
        let codes = await withTaskGroup(of: ExceptionCode?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do {
                        try await bed.create()
                        return nil
                    } catch { return (error as? ServiceException)?.code ?? .internalFailure }
                }
            }
            return await group.reduce(into: [ExceptionCode?]()) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 1)
        #expect(codes.filter { $0 == .pipelineNameInUse }.count == 7)
    }

    @Test func `A declaration may be sent again with what answers add to it`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let output = try await bed.get()
        try await bed.delete()
        #expect(try await bed.create(#require(output.pipeline)).pipeline == output.pipeline)
    }
}
