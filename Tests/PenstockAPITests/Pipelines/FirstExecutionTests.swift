// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

@testable import PenstockAPI

/// What starts a new pipeline for the first time.
struct FirstExecutionTests {
    private static func source(_ name: String = "Fetch", polls: String? = nil, output: String = "Code") -> WireAction {
        var configuration = ["S3Bucket": "sources", "S3ObjectKey": "app.zip"]
        configuration["PollForSourceChanges"] = polls
        return Sample.source(name, output: output, configuration: configuration)
    }

    private static let created = ExecutionTrigger(
        triggerType: .createPipeline, triggerDetail: TestIdentity.customer.arn)

    private static func polled(_ action: String) -> ExecutionTrigger {
        ExecutionTrigger(triggerType: .pollForSourceChanges, triggerDetail: action)
    }

    @Test(arguments: ["false", "FALSE", "no"])
    func `Where nothing polls the creation starts one, and says who`(polls: String) async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.putSourceObject()
        try await bed.create(Sample.pipeline(deploying: Sample.deploy(), sources: [Self.source(polls: polls)]))
        #expect(try await bed.triggers() == [Self.created])
    }

    @Test(arguments: [nil, "true", "True"] as [String?])
    func `A source that polls starts one when its object is there, and the creation none`(
        polls: String?
    ) async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.putSourceObject()
        try await bed.create(Sample.pipeline(deploying: Sample.deploy(), sources: [Self.source(polls: polls)]))
        #expect(try await bed.triggers() == [Self.polled("Fetch")])
        try await bed.settle()
        #expect(try await bed.triggers() == [Self.polled("Fetch")])
    }

    @Test func `A source that polls starts none until its object is there`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.create(Sample.pipeline(deploying: Sample.deploy(), sources: [Self.source()]))
        #expect(try await bed.triggers() == [])
        try await bed.putSourceObject()
        try await bed.settle()
        #expect(try await bed.triggers() == [Self.polled("Fetch")])
    }

    @Test func `Two sources that poll start one each`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.putSourceObject()
        let sources = [Self.source(), Self.source("More", output: "Docs")]
        try await bed.create(Sample.pipeline(deploying: Sample.deploy(), sources: sources))
        #expect(Set(try await bed.triggers()) == [Self.polled("Fetch"), Self.polled("More")])
        #expect(try await bed.triggers().count == 2)
    }

    @Test func `A source that polls beside one that does not starts one`() async throws {
        let bed = try await APITestBed.withShipper()
        try await bed.putSourceObject()
        let sources = [Self.source(), Self.source("More", polls: "false", output: "Docs")]
        try await bed.create(Sample.pipeline(deploying: Sample.deploy(), sources: sources))
        #expect(try await bed.triggers() == [Self.polled("Fetch")])
    }
}
