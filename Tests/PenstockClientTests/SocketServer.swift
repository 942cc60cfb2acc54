// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import PenstockClient
import PenstockSigning
import Synchronization

/// A TCP server that answers every request with the same bytes, or with none, and tells what clients do.
final class SocketServer: Sendable {
    enum Event: Sendable, Hashable { case request, answered, closed }

    private struct Seen {
        var heads: [String] = []
        var connectionCount = 0
    }

    let endpoint: Endpoint
    let events: AsyncStream<Event>

    private let seen: Mutex<Seen>
    private let happened: AsyncStream<Event>.Continuation
    private let transport = AsyncHTTPClientTransport()

    var heads: [String] { self.seen.withLock { $0.heads } }
    var connectionCount: Int { self.seen.withLock { $0.connectionCount } }

    /// Listens while the body runs.
    static func run<Result: Sendable>(
        answering answer: String?, _ body: (SocketServer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .bind(host: "127.0.0.1", port: 0) { child in
                child.eventLoop.makeCompletedFuture {
                    let connection = try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: child)
                    // A connection may be dropped before it is served, but not before its channel has closed.
                    child.closeFuture.whenComplete { _ in withExtendedLifetime(connection) {} }
                    return connection
                }
            }
        let server = try SocketServer(port: channel.channel.localAddress?.port ?? 0)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await channel.executeThenClose { connections in
                    try await withThrowingDiscardingTaskGroup { group in
                        for try await connection in connections {
                            group.addTask { try? await server.serve(connection, answer) }
                        }
                    }
                }
            }
            let result = try await body(server)
            await server.transport.shutdown()
            group.cancelAll()
            return result
        }
    }

    private init(port: Int) throws {
        struct NoEndpoint: Error {}
        guard let endpoint = Endpoint("http://127.0.0.1:\(port)") else { throw NoEndpoint() }
        self.endpoint = endpoint
        self.seen = Mutex(Seen())
        (self.events, self.happened) = AsyncStream.makeStream()
    }

    /// That of a client which asks twice at most.
    static func configuration(_ endpoint: Endpoint) -> ClientConfiguration {
        var configuration = ClientConfiguration(
            region: "eu-west-1", credentials: StaticCredentials(exampleCredentials), endpoint: endpoint)
        configuration.retryPolicy.maximumAttempts = 2
        configuration.retryPolicy.initialBackoff = .milliseconds(1)
        return configuration
    }

    /// A client that asks twice at most.
    func client(_ change: (inout ClientConfiguration) -> Void = { _ in }) -> CodePipelineClient {
        var configuration = Self.configuration(self.endpoint)
        change(&configuration)
        return CodePipelineClient(configuration: configuration, transport: self.transport)
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ answer: String?) async throws {
        self.seen.withLock { $0.connectionCount += 1 }
        defer { self.happened.yield(.closed) }
        try await connection.executeThenClose { inbound, outbound in
            var received = ""
            for try await piece in inbound {
                received += String(buffer: piece)
                // Every request here ends with the two bytes of an empty object.
                guard received.hasSuffix("{}") else { continue }
                self.seen.withLock { [received] in $0.heads.append(received) }
                received = ""
                self.happened.yield(.request)
                guard let answer else { continue }
                try await outbound.write(ByteBuffer(string: answer))
                self.happened.yield(.answered)
            }
        }
    }
}
