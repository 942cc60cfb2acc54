// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// A request as a server got it.
package struct LoopbackRequest: Sendable {
    package var method: String
    /// Path and query, encoded.
    package var target: String
    /// Names in lower case; of a name that comes several times the values with commas between them.
    package var headers: [String: String]
    package var body: [UInt8] = []

    fileprivate init(_ head: HTTPRequestHead) {
        self.method = head.method.rawValue
        self.target = head.uri
        self.headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $0 + ", " + $1 }
    }
}

/// What a server answers.
package struct LoopbackAnswer: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]
    /// After so many bytes of the body, which is said to be longer, the connection ends; `nil` for a whole answer.
    package var cutAfter: Int?

    package init(status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = [], cutAfter: Int? = nil) {
        self.status = status
        self.headers = headers
        self.body = body
        self.cutAfter = cutAfter
    }
}

/// An HTTP server on a loopback address, for tests of what calls others.
package struct LoopbackServer: Sendable {
    /// What is done when somebody connects.
    package var connected: @Sendable () -> Void = {}
    /// `nil` never answers, and holds the connection until the client ends it.
    package var answer: @Sendable (LoopbackRequest) -> LoopbackAnswer?

    package init(answer: @escaping @Sendable (LoopbackRequest) -> LoopbackAnswer?) { self.answer = answer }

    private typealias Connection = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>

    /// Listens, on the port that the body is given, while the body runs.
    package func run(host: String = "127.0.0.1", _ body: (_ port: Int) async throws -> Void) async throws {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: host, port: 0) { child in
                child.eventLoop.makeCompletedFuture {
                    try child.pipeline.syncOperations.configureHTTPServerPipeline()
                    let connection = try Connection(wrappingChannelSynchronously: child)
                    // A connection may be dropped before it is served, but not before its channel has closed.
                    child.closeFuture.whenComplete { _ in withExtendedLifetime(connection) {} }
                    return connection
                }
            }
        let port = channel.channel.localAddress?.port ?? 0
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingDiscardingTaskGroup { connections in
                    try await channel.executeThenClose { inbound in
                        for try await connection in inbound {
                            connections.addTask { try? await self.serve(connection) }
                        }
                    }
                }
            }
            try await body(port)
            group.cancelAll()
        }
    }

    private func serve(_ connection: Connection) async throws {
        self.connected()
        try await connection.executeThenClose { inbound, outbound in
            var request: LoopbackRequest?
            for try await part in inbound {
                switch part {
                case .head(let head): request = LoopbackRequest(head)
                case .body(let bytes): request?.body += bytes.readableBytesView
                case .end:
                    guard let received = request, let answer = self.answer(received) else { continue }
                    try await Self.send(answer, isHead: received.method == "HEAD", outbound)
                    if answer.cutAfter != nil { return }
                }
            }
        }
    }

    private static func send(
        _ answer: LoopbackAnswer, isHead: Bool, _ outbound: NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>
    ) async throws {
        var headers = HTTPHeaders(answer.headers)
        let length = max(answer.body.count, answer.cutAfter.map { $0 + 1 } ?? 0)
        // An answer may say what is not so.
        if !headers.contains(name: "content-length") { headers.add(name: "content-length", value: "\(length)") }
        let status = HTTPResponseStatus(statusCode: answer.status)
        try await outbound.write(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)))
        let sent = answer.body.prefix(answer.cutAfter ?? answer.body.count)
        if !isHead { try await outbound.write(.body(.byteBuffer(ByteBuffer(bytes: sent)))) }
        if answer.cutAfter == nil { try await outbound.write(.end(nil)) }
    }
}
