// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOPosix
import PenstockHTTP
import PenstockModel
import ServiceLifecycle
import Synchronization
import Testing

/// Answers with what it was sent, and on other paths misbehaves as asked.
struct EchoSurface: Surface {
    let bodyLimit: Int
    let departures: AsyncStream<String>.Continuation?
    /// Requests for `/await` are answered once it is raised.
    let release: Flag

    func respond(to request: SurfaceRequest) async throws -> Response {
        switch request.path {
        case "/unread":
            return Response(status: .forbidden)
        case "/hold":
            do {
                return try await request.peer.cancellingOnDeparture {
                    // Nothing ever finishes this stream: only cancellation ends the wait.
                    self.departures?.yield("held")
                    let (endless, _) = AsyncStream<Void>.makeStream()
                    for await _ in endless {}
                    try Task.checkCancellation()
                    return Response(status: .ok)
                }
            } catch {
                self.departures?.yield("departed")
                throw error
            }
        case "/await":
            self.departures?.yield("waiting")
            await self.release.wait()
            return JSONEnvelope.success(ByteBuffer(string: "released"), requestID: request.id)
        case "/endless":
            return Response(
                status: .ok,
                body: ResponseBody { writer in
                    let chunk = ByteBuffer(repeating: 0x78, count: 1 << 20)
                    do {
                        while true { try await writer.write(chunk) }
                    } catch {
                        self.departures?.yield("cut off")
                        throw error
                    }
                }
            )
        case _:
            do {
                let body = try await request.collectBody(limit: self.bodyLimit)
                return JSONEnvelope.success(
                    ByteBuffer(string: "\(request.path) \(String(buffer: body))"), requestID: request.id)
            } catch let error as BodyTooLarge {
                return JSONEnvelope.bodyTooLarge(error, requestID: request.id)
            }
        }
    }
}

/// A client that writes and reads bytes, and knows no HTTP.
struct RawClient {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private let end: EventLoopFuture<Void>
    private(set) var received = ""

    init(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>,
        end: EventLoopFuture<Void>
    ) {
        self.iterator = inbound.makeAsyncIterator()
        self.outbound = outbound
        self.end = end
    }

    /// Runs the closure when the connection ends.
    func whenEnded(_ body: @escaping @Sendable () -> Void) { self.end.whenComplete { _ in body() } }

    /// Sends what it can: the server may have ended the connection already, which reading then tells.
    func send(_ text: String) async throws {
        do {
            try await self.outbound.write(ByteBuffer(string: text))
        } catch let error as ChannelError where error == .ioOnClosedChannel {
            return
        } catch let error as IOError where error.errnoCode == EPIPE || error.errnoCode == ECONNRESET {
            return
        }
    }

    /// Reads until the text has come, and returns everything up to its end; throws when the connection ends before.
    mutating func read(until text: String) async throws -> String {
        while true {
            if let range = self.received.firstRange(of: text) {
                let result = String(self.received[..<range.upperBound])
                self.received.removeSubrange(..<range.upperBound)
                return result
            }
            guard let part = try await self.iterator.next(isolation: #isolation) else {
                throw ConnectionEnded(received: self.received)
            }
            self.received += String(buffer: part)
        }
    }

    /// Reads until the server ends the connection; a reset is an end, too.
    mutating func readToEnd() async -> String {
        while let part = try? await self.iterator.next(isolation: #isolation) { self.received += String(buffer: part) }
        return self.received
    }

    mutating func readSome() async throws { _ = try await self.iterator.next(isolation: #isolation) }

    struct ConnectionEnded: Error { var received: String }
}

/// Runs a server on a port of its own for the time of the closure.
func withServer(
    limits: HTTPLimits = HTTPLimits(),
    bodyLimit: Int = 4 << 20,
    departures: AsyncStream<String>.Continuation? = nil,
    release: Flag = Flag(),
    shutdown: (@Sendable (ServiceGroup) -> Void)? = nil,
    _ test: @escaping @Sendable (Int) async throws -> Void
) async throws {
    let (ports, portSource) = AsyncStream<Int>.makeStream()
    let surface = EchoSurface(bodyLimit: bodyLimit, departures: departures, release: release)
    let router = ServiceRouter(surfaces: [.artifacts: surface, .pipelines: surface], logger: quietLogger)
    let server = try HTTPServer(
        .init(
            address: .hostname("127.0.0.1", port: 0),
            limits: limits,
            onListening: { portSource.yield($0?.port ?? 0) }
        ),
        dates: HTTPDateCache(realTime: { start }),
        logger: quietLogger,
        handler: { try await router.respond(to: $0) }
    )
    let group = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: quietLogger))
    shutdown?(group)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next(isolation: #isolation))
        do {
            try await test(port)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

func withConnection(
    to port: Int,
    receiveBuffer: Int? = nil,
    _ test: (inout RawClient) async throws -> Void
) async throws {
    var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    if let receiveBuffer {
        bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
    }
    let channel = try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        }
    }
    try await channel.executeThenClose { inbound, outbound in
        var client = RawClient(inbound, outbound, end: channel.channel.closeFuture)
        try await test(&client)
    }
}

func post(_ path: String, _ body: String, headers: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

/// A flag that tasks share; once raised it stays so.
final class Flag: Sendable {
    private let state = Mutex<(isRaised: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    var isRaised: Bool { self.state.withLock { $0.isRaised } }

    func raise() {
        let waiting = self.state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Returns once it is raised.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = self.state.withLock { state in
                if !state.isRaised { state.waiting.append(continuation) }
                return state.isRaised
            }
            if isRaised { continuation.resume() }
        }
    }
}
