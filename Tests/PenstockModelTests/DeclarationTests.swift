// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct DeclarationTests {
    private static func declaration(stores: [ArtifactStoreDeclaration] = []) -> PipelineDeclaration {
        let stages = ["Source", "Build", "build"].map { StageDeclaration(name: $0, actions: []) }
        return PipelineDeclaration(name: "shop", artifactStores: stores, stages: stages)
    }

    @Test func `A pipeline is of type V2 and supersedes unless it says otherwise`() {
        #expect(Self.declaration().pipelineType == .v2)
        #expect(Self.declaration().executionMode == .superseded)
        #expect(Self.declaration().version == 1)
    }

    @Test func `Stages are found by their exact names`() {
        let declaration = Self.declaration()
        #expect(declaration.stageIndex(named: "Build") == 1)
        #expect(declaration.stageIndex(named: "build") == 2)
        #expect(declaration.stageIndex(named: "BUILD") == nil)
    }

    @Test func `The one store serves every action`() {
        let store = ArtifactStoreDeclaration(bucket: "artifacts")
        let declaration = Self.declaration(stores: [store])
        for region in [nil, "us-east-1", "eu-central-1"] {
            #expect(declaration.artifactStore(region: region, pipelineRegion: .default) == store)
        }
    }

    @Test func `Stores by region serve the actions of theirs`() {
        let stores = [
            ArtifactStoreDeclaration(region: "eu-central-1", bucket: "central"),
            ArtifactStoreDeclaration(region: "us-east-1", bucket: "east"),
        ]
        let declaration = Self.declaration(stores: stores)
        #expect(declaration.artifactStore(region: nil, pipelineRegion: .default) == stores[1])
        #expect(declaration.artifactStore(region: "eu-central-1", pipelineRegion: .default) == stores[0])
        #expect(declaration.artifactStore(region: "eu-west-1", pipelineRegion: .default) == nil)
    }

    @Test func `An action runs first, in its pipeline's region, unless it says otherwise`() {
        let action = ActionDeclaration(name: "A", typeID: .manualApproval)
        #expect(action.runOrder == 1)
        #expect(action.region == nil)
        #expect(action.timeoutInMinutes == nil)
    }

    @Test func `A secret is shown as four stars`() {
        #expect(ActionDeclaration.maskedValue == "****")
    }

    @Test func `An action type is named as its ARN ends`() {
        #expect(ActionTypeID.manualApproval.description == "AWS/Approval/Manual/1")
        #expect(ActionTypeID.s3Source.description == "AWS/Source/S3/1")
    }

    @Test func `The first value under a key counts`() {
        let values = [KeyedValue("a", "1"), KeyedValue("b", "2"), KeyedValue("a", "3")]
        #expect(values[key: "a"] == "1")
        #expect(values[key: "A"] == nil)
    }
}
