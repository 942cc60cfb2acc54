// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockWire
import Testing

@testable import PenstockAPI

// Tests have tags as well.
typealias WireTag = PenstockWire.Tag

extension PenstockModel.ActionTypeID {
    /// The custom type of ``Sample``.
    static let shipper = Self(category: .deploy, owner: .custom, provider: "Shipper", version: "1")
}

/// What clients do with declarations, in few words.
extension APITestBed {
    /// A bed whose customers have the custom type of ``Sample``, also in the region `eu-west-1`.
    static func withShipper(settings: RuntimeSettings = RuntimeSettings()) async throws -> APITestBed {
        let bed = try await APITestBed(settings: settings)
        let properties = try #require(Sample.types[.shipper]).properties
        for region in [Region.default, try .elsewhere] {
            for identity in [TestIdentity.customer, .otherCustomer] {
                try await bed.register(.shipper, by: identity, region: region, properties: properties)
            }
        }
        return bed
    }

    @discardableResult
    func create(
        _ pipeline: WirePipeline = Sample.pipeline(),
        tags: [WireTag]? = nil,
        as identity: TestIdentity = .customer,
        region: Region = .default
    ) async throws -> CreatePipelineOutput {
        let input = CreatePipelineInput(pipeline: pipeline, tags: tags)
        return try await self.call(Operations.CreatePipeline.self, input, as: identity, region: region)
    }

    @discardableResult
    func update(_ pipeline: WirePipeline, as identity: TestIdentity = .customer) async throws -> WirePipeline {
        let input = UpdatePipelineInput(pipeline: pipeline)
        return try #require(try await self.call(Operations.UpdatePipeline.self, input, as: identity).pipeline)
    }

    func get(
        _ name: String = "web",
        version: Int? = nil,
        as identity: TestIdentity = .customer,
        region: Region = .default
    ) async throws -> GetPipelineOutput {
        let input = GetPipelineInput(name: name, version: version)
        return try await self.call(Operations.GetPipeline.self, input, as: identity, region: region)
    }

    func delete(_ name: String = "web", as identity: TestIdentity = .customer) async throws {
        try await self.call(Operations.DeletePipeline.self, DeletePipelineInput(name: name), as: identity)
    }

    /// The executions of the pipeline, newest first, each by what started it and with what detail.
    func triggers(of name: String = "web") async throws -> [ExecutionTrigger?] {
        let input = ListPipelineExecutionsInput(pipelineName: name)
        let output = try await self.call(Operations.ListPipelineExecutions.self, input)
        return try #require(output.pipelineExecutionSummaries).map(\.trigger)
    }
}

extension Region {
    /// Another region than the one that tests work in.
    static var elsewhere: Self { get throws { try #require(Self("eu-west-1")) } }
}

extension PenstockWire.PipelineDeclaration {
    /// As answers show it: with what it left out, at the version.
    func filled(version: Int = 1, type: WirePipelineType = .v1) -> Self {
        var filled = self
        filled.version = version
        filled.pipelineType = type
        filled.executionMode = filled.executionMode ?? .superseded
        for stage in filled.stages.indices {
            for index in filled.stages[stage].actions.indices {
                let action = filled.stages[stage].actions[index]
                filled.stages[stage].actions[index].runOrder = action.runOrder ?? 1
                filled.stages[stage].actions[index].configuration = action.configuration ?? [:]
                filled.stages[stage].actions[index].inputArtifacts = action.inputArtifacts ?? []
                filled.stages[stage].actions[index].outputArtifacts = action.outputArtifacts ?? []
            }
        }
        return filled
    }
}
