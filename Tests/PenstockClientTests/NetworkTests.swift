// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import PenstockClient
import PenstockSigning
import Testing

/// The client over real sockets, against a server that does as a test says.
@Suite(.timeLimit(.minutes(10))) struct NetworkTests {
    @Test func `Cancelling a call that waits for its answer closes the connection`() async throws {
        try await SocketServer.run(answering: nil) { server in
            let call = Task { try await server.client().listPipelines() }
            var events = server.events.makeAsyncIterator()
            #expect(await events.next() == .request)
            call.cancel()
            #expect(await events.next() == .closed)
            let error = try #require(await call.result.failure as? ListPipelinesError)
            #expect(error.callFailure?.code == .cancelled)
        }
    }

    @Test func `Cancelling a call in the middle of its answer closes the connection`() async throws {
        let half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"pipelines\":["
        try await SocketServer.run(answering: half) { server in
            let call = Task { try await server.client().listPipelines() }
            var events = server.events.makeAsyncIterator()
            #expect(await events.next() == .request)
            #expect(await events.next() == .answered)
            call.cancel()
            #expect(await events.next() == .closed)
            let error = try #require(await call.result.failure as? ListPipelinesError)
            #expect(error.callFailure?.code == .cancelled)
        }
    }

    @Test func `A deadline closes the connection too`() async throws {
        try await SocketServer.run(answering: nil) { server in
            var events = server.events.makeAsyncIterator()
            do throws(ListPipelinesError) {
                _ = try await server.client().listPipelines(options: CallOptions(deadline: .milliseconds(200)))
            } catch {
                #expect(error.callFailure?.code == .deadlineExceeded)
            }
            #expect(await events.next() == .request)
            #expect(await events.next() == .closed)
        }
    }

    @Test func `An answer that does not begin in time is a timeout, and is tried again`() async throws {
        try await SocketServer.run(answering: nil) { server in
            do throws(ListPipelinesError) {
                _ = try await server.client { $0.attemptTimeout = .milliseconds(100) }.listPipelines()
            } catch {
                #expect(error.callFailure?.code == .unreachable)
                #expect(error.callFailure?.attempts == 2)
            }
            var requests = 0
            for await event in server.events {
                if event == .request { requests += 1 }
                if requests == 2 { break }
            }
        }
    }

    /// Nothing below the client may try again by itself: here it could for an hour.
    @Test func `An address where nobody listens is unreachable at once, and named`() async throws {
        // The system gives this port to nobody by itself; that of a server which has ended it may give to another test.
        let endpoint = try #require(Endpoint("http://127.0.0.1:1"))
        var settings = AsyncHTTPClientTransport.Configuration()
        settings.connectTimeout = .seconds(3600)
        var configuration = SocketServer.configuration(endpoint)
        configuration.attemptTimeout = .seconds(3600)
        configuration.callDeadline = .seconds(3600)
        let transport = AsyncHTTPClientTransport(configuration: settings)
        let client = CodePipelineClient(configuration: configuration, transport: transport)
        let error = await #expect(throws: ListPipelinesError.self) { try await client.listPipelines() }
        #expect(error?.callFailure?.code == .unreachable)
        #expect(error?.callFailure?.attempts == 2)
        #expect(error?.callFailure?.message == "the connection to http://127.0.0.1:1 failed: Connection refused")
    }

    @Test func `Calls one after the other use one connection, and name its host`() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
        try await SocketServer.run(answering: answer) { server in
            let client = server.client()
            for _ in 0..<3 { _ = try await client.listPipelines() }
            #expect(server.connectionCount == 1)
            let head = try #require(server.heads.first).lowercased()
            #expect(head.hasPrefix("post / http/1.1\r\n"))
            #expect(head.contains("\r\nhost: \(server.endpoint.authority)\r\n"))
            #expect(head.contains("\r\ncontent-length: 2\r\n"))
        }
    }
}
