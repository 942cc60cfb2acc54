// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import LoopbackHTTP
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

    var requests: [ReceivedRequest] { self.state.withLock { $0.requests } }
    var connections: Int { self.state.withLock { $0.connections } }

    /// Runs the body with an endpoint that listens on the port it is given.
    static func run(
        host: String = "127.0.0.1",
        answering answer: @escaping @Sendable (ReceivedRequest) -> PlannedAnswer = { _ in PlannedAnswer() },
        _ body: (LoopbackEndpoint, _ port: Int) async throws -> Void
    ) async throws {
        let endpoint = LoopbackEndpoint()
        var server = LoopbackServer { request in
            let received = ReceivedRequest(
                method: request.method, target: request.target, headers: request.headers,
                body: String(decoding: request.body, as: UTF8.self))
            endpoint.state.withLock { $0.requests.append(received) }
            let planned = answer(received)
            return planned.isSilent
                ? nil
                : LoopbackAnswer(status: planned.status, headers: planned.headers, body: Array(planned.body.utf8))
        }
        server.connected = { endpoint.state.withLock { $0.connections += 1 } }
        try await server.run(host: host) { port in try await body(endpoint, port) }
    }
}
