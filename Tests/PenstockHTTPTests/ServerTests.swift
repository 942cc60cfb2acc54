// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockHTTP
import Testing

@Suite(.timeLimit(.minutes(10))) struct HTTPServerTests {
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

    @Test func `A connection that says nothing ends`() async throws {
        var limits = HTTPLimits()
        limits.firstByteTimeout = .milliseconds(50)
        try await withServer(limits: limits) { port in
            try await withConnection(to: port) { silent in
                #expect(await silent.readToEnd() == "")
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
                    let answer = await client.readToEnd()
                    #expect(answer.hasPrefix("HTTP/1.1 431 "))
                    Self.expectDateAndRequestID(answer)
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
                let answer = await client.readToEnd()
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
                Self.expectDateAndRequestID(answer)
            }
        }
    }

    private static func expectDateAndRequestID(_ answer: String) {
        #expect(answer.contains("Date: Mon, 21 Sep 2026 14:13:20 GMT\r\n"))
        #expect(answer.contains("x-amzn-RequestId: "))
    }

    @Test func `A body beyond the limit is refused with 413, announced or not`() async throws {
        let body = String(repeating: "x", count: 2000)
        try await withServer(bodyLimit: 1000) { port in
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
        try await withServer(bodyLimit: 1000) { port in
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
