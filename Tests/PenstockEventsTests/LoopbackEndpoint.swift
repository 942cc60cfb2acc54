// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A request as an endpoint got it.
struct ReceivedRequest: Sendable {
    var method: String
    var target: String
    var headers: [String: String]
    var body: String
}

/// What an endpoint answers.
struct PlannedAnswer: Sendable {
    var status = 200
    var headers: [(String, String)] = []
    var body = ""
    /// Never answers, and holds the connection until the client ends it.
    var isSilent = false
}

/// An HTTP server on a loopback address that takes note of what it gets.
final class LoopbackEndpoint: Sendable {
    private struct State {
        var requests: [ReceivedRequest] = []
        var connections = 0
    }

    private let state = Mutex(State())
    private let answer: @Sendable (ReceivedRequest) -> PlannedAnswer

    private init(_ answer: @escaping @Sendable (ReceivedRequest) -> PlannedAnswer) { self.answer = answer }

    var requests: [ReceivedRequest] { self.state.withLock { $0.requests } }
    var connections: Int { self.state.withLock { $0.connections } }

    /// Runs the body with an endpoint that listens on the port it is given.
    static func run(
        host: String = "127.0.0.1",
        answering answer: @escaping @Sendable (ReceivedRequest) -> PlannedAnswer = { _ in PlannedAnswer() },
        _ body: (LoopbackEndpoint, _ port: Int) async throws -> Void
    ) async throws {
        let endpoint = LoopbackEndpoint(answer)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: 0) { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    return try NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>(
                        wrappingChannelSynchronously: child)
                }
            }
        let port = channel.channel.localAddress?.port ?? 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { connections in
                    try await channel.executeThenClose { inbound in
                        for try await connection in inbound {
                            connections.addTask { try? await endpoint.serve(connection) }
                        }
                    }
                }
            }
            try await body(endpoint, port)
            group.cancelAll()
        }
    }

    private func serve(_ connection: NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>) async throws {
        self.state.withLock { $0.connections += 1 }
        try await connection.executeThenClose { inbound, outbound in
            var request: ReceivedRequest?
            for try await part in inbound {
                switch part {
                case .head(let head):
                    let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
                    request = ReceivedRequest(
                        method: head.method.rawValue, target: head.uri, headers: headers, body: "")
                case .body(let bytes): request?.body += String(buffer: bytes)
                case .end:
                    guard let received = request else { continue }
                    self.state.withLock { $0.requests.append(received) }
                    let planned = self.answer(received)
                    guard !planned.isSilent else { continue }
                    var headers = HTTPHeaders(planned.headers)
                    headers.add(name: "content-length", value: "\(planned.body.utf8.count)")
                    let head = HTTPResponseHead(
                        version: .http1_1, status: HTTPResponseStatus(statusCode: planned.status), headers: headers)
                    try await outbound.write(.head(head))
                    try await outbound.write(.body(.byteBuffer(ByteBuffer(string: planned.body))))
                    try await outbound.write(.end(nil))
                }
            }
        }
    }
}
