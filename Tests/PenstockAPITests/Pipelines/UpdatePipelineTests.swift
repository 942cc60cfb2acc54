// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Testing

@testable import PenstockAPI

struct UpdatePipelineTests {
    @Test func `Each update is the next version, whatever it says and even without a change`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        var declared = Sample.pipeline()
        for (submitted, expected) in [(1, 2), (99, 3), (nil, 4)] {
            declared.version = submitted
            #expect(try await bed.update(declared) == Sample.pipeline().filled(version: expected))
        }
        #expect(try await bed.get().pipeline?.version == 4)
    }

    @Test func `The answer has the pipeline and no more`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create(tags: [WireTag(key: "a", value: "b")])
        let body = Operations.UpdatePipeline.encodeInput(UpdatePipelineInput(pipeline: Sample.pipeline()))
        let text = try await bed.send(TestRequest(Operations.UpdatePipeline.self, body: body)).text
        #expect(text.hasPrefix(#"{"pipeline":{"name":"web","#))
        #expect(!text.contains("metadata") && !text.contains("tags") && !text.contains("null"))
    }

    @Test func `Updates at once become versions one after the other`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let versions = try await withThrowingTaskGroup(of: Int?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let action = Sample.deploy(configuration: ["Target": "t\(number)"])
                    return try await bed.update(Sample.pipeline(deploying: action)).version
                }
            }
            return try await group.reduce(into: [Int?]()) { $0.append($1) }
        }
        #expect(Set(versions.compactMap(\.self)) == Set(2...9))
        for version in 2...9 { #expect(try await bed.get(version: version).pipeline?.version == version) }
    }

    @Test func `An update starts nothing and leaves the tags as they are`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create(tags: [WireTag(key: "team", value: "web")])
        let before = try await bed.triggers()
        try await bed.update(Sample.pipeline())
        #expect(try await bed.triggers() == before)
        let key = bed.caller().pipeline("web")
        let row = try await bed.store.write { try $0.lockPipeline(key) }
        #expect(row?.tags == [KeyedValue("team", "web")])
    }

    @Test func `A pipeline that is not there is told as everywhere`() async throws {
        let bed = try await APITestBed.withShipper()
        let body = Operations.UpdatePipeline.encodeInput(UpdatePipelineInput(pipeline: Sample.pipeline()))
        let answer = try await bed.send(TestRequest(Operations.UpdatePipeline.self, body: body))
        #expect(answer.refusal == .noPipeline("web"))
        try await bed.create(region: .elsewhere)
        try await bed.create(as: .otherCustomer)
        #expect(
            try await bed.send(TestRequest(Operations.UpdatePipeline.self, body: body)).refusal == .noPipeline("web"))
    }

    @Test func `An update is judged by the rules of a creation, and a refused one changes nothing`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let oneStage = Sample.pipeline(stages: [Sample.stage("Source", [Sample.source()])])
        let problem = "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline"
        await #expect(throws: ServiceException(.invalidStructure, problem)) { try await bed.update(oneStage) }
        #expect(try await bed.get().pipeline?.version == 1)
    }

    @Test func `A type that was deleted since cannot be declared again`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let deletion = DeleteCustomActionTypeInput(category: .deploy, provider: "Shipper", version: "1")
        try await bed.call(Operations.DeleteCustomActionType.self, deletion)
        let problem =
            "ActionType (Category: 'Deploy', Provider: 'Shipper', Owner: 'Custom', Version: '1') in action 'Ship' is"
            + " not available in region 'US_EAST_1'"
        await #expect(throws: ServiceException(.invalidActionDeclaration, problem)) {
            try await bed.update(Sample.pipeline())
        }
    }

    @Test func `The type stays unless the declaration says or needs another`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create(Sample.pipeline(type: .v2))
        #expect(try await bed.update(Sample.pipeline()).pipelineType == .v2)
        #expect(try await bed.update(Sample.pipeline(type: .v1)).pipelineType == .v1)
        #expect(try await bed.update(Sample.pipeline()).pipelineType == .v1)
        #expect(try await bed.update(Sample.pipeline(mode: .queued)).pipelineType == .v2)
        #expect(try await bed.update(Sample.pipeline()).executionMode == .superseded)
    }

    @Test func `A stage that keeps its name keeps its transition, and one that goes takes it along`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        func disable(_ stage: String) async throws {
            let input = DisableStageTransitionInput(
                pipelineName: "web", stageName: stage, transitionType: .inbound, reason: "freeze")
            try await bed.call(Operations.DisableStageTransition.self, input)
        }
        func isOpen(_ stage: String) async throws -> Bool? {
            let state = try await bed.call(Operations.GetPipelineState.self, GetPipelineStateInput(name: "web"))
            return state.stageStates?.first { $0.stageName == stage }?.inboundTransitionState?.enabled
        }
        try await disable("Deploy")
        try await bed.update(Sample.pipeline())
        #expect(try await isOpen("Deploy") == false)
        let renamed = Sample.pipeline(stages: [
            Sample.stage("Source", [Sample.source()]), Sample.stage("Ship", [Sample.deploy()]),
        ])
        try await bed.update(renamed)
        #expect(try await isOpen("Ship") == true)
        try await bed.update(Sample.pipeline())
        #expect(try await isOpen("Deploy") == true)
    }
}
