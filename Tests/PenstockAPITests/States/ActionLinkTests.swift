// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

import struct PenstockWire.ExecutionDetails

struct ActionLinkTests {
    private static let properties = [
        ActionTypeProperty(name: "Job", isRequired: true, isKey: true),
        ActionTypeProperty(name: "Password", isRequired: true, isSecret: true),
    ]

    private static func pipeline(
        _ urls: ActionTypeURLs,
        job: String = "nightly"
    ) async throws -> (bed: APITestBed, id: String) {
        let bed = try await APITestBed()
        try await bed.register(properties: Self.properties, urls: urls)
        let work = ActionDeclaration.work(configuration: ["Job": job, "Password": "****"])
        let id = try await bed.createPipeline(
            APITestBed.declaration([.stage("Build", work), .stage("Release", .work())]))
        return (bed, id?.description ?? "")
    }

    @Test func `Links are made from the templates of the action's type`() async throws {
        let urls = ActionTypeURLs(
            entity: "https://ci.example.org/{Config:Job}",
            execution: "https://ci.example.org/{Config:Job}/{ExternalExecutionId}",
            revision: "https://ci.example.org/{Config:Job}/changes"
        )
        let (bed, _) = try await Self.pipeline(urls)
        #expect(try await bed.action(in: "Build").entityURL == "https://ci.example.org/nightly")
        #expect(try await bed.action(in: "Build").latestExecution?.externalExecutionURL == nil)
        #expect(try await bed.action(in: "Build").revisionURL == nil)
        try await bed.succeed(
            bed.takeJob(),
            revision: .init(revision: "abc", changeIdentifier: "1"),
            details: ExecutionDetails(externalExecutionID: "run-42")
        )
        let action = try await bed.action(in: "Build")
        #expect(action.latestExecution?.externalExecutionURL == "https://ci.example.org/nightly/run-42")
        #expect(action.revisionURL == "https://ci.example.org/nightly/changes")
        let entry = try await bed.attempts().first { $0.stageName == "Build" }
        #expect(
            entry?.output?.executionResult?.externalExecutionURL == "https://ci.example.org/nightly/run-42")
    }

    @Test func `What users and workers wrote cannot change where a link leads`() async throws {
        let urls = ActionTypeURLs(execution: "https://ci.example.org/{Config:Job}/{ExternalExecutionId}")
        let (bed, _) = try await Self.pipeline(urls, job: "a b/../ü?x#y")
        try await bed.succeed(
            bed.takeJob(), details: ExecutionDetails(externalExecutionID: "//evil.example/{Config:Job}"))
        #expect(
            try await bed.action(in: "Build").latestExecution?.externalExecutionURL
                == "https://ci.example.org/a%20b%2F..%2F%C3%BC%3Fx%23y/%2F%2Fevil.example%2F%7BConfig%3AJob%7D")
    }

    @Test func `A link shows what the attempt was configured with`() async throws {
        let urls = ActionTypeURLs(entity: "https://ci.example.org/{Config:Job}")
        let (bed, id) = try await Self.pipeline(urls, job: "#{codepipeline.PipelineExecutionId}")
        #expect(try await bed.action(in: "Build").entityURL == "https://ci.example.org/\(id)")
        // Nothing has started here, so that there is no value yet.
        #expect(try await bed.action(in: "Release").entityURL == nil)
    }

    @Test func `Secrets never become part of a link`() async throws {
        let urls = ActionTypeURLs(entity: "https://ci.example.org/{Config:Password}")
        let (bed, _) = try await Self.pipeline(urls)
        #expect(try await bed.action(in: "Build").entityURL == nil)
    }

    @Test func `A link that shows nothing of the action is there from the start`() async throws {
        let (bed, _) = try await Self.pipeline(ActionTypeURLs(entity: "https://ci.example.org/"))
        #expect(try await bed.action(in: "Release").entityURL == "https://ci.example.org/")
    }

    @Test func `An object is linked where the service has it`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false)), .stage("Release", .work()))
        #expect(try await bed.action("Get", in: "Source").entityURL == "http://127.0.0.1:7480/sources/app.zip")
    }

    @Test func `The type's deletion leaves links of what ran`() async throws {
        let (bed, _) = try await Self.pipeline(ActionTypeURLs(entity: "https://ci.example.org/{Config:Job}"))
        try await bed.register(
            properties: Self.properties,
            urls: ActionTypeURLs(entity: "https://ci.example.org/{Config:Job}"),
            isDeleted: true
        )
        #expect(try await bed.action(in: "Build").entityURL == "https://ci.example.org/nightly")
    }
}
