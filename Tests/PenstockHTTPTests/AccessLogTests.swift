// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockAccess
import PenstockHTTP
import PenstockModel
import PenstockSigning
import Testing

@Suite struct AccessLogTests {
    /// Authenticates, finds out what it is told to, and takes its time.
    private struct Noting: Surface {
        let authenticator: Authenticator
        let clock: HandClock
        var operation = "GetPipeline"

        func respond(to request: SurfaceRequest) async throws -> Response {
            let body = try await request.collectBody(limit: 1024)
            _ = try await self.authenticator.authenticate(request, body: body.readableBytesView)
            request.note?.name(operation: self.operation)
            request.note?.name(resource: .everything)
            request.note?.name(resource: .arn("arn:aws:codepipeline:eu-central-1:000000000000:shop"))
            request.note?.name(resource: .arn("arn:aws:iam::000000000000:role/second"))
            self.clock.advance(.milliseconds(12))
            return Response(status: .badRequest)
        }
    }

    private let installation: Installation
    private let log: AccessLog

    init() throws {
        self.installation = try Installation()
        self.log = Self.log(self.installation.realClock, capacity: 2)
    }

    private static func log(_ clock: HandClock, capacity: Int) -> AccessLog {
        AccessLog(capacity: capacity, realTime: { clock.now }, uptime: { clock.now - start + .microseconds(1_034) })
    }

    private func router(_ surface: some Surface) -> ServiceRouter {
        ServiceRouter(surfaces: [.pipelines: surface], accessLog: self.log, logger: quietLogger)
    }

    private func noting(_ operation: String = "GetPipeline") -> ServiceRouter {
        let authenticator = Authenticator(self.installation.foundation, policy: .api(service: "codepipeline"))
        return self.router(
            Noting(authenticator: authenticator, clock: self.installation.realClock, operation: operation))
    }

    private func lines() -> [String] {
        var buffer = ByteBuffer()
        for entry in self.log.take().entries { entry.write(to: &buffer) }
        return String(buffer: buffer).split(separator: "\n").map { String($0) }
    }

    @Test func `A line says who asked for what, when, and how it went`() async throws {
        let request = self.installation.makeRequest()
        _ = try await self.noting().respond(to: request)
        #expect(
            self.lines() == [
                #"{"time":"2026-09-21T14:13:20.000Z","requestId":"\#(request.id)","client":"192.0.2.17","#
                    + #""surface":"pipelines","operation":"GetPipeline","account":"000000000000","#
                    + #""region":"eu-central-1","principal":"arn:aws:iam::000000000000:user/administrator","#
                    + #""resource":"arn:aws:codepipeline:eu-central-1:000000000000:shop","#
                    + #""status":400,"milliseconds":12.000}"#
            ])
    }

    @Test func `What is not known is left out`() async throws {
        let request = makeRequestOf(.post, "/webhooks/1", peer: Peer(address: nil))
        _ = try await self.noting().respond(to: request)
        #expect(
            self.lines() == [
                #"{"time":"2026-09-21T14:13:20.000Z","requestId":"\#(request.id)","surface":"webhooks","#
                    + #""status":404,"milliseconds":0.000}"#
            ])
    }

    @Test func `A fault is recorded as it was answered`() async throws {
        struct Broken: Surface {
            struct Fault: Error {}
            func respond(to request: SurfaceRequest) async throws -> Response { throw Fault() }
        }
        _ = try await self.router(Broken()).respond(to: self.installation.makeRequest())
        let lines = self.lines()
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#""status":500"#) == true)
    }

    @Test func `Whatever is in a name, a line is one line of JSON`() async throws {
        _ = try await self.noting("\"\n\u{1}").respond(to: self.installation.makeRequest())
        let lines = self.lines()
        #expect(lines.count == 1)
        #expect(lines.first?.contains(#""operation":"\"\n\u0001""#) == true)
    }

    @Test func `What finds the log full is dropped and counted, and there is room once it was taken`() async throws {
        let router = self.noting()
        for _ in 1...5 { _ = try await router.respond(to: self.installation.makeRequest()) }
        let first = self.log.take()
        #expect(first.entries.count == 2)
        #expect(first.dropped == 3)
        _ = try await router.respond(to: self.installation.makeRequest())
        let second = self.log.take()
        #expect(second.entries.count == 1)
        #expect(second.dropped == 0)
    }

    @Test func `What was taken and is lost counts as dropped`() {
        self.log.lose(2)
        self.log.lose(1)
        #expect(self.log.take().dropped == 3)
        var line = ByteBuffer()
        AccessLogEntry.write(dropped: 3, at: start, to: &line)
        #expect(String(buffer: line) == #"{"time":"2026-09-21T14:13:20.000Z","dropped":3}"# + "\n")
    }

    @Test(.timeLimit(.minutes(1))) func `Whoever writes is woken when something comes, and told of the end`()
        async throws
    {
        let router = self.noting()
        for _ in 1...2 { _ = try await router.respond(to: self.installation.makeRequest()) }
        var arrivals = self.log.arrivals.makeAsyncIterator()
        #expect(await arrivals.next() != nil)
        #expect(self.log.take().entries.count == 2)
        _ = try await router.respond(to: self.installation.makeRequest())
        #expect(await arrivals.next() != nil)
        self.log.finish()
        #expect(await arrivals.next() == nil)
        #expect(self.log.take().entries.count == 1)
    }

    @Test func `Where nobody wants to know, nothing is noted`() async throws {
        struct Looking: Surface {
            func respond(to request: SurfaceRequest) async throws -> Response {
                Response(status: request.note == nil ? .ok : .conflict)
            }
        }
        let router = ServiceRouter(surfaces: [.pipelines: Looking()], logger: quietLogger)
        #expect(try await router.respond(to: self.installation.makeRequest()).status == .ok)
    }
}
