// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOEmbedded
import PenstockHTTP
import PenstockModel
import ServiceLifecycle
import Synchronization
import Testing

/// What happens to connections over their life.
@Suite(.timeLimit(.minutes(10))) struct ConnectionTests {
    @Test func `A response may take longer than a connection may idle`() async throws {
        var limits = HTTPLimits()
        limits.idleTimeout = .milliseconds(50)
        let (release, (notes, source)) = (Flag(), AsyncStream<String>.makeStream())
        try await withServer(limits: limits, departures: source, release: release) { port in
            var iterator = notes.makeAsyncIterator()
            while !release.isRaised {
                try await withConnection(to: port) { client in
                    client.whenEnded { source.yield("ended") }
                    try await client.send(post("/await", ""))
                    // On a busy machine a connection may idle out before it comes to send.
                    guard await iterator.next(isolation: #isolation) == "waiting" else { return }
                    // Connections that were opened later come and go idle meanwhile.
                    for _ in 0..<2 {
                        try await withConnection(to: port) { idle in #expect(await idle.readToEnd() == "") }
                    }
                    release.raise()
                    #expect(try await client.read(until: "released").hasPrefix("HTTP/1.1 200 OK\r\n"))
                }
            }
        }
    }

    @Test func `A connection that opens after its server has dropped it does no harm, and closes when told to`() async {
        await #expect(processExitsWith: .success) {
            let setup = Mutex<HTTPConnectionChannel?>(nil)
            let configuration = HTTPServer.Configuration(
                address: .hostname(port: 0),
                tls: { plain in
                    setup.withLock { $0 = plain }
                    return plain
                }
            )
            let logger = Logger(label: "test")
            let dates = HTTPDateCache(realTime: { Timestamp(millisecondsSinceEpoch: 0) })
            _ = try HTTPServer(configuration, dates: dates, logger: logger) { _ in Response(status: .ok) }
            let http = try #require(setup.withLock { $0 })
            let channel = NIOAsyncTestingChannel()
            let loop = channel.testingEventLoop
            do {
                let connection = try await loop.executeInContext { http.setup(channel: channel, logger: logger) }
                _ = try await connection.get()
            }
            try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).get()
            #expect(channel.isActive)
            try await loop.executeInContext {
                channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
            try await channel.closeFuture.get()
            #expect(!channel.isActive)
        }
    }

    @Test func `A shutdown answers what is in progress, ends what idles, and takes nothing new`() async throws {
        let (release, (notes, source)) = (Flag(), AsyncStream<String>.makeStream())
        let group = Mutex<ServiceGroup?>(nil)
        try await withServer(
            departures: source, release: release, shutdown: { new in group.withLock { $0 = new } }
        ) { port in
            try await withConnection(to: port) { busy in
                try await withConnection(to: port) { idle in
                    try await idle.send(post("/first", ""))
                    _ = try await idle.read(until: "/first ")
                    try await busy.send(post("/await", ""))
                    var iterator = notes.makeAsyncIterator()
                    #expect(await iterator.next(isolation: #isolation) == "waiting")
                    await group.withLock { $0 }?.triggerGracefulShutdown()
                    #expect(await idle.readToEnd() == "")
                }
                await #expect(throws: (any Error).self) {
                    try await withConnection(to: port) { late in
                        try await late.send(post("/late", ""))
                        _ = try await late.read(until: "/late ")
                    }
                }
                release.raise()
                #expect(try await busy.read(until: "released").hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(await busy.readToEnd() == "")
            }
        }
    }

    /// Two readings of where a request ends are how one client's bytes become another's request.
    @Test(arguments: [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Content-Length: 4, 5\r\n", "Content-Length: +4\r\n", "Content-Length: -4\r\n", "Content-Length: 0x4\r\n",
        "Transfer-Encoding: chunked, identity\r\n", "Transfer-Encoding: xchunked\r\n",
        "Content-Length : 4\r\n", "X-A: b\r\n folded\r\n", "X-A: b\u{0}c\r\n",
    ])
    func `A head that can be read in two ways is refused, and the connection ends`(_ fields: String) async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                try await client.send("POST /a HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n")
                try await client.send("body" + post("/smuggled", "x"))
                let answers = await client.readToEnd()
                #expect(answers.hasPrefix("HTTP/1.1 400 "), "\(answers)")
                #expect(!answers.contains("/smuggled"))
            }
        }
    }

    @Test func `A client of HTTP 1_0 is answered and let go`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                try await client.send("POST /old HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi")
                let answer = await client.readToEnd()
                #expect(answer.contains(" 200 OK\r\n"))
                #expect(answer.hasSuffix("/old hi"))
            }
        }
    }

    @Test func `A client that asks for it is let go after its answer`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                try await client.send(post("/last", "", headers: "Connection: close\r\n") + post("/after", ""))
                let answers = await client.readToEnd()
                #expect(answers.contains("/last "))
                #expect(!answers.contains("/after"))
            }
        }
    }

    @Test func `A body in chunks is as good as one with a length`() async throws {
        try await withServer { port in
            try await withConnection(to: port) { client in
                let head = "POST /chunks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                try await client.send(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n" + post("/next", ""))
                _ = try await client.read(until: "/chunks abcde")
                _ = try await client.read(until: "/next ")
            }
        }
    }
}
