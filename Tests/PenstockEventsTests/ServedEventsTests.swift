// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockClient
import PenstockServer
import PenstockTesting
import PenstockWire
import Testing

/// A server whose operator has named targets, from the file to the socket.
@Suite(.timeLimit(.minutes(2)))
struct ServedEventsTests {
    /// Runs a server with targets that are written down in a file of its own.
    private func serving(
        _ targets: String,
        _ body: (TestServer, CodePipelineClient) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try Data("0123456789abcdef\n".utf8).write(to: URL(filePath: "\(directory)/secret"))
        try Data(#"{"targets":[\#(targets)]}"#.utf8).write(to: URL(filePath: "\(directory)/events.json"))
        var configuration = ServerConfiguration(dataDirectory: "\(directory)/data")
        configuration.eventsFile = "\(directory)/events.json"
        try await TestServer.run(configuration) { server in
            try await body(server, CodePipelineClient(configuration: server.clientConfiguration))
        }
    }

    private func hook(_ port: Int, _ more: String = "") -> String {
        #"{"name":"hook","kind":"http","url":"http://127.0.0.1:\#(port)/in","secretFile":"secret","#
            + #""allowPrivateAddresses":true,"timeoutSeconds":300\#(more)}"#
    }

    /// Creates the pipeline `shop`: a source and a build that nobody works on.
    private func createPipeline(_ client: CodePipelineClient) async throws {
        let none = ArtifactDetails(minimumCount: 0, maximumCount: 1)
        for category in [ActionCategory.source, .build] {
            _ = try await client.createCustomActionType(
                category: category, provider: "Worker", version: "1", inputArtifactDetails: none,
                outputArtifactDetails: none)
        }
        func action(_ name: String, _ category: ActionCategory) -> ActionDeclaration {
            ActionDeclaration(
                name: name,
                actionTypeID: ActionTypeID(category: category, owner: .custom, provider: "Worker", version: "1"))
        }
        _ = try await client.createPipeline(
            pipeline: PipelineDeclaration(
                name: "shop", roleARN: "arn:aws:iam::000000000000:role/none",
                artifactStore: ArtifactStore(type: .s3, location: "artifacts"),
                stages: [
                    StageDeclaration(name: "Source", actions: [action("Get", .source)]),
                    StageDeclaration(name: "Build", actions: [action("Make", .build)]),
                ]))
    }

    private func job(_ client: CodePipelineClient, _ category: ActionCategory) async throws -> Job {
        let type = ActionTypeID(category: category, owner: .custom, provider: "Worker", version: "1")
        let job = try #require(try await client.pollForJobs(actionTypeId: type).jobs?.first)
        _ = try await client.acknowledgeJob(jobId: job.id ?? "", nonce: job.nonce ?? "")
        return job
    }

    /// The first so many requests of an endpoint.
    private func receive(_ count: Int, from received: AsyncStream<ReceivedRequest>) async -> [ReceivedRequest] {
        var requests: [ReceivedRequest] = []
        guard count > 0 else { return [] }
        for await request in received {
            requests.append(request)
            if requests.count == count { break }
        }
        return requests
    }

    private func states(_ requests: [ReceivedRequest]) throws -> [String] {
        try requests.map { request in
            let event = try JSONDecoder().decode(Event.self, from: Data(request.body.utf8))
            let place = [event.detail.stage, event.detail.action].compactMap { $0 }
            return ([event.detail.pipeline] + place).joined(separator: "/") + " \(event.detail.state)"
        }
    }

    private struct Event: Decodable {
        struct Detail: Decodable {
            var pipeline: String
            var stage: String?
            var action: String?
            var state: String
        }

        var detail: Detail
    }

    @Test func `An endpoint gets the events of an execution in order, and finds its job when one has started`()
        async throws
    {
        let (received, receiving) = AsyncStream.makeStream(of: ReceivedRequest.self)
        let answer: @Sendable (ReceivedRequest) -> PlannedAnswer = {
            receiving.yield($0)
            return PlannedAnswer()
        }
        try await LoopbackEndpoint.run(answering: answer) { _, port in
            try await self.serving(self.hook(port)) { _, client in
                try await self.createPipeline(client)
                let started = try self.states(await self.receive(3, from: received))
                #expect(started == ["shop STARTED", "shop/Source STARTED", "shop/Source/Get STARTED"])
                // Polled once, as workers do that are woken by events.
                let source = try await self.job(client, .source)
                _ = try await client.putJobSuccessResult(jobId: source.id ?? "")
                let wentOn = try self.states(await self.receive(4, from: received))
                #expect(
                    wentOn == [
                        "shop/Source/Get SUCCEEDED", "shop/Source SUCCEEDED", "shop/Build STARTED",
                        "shop/Build/Make STARTED",
                    ])
                let build = try await self.job(client, .build)
                _ = try await client.putJobFailureResult(
                    jobId: build.id ?? "", failureDetails: FailureDetails(type: .jobFailed, message: "no space left"))
                let failed = await self.receive(3, from: received)
                let ends = ["shop/Build/Make FAILED", "shop/Build FAILED", "shop FAILED"]
                #expect(try self.states(failed) == ends)
                #expect(failed.allSatisfy { $0.body.contains("no space left") })
            }
        }
    }

    @Test func `What a target does not take is listed, delivered again, and dropped`() async throws {
        let (received, receiving) = AsyncStream.makeStream(of: ReceivedRequest.self)
        let answer: @Sendable (ReceivedRequest) -> PlannedAnswer = { request in
            receiving.yield(request)
            return PlannedAnswer(status: request.headers["penstock-event"]?.contains("Stage") == true ? 500 : 200)
        }
        try await LoopbackEndpoint.run(answering: answer) { _, port in
            try await self.serving(self.hook(port, #","maximumAttempts":1"#)) { _, client in
                try await self.createPipeline(client)
                _ = await self.receive(3, from: received)
                var letters: [DeadLetter] = []
                while letters.isEmpty {
                    letters =
                        try await client.administer(Administration.ListDeadLetters.self, ListDeadLettersInput())
                        .deadLetters ?? []
                }
                #expect(letters.map(\.subject) == ["shop/Source STARTED"])
                #expect(letters.map(\.reason) == ["http://127.0.0.1:\(port) answered 500"])
                let id = try #require(letters[0].deadLetterID)
                let input = DeadLetterInput(deadLetterID: id)
                try await client.administer(Administration.RedeliverDeadLetter.self, input)
                let again = await self.receive(1, from: received)
                #expect(again.map { $0.headers["webhook-id"] } == [letters[0].eventID])
            }
        }
    }

    @Test func `A configuration that cannot be used is told with its place, and nothing is made`() async throws {
        let error = await #expect(throws: ServerError.self) {
            try await self.serving(#"{"name":"hook","kind":"http"}"#) { _, _ in }
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasSuffix("events.json cannot be used. targets[0].url is missing.") == true)
        var configuration = ServerConfiguration(dataDirectory: "/nonexistent/data")
        configuration.eventsFile = "/nonexistent/events.json"
        let missing = await #expect(throws: ServerError.self) { try await TestServer.run(configuration) { _ in } }
        #expect(missing?.code == .configuration)
    }
}
