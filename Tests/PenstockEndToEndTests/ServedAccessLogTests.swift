// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Logging
import PenstockClient
import PenstockHTTP
import PenstockSigning
import PenstockTesting
import Testing

@testable import PenstockServer

/// What a server tells of its requests.
struct ServedAccessLogTests {
    /// A line, or as much of it as is looked at.
    private struct Line: Decodable, Hashable {
        var surface: String?
        var operation: String?
        var resource: String?
        var principal: String?
        var status: Int?
    }

    private static func lines(_ path: String) throws -> [Line] {
        try Data(contentsOf: URL(fileURLWithPath: path)).split(separator: UInt8(ascii: "\n"))
            .map { try JSONDecoder().decode(Line.self, from: $0) }
    }

    /// Runs a server with an access log in its data directory while the body runs.
    private static func withServer(_ body: (TestServer, _ log: String) async throws -> Void) async throws -> [Line] {
        try await TemporaryDirectory.use { directory in
            var configuration = ServerConfiguration(dataDirectory: directory + "/data")
            let log = directory + "/data/access.log"
            configuration.accessLog = .file(log)
            try await TestServer.run(configuration) { try await body($0, log) }
            return try Self.lines(log)
        }
    }

    @Test func `Every answered request is a line once the server has stopped, reads and refusals too`() async throws {
        let lines = try await Self.withServer { server, _ in
            let client = CodePipelineClient(configuration: server.clientConfiguration)
            _ = try await client.listPipelines()
            await #expect(throws: GetPipelineError.self) { try await client.getPipeline(name: "none") }
            _ = try await server.s3(.put, "/shop")
            _ = try await server.s3(.get, "/shop/none")
            _ = try await server.s3(.get, "/shop?list-type=2")
            let stranger = SigningCredentials(
                accessKeyID: "AKIDNOBODY", secretAccessKey: SecretAccessKey("a secret of nobody"))
            _ = try await send(.get, "/shop/none", to: server.endpoint, credentials: stranger)
            _ = try await send(.get, "/health/live", to: server.endpoint)
        }
        let me = "arn:aws:iam::000000000000:user/administrator"
        #expect(
            lines == [
                Line(surface: "pipelines", operation: "ListPipelines", principal: me, status: 200),
                Line(
                    surface: "pipelines", operation: "GetPipeline",
                    resource: "arn:aws:codepipeline:us-east-1:000000000000:none", principal: me, status: 400),
                Line(
                    surface: "artifacts", operation: "CreateBucket", resource: "arn:aws:s3:::shop", principal: me,
                    status: 200),
                Line(
                    surface: "artifacts", operation: "GetObject", resource: "arn:aws:s3:::shop/none", principal: me,
                    status: 404),
                Line(
                    surface: "artifacts", operation: "ListObjectsV2", resource: "arn:aws:s3:::shop", principal: me,
                    status: 200),
                Line(surface: "artifacts", status: 403),
                Line(surface: "operations", status: 200),
            ])
    }

    @Test func `A file that was moved away is made anew`() async throws {
        let lines = try await Self.withServer { server, log in
            _ = try await server.s3(.put, "/shop")
            try await until { (try? Self.lines(log).count) == 1 }
            #expect(try mode(log) == 0o600)
            try FileManager.default.moveItem(atPath: log, toPath: log + ".1")
            _ = try await server.s3(.get, "/shop/none")
        }
        #expect(lines.map(\.operation) == ["GetObject"])
    }

    @Test func `A file that cannot be written keeps a server from starting`() async throws {
        try await TemporaryDirectory.use { directory in
            var configuration = ServerConfiguration(dataDirectory: directory + "/data")
            configuration.accessLog = .file(directory + "/nowhere/access.log")
            let error = await #expect(throws: ServerError.self) { try await TestServer.run(configuration) { _ in } }
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("/nowhere/access.log") == true)
        }
    }

    @Test func `What could not be written is counted, and told once it can be`() async throws {
        try await TemporaryDirectory.use { directory in
            let log = AccessLog(realTime: { SystemServiceClock.now }, uptime: { .zero })
            let path = directory + "/logs/access.log"
            let writer = AccessLogWriter(
                log: log, destination: .file(path), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            log.lose(2)
            log.finish()
            try await writer.run()
            try FileManager.default.createDirectory(atPath: directory + "/logs", withIntermediateDirectories: true)
            try await writer.run()
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.hasSuffix("\"dropped\":2}\n"))
            try await writer.run()
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }
}
