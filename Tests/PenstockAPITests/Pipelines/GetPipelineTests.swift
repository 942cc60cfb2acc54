// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

struct GetPipelineTests {
    private static func noVersion(_ version: Int) -> ServiceException {
        ServiceException(.pipelineVersionNotFound, "Pipeline 'web' does not have a version \(version)")
    }

    @Test func `The metadata is beside the pipeline`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        #expect(
            try await bed.get().metadata
                == PipelineMetadata(
                    pipelineARN: "arn:aws:codepipeline:us-east-1:111111111111:web",
                    created: bed.now,
                    updated: bed.now
                ))
    }

    @Test func `An update changes when the pipeline was updated, and nothing else does`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let created = bed.now
        bed.pass(time: .seconds(30))
        let input = StartPipelineExecutionInput(name: "web")
        try await bed.call(Operations.StartPipelineExecution.self, input)
        #expect(try await bed.get().metadata?.updated == created)
        try await bed.update(Sample.pipeline())
        let updated = bed.now
        bed.pass(time: .seconds(30))
        for version in [nil, 1, 2] {
            let metadata = try await bed.get(version: version).metadata
            #expect(metadata?.created == created)
            #expect(metadata?.updated == updated)
        }
    }

    @Test func `Every version can be read as it was`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        let green = Sample.pipeline(deploying: Sample.deploy(configuration: ["Target": "green"]))
        try await bed.update(green)
        #expect(try await bed.get(version: 1).pipeline == Sample.pipeline().filled(version: 1))
        #expect(try await bed.get(version: 2).pipeline == green.filled(version: 2))
        #expect(try await bed.get().pipeline == green.filled(version: 2))
        await #expect(throws: Self.noVersion(3)) { try await bed.get(version: 3) }
    }

    @Test func `Versions are counted from one`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        await #expect(
            throws: ServiceException.invalid("version", "Member must have value greater than or equal to 1")
        ) { try await bed.get(version: 0) }
    }

    @Test func `After a deletion the versions begin anew`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        try await bed.update(Sample.pipeline())
        try await bed.delete()
        try await bed.create()
        #expect(try await bed.get().pipeline?.version == 1)
        await #expect(throws: Self.noVersion(2)) { try await bed.get(version: 2) }
    }

    @Test func `What is read can be sent back unchanged`() async throws {
        let bed = try await APITestBed.withShipper()
        let declared = Sample.pipeline(
            deploying: Sample.deploy(namespace: "Shipped", configuration: ["Target": "blue", "Text": "é\n"]),
            Sample.approval(timeout: 60, runOrder: 2))
        try await bed.create(declared)
        let read = try #require(try await bed.get().pipeline)
        var expected = read
        expected.version = 2
        #expect(try await bed.update(read) == expected)
        #expect(try await bed.get().pipeline == expected)
    }

    @Test func `A pipeline is its account's and its region's own`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        await #expect(throws: ServiceException.noPipeline("none")) { try await bed.get("none") }
        await #expect(throws: ServiceException.noPipeline("web")) { try await bed.get(region: .elsewhere) }
        let other = "Account '222222222222' does not have a pipeline with name 'web'"
        await #expect(throws: ServiceException(.pipelineNotFound, other)) { try await bed.get(as: .otherCustomer) }
        await #expect(throws: ServiceException(.pipelineNotFound, other)) {
            try await bed.get(version: 9, as: .otherCustomer)
        }
    }

    @Test func `Names are compared letter by letter`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create()
        await #expect(throws: ServiceException.noPipeline("Web")) { try await bed.get("Web") }
        try await bed.create(Sample.pipeline(name: "Web"))
    }
}
