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
private struct EchoSurface: Surface {
    let bodyLimit: Int
    let departures: AsyncStream<String>.Continuation?

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
private struct RawClient {
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private(set) var received = ""

    init(_ inbound: NIOAsyncChannelInboundStream<ByteBuffer>, _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>) {
        self.iterator = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

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
private func withServer(
    limits: HTTPLimits = HTTPLimits(),
    departures: AsyncStream<String>.Continuation? = nil,
    _ test: @escaping @Sendable (Int) async throws -> Void
) async throws {
    let (ports, portSource) = AsyncStream<Int>.makeStream()
    let surface = EchoSurface(bodyLimit: limits.apiBodyBytes, departures: departures)
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

private func withConnection(
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
        var client = RawClient(inbound, outbound)
        try await test(&client)
    }
}

private func post(_ path: String, _ body: String, headers: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)"
}

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    @Test func `A connection serves one request after another`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                for number in 0..<3 {
                    try await client.send(post("/a\(number)", "hello"))
                    let response = try await client.read(until: "/a\(number) hello")
                    #expect(response.hasPrefix("HTTP/1.1 200 OK\r\n"))
                    #expect(response.contains("Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"))
                    #expect(response.contains("Content-Length: 9\r\n"))
                }
            }
        }
    }

    @Test func `Ten requests sent at once are answered in order`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                try await client.send((0..<10).map { post("/p\($0)", "body") }.joined())
                for number in 0..<10 { _ = try await client.read(until: "/p\(number) body") }
            }
        }
    }

    @Test func `A request in single bytes is a request`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                for byte in post("/slow", "x") { try await client.send(String(byte)) }
                _ = try await client.read(until: "/slow x")
            }
        }
    }

    @Test func `A head that does not end in time ends the connection`() async throws {
        var limits = HTTPLimits()
        limits.headerReadTimeout = .milliseconds(50)
        try await withServer(limits: limits) { port in
            try await withConnection(to: port) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: localhost\r\n")
                #expect(await client.readToEnd() == "")
            }
            try await withConnection(to: port) { client in
                try await client.send(post("/first", ""))
                _ = try await client.read(until: "/first ")
                try await client.send("POST /second HTTP/1.1\r\n")
                #expect(await client.readToEnd() == "")
            }
        }
    }

    @Test func `A connection without requests ends, and so does one whose body stops coming`() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(50)
        try await withServer(limits: limits) { port in
            try await withConnection(to: port) { client in
                #expect(await client.readToEnd() == "")
            }
            try await withConnection(to: port) { client in
                try await client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
                #expect(await !client.readToEnd().contains(" 200 "))
            }
        }
    }

    @Test func `A head beyond the limits is answered with 431`() async throws {
        try await withServer { port in
            let field = "X-Filler: \(String(repeating: "x", count: 1000))\r\n"
            for headers in [
                "X-Filler: \(String(repeating: "x", count: HTTPLimits().headerFieldBytes + 1))\r\n",
                String(repeating: field, count: 40),
                String(repeating: "X-A: b\r\n", count: HTTPLimits().headerCount + 1),
            ] {
                try await withConnection(to: port) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
                    #expect(await client.readToEnd().hasPrefix("HTTP/1.1 431 "))
                }
            }
        }
    }

    @Test func `A request target beyond the limits is refused`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                let path = String(repeating: "x", count: HTTPLimits().headerBytes + 1)
                try await client.send("GET /\(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(await client.readToEnd().hasPrefix("HTTP/1.1 4"))
            }
        }
    }

    @Test func `What is not HTTP is answered with 400`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                try await client.send("how are you?\r\n\r\n")
                #expect(await client.readToEnd().hasPrefix("HTTP/1.1 400 "))
            }
        }
    }

    @Test func `A body beyond the limit is refused with 413, announced or not`() async throws {
        var limits = HTTPLimits()
        limits.apiBodyBytes = 1000
        let body = String(repeating: "x", count: 2000)
        try await withServer(limits: limits) { port in
            for request in [
                post("/", body),
                "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n7D0\r\n\(body)\r\n0\r\n\r\n",
            ] {
                try await withConnection(to: port) { client in
                    try await client.send(request)
                    let response = await client.readToEnd()
                    #expect(response.hasPrefix("HTTP/1.1 413 "))
                    #expect(response.contains("RequestEntityTooLargeException"))
                    #expect(response.contains("Connection: close\r\n"))
                }
            }
        }
    }

    @Test func `A client that waits to be asked is asked, unless its body is refused`() async throws {
        var limits = HTTPLimits()
        limits.apiBodyBytes = 1000
        try await withServer(limits: limits) { port in
            let head = { (length: Int) in
                "POST /x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: \(length)\r\n\r\n"
            }
            try await withConnection(to: port) { client in
                try await client.send(head(4))
                _ = try await client.read(until: "HTTP/1.1 100 Continue\r\n\r\n")
                try await client.send("body")
                #expect(try await client.read(until: "/x body").hasPrefix("HTTP/1.1 200 OK\r\n"))
            }
            try await withConnection(to: port) { client in
                try await client.send(head(2000))
                #expect(await client.readToEnd().hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test func `An unread body is skipped while it is short, and ends the connection when it is long`() async throws {
        var limits = HTTPLimits()
        limits.unwantedBodyBytes = 100_000
        limits.lingerTimeout = .milliseconds(50)
        try await withServer(limits: limits) { port in
            try await withConnection(to: port) { client in
                try await client.send(post("/unread", String(repeating: "x", count: 50_000)))
                _ = try await client.read(until: "403 Forbidden")
                try await client.send(post("/next", ""))
                _ = try await client.read(until: "/next ")
            }
            try await withConnection(to: port) { client in
                try await client.send("POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
                _ = try await client.read(until: "\r\n\r\n")
                // The server stops reading at some point, so the client's writes may fail, as they should.
                for _ in 0..<10 { try? await client.send(String(repeating: "x", count: 50_000)) }
                _ = await client.readToEnd()
            }
        }
    }

    @Test func `Connections beyond the limit wait until one ends`() async throws {
        var limits = HTTPLimits()
        limits.connections = 2
        try await withServer(limits: limits) { port in
            try await withConnection(to: port) { first in
                try await first.send(post("/1", ""))
                _ = try await first.read(until: "/1 ")
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    let isServed = Flag()
                    try await withConnection(to: port) { second in
                        try await second.send(post("/2", ""))
                        _ = try await second.read(until: "/2 ")
                        tasks.addTask {
                            try await withConnection(to: port) { third in
                                try await third.send(post("/3", ""))
                                _ = try await third.read(until: "/3 ")
                                isServed.raise()
                            }
                        }
                        // The two that have connections go on being served, the third is not.
                        for _ in 0..<20 {
                            try await second.send(post("/2b", ""))
                            _ = try await second.read(until: "/2b ")
                        }
                        let wasServed = isServed.isRaised
                        #expect(!wasServed)
                    }
                    // With the second gone there is room for the third.
                    try await tasks.waitForAll()
                }
            }
        }
    }

    @Test func `A request that is held is cancelled when its client leaves`() async throws {
        let (departures, source) = AsyncStream<String>.makeStream()
        try await withServer(departures: source) { port in
            var iterator = departures.makeAsyncIterator()
            try await withConnection(to: port) { client in
                try await client.send(post("/hold", ""))
                #expect(await iterator.next(isolation: #isolation) == "held")
            }
            #expect(await iterator.next(isolation: #isolation) == "departed")
        }
    }

    @Test func `A client that stops taking a response is cut off`() async throws {
        var limits = HTTPLimits()
        limits.writeStallTimeout = .milliseconds(50)
        let (departures, source) = AsyncStream<String>.makeStream()
        try await withServer(limits: limits, departures: source) { port in
            var iterator = departures.makeAsyncIterator()
            try await withConnection(to: port, receiveBuffer: 4096) { client in
                try await client.send(post("/endless", ""))
                try await client.readSome()
                #expect(await iterator.next(isolation: #isolation) == "cut off")
            }
        }
    }

    @Test func `A HEAD request gets the head alone`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                try await client.send("HEAD /h HTTP/1.1\r\nHost: localhost\r\n\r\n" + post("/after", ""))
                let response = try await client.read(until: "/after ")
                #expect(response.contains("Content-Length: 3\r\n"))
                #expect(!response.contains("\r\n\r\n/h"))
            }
        }
    }
}

/// A flag that tasks share; once raised it stays so.
private final class Flag: Sendable {
    private let value = Atomic(false)

    var isRaised: Bool { self.value.load(ordering: .acquiring) }

    func raise() {
        self.value.store(true, ordering: .releasing)
    }
}
