// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockHTTP
import PenstockModel
import PenstockSigning
import Testing

@Suite struct RoutingTests {
    private static func authorization(_ service: String) -> HTTPFields {
        let scope = "AKIAEXAMPLE/20261124/eu-central-1/\(service)/aws4_request"
        return [.authorization: "AWS4-HMAC-SHA256 Credential=\(scope), SignedHeaders=host, Signature=00"]
    }

    @Test(arguments: [
        ("codepipeline", SurfaceName.pipelines), ("s3", .artifacts), ("sts", .identity), ("penstock", .administration),
    ])
    func `A signed request goes where its scope says, whatever its path`(service: String, surface: SurfaceName) {
        for path in ["/", "/bucket/key", "/metrics", "/console", "/health/live?x=y"] {
            let request = makeRequestOf(.get, path, Self.authorization(service))
            #expect(ServiceRouter.destination(of: request.head) == surface)
        }
        for slash in ["/", "%2F", "%2f"] {
            let scope = ["AKIAEXAMPLE", "20261124", "eu-central-1", service, "aws4_request"].joined(separator: slash)
            let query = "/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=\(scope)&X-Amz-Date=20261124T000000Z"
            #expect(ServiceRouter.destination(of: makeRequestOf(.get, query).head) == surface)
        }
    }

    @Test(
        arguments: [
            (HTTPRequest.Method.get, "/health/live", [:], SurfaceName.operations),
            (.get, "/health/ready?verbose", [:], .operations),
            (.get, "/metrics", [:], .operations),
            (.get, "/metrics", [.authorization: "Bearer token"], .operations),
            (.get, "/console", [:], .console),
            (.get, "/console/pipelines/web", [:], .console),
            (.get, "/consoles", [:], .artifacts),
            (.post, "/webhooks/abc", [:], .webhooks),
            (.get, "/", [:], .artifacts),
            (.get, "/bucket/key", [:], .artifacts),
            (.put, "/bucket/key", [.authorization: "AWS AKIA:signature"], .artifacts),
            (.post, "/", [.xAmzTarget: "CodePipeline_20150709.GetPipeline"], .pipelines),
            (.post, "/", [.xAmzTarget: "Penstock_20261123.CreateAccessKey"], .administration),
            (.post, "/", [.contentType: "application/x-amz-json-1.1"], .pipelines),
            (.post, "/", [.contentType: "application/x-www-form-urlencoded; charset=utf-8"], .identity),
            (.post, "/bucket?delete", [:], .artifacts),
            (
                .post, "/", [.authorization: "AWS4-HMAC-SHA256 nonsense", .xAmzTarget: "CodePipeline_20150709.X"],
                .pipelines
            ),
        ] as [(HTTPRequest.Method, String, HTTPFields, SurfaceName)])
    func `A request without a readable scope goes where its client will understand the answer`(
        method: HTTPRequest.Method,
        target: String,
        headers: HTTPFields,
        surface: SurfaceName
    ) {
        #expect(ServiceRouter.destination(of: makeRequestOf(method, target, headers).head) == surface)
    }

    @Test func `A scope of an unknown service with an API target goes to the API, which says so`() {
        var headers = Self.authorization("execute-api")
        headers[.xAmzTarget] = "CodePipeline_20150709.GetPipeline"
        #expect(ServiceRouter.destination(of: makeRequestOf(.post, "/", headers).head) == .pipelines)
    }

    @Test func `A fault of a surface becomes a bare 500`() async throws {
        struct Broken: Surface {
            struct Secret: Error { var path = "/var/lib/secret" }
            func respond(to request: SurfaceRequest) async throws -> Response { throw Secret() }
        }
        let router = ServiceRouter(surfaces: [.artifacts: Broken()], logger: quietLogger)
        let response = try await router.respond(to: makeRequestOf(.get, "/bucket"))
        #expect(response.status == .internalServerError)
        #expect(try await !text(of: response).contains("secret"))
        #expect(response.headers[.xAmznRequestID] != nil)
    }

    @Test func `A fault that passes is told as such`() async throws {
        struct Away: Surface, TemporaryFailure {
            let isTemporary = true
            func respond(to request: SurfaceRequest) async throws -> Response { throw self }
        }
        let router = ServiceRouter(surfaces: [.identity: Away()], logger: quietLogger)
        let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded"]
        let response = try await router.respond(to: makeRequestOf(.post, "/", form))
        #expect(response.status == .serviceUnavailable)
        #expect(try await text(of: response).contains("ServiceUnavailable"))
    }

    @Test func `A surface that is not there is not found`() async throws {
        let router = ServiceRouter(surfaces: [:], logger: quietLogger)
        let response = try await router.respond(to: makeRequestOf(.get, "/bucket"))
        #expect(response.status == .notFound)
        #expect(try await text(of: response) == #"{"__type":"UnknownOperationException"}"#)
    }
}

@Suite struct OperationsSurfaceTests {
    private func makeSurface(
        _ readiness: OperationsSurface.Readiness = .ready,
        token: String? = nil
    ) -> OperationsSurface {
        OperationsSurface(
            readiness: { readiness },
            metrics: { ByteBuffer(string: "jobs 1\n") },
            metricsToken: token.map { SecretAccessKey($0) }
        )
    }

    private func status(
        _ surface: OperationsSurface,
        _ path: String,
        _ headers: HTTPFields = [:],
        from address: String = "127.0.0.1"
    ) async throws -> Int {
        try await surface.respond(to: makeRequestOf(.get, path, headers, peer: Peer(address: address))).status.code
    }

    @Test func `Liveness is the process, readiness is its work`() async throws {
        #expect(try await self.status(self.makeSurface(), "/health/live", from: "192.0.2.1") == 200)
        #expect(try await self.status(self.makeSurface(), "/health/ready") == 200)
        #expect(try await self.status(self.makeSurface(.notReady("database")), "/health/live") == 200)
        #expect(try await self.status(self.makeSurface(.notReady("database")), "/health/ready") == 503)
    }

    @Test func `Metrics are for this machine, and beyond it for who has the token`() async throws {
        let surface = self.makeSurface(token: "letmein")
        #expect(try await self.status(surface, "/metrics") == 200)
        #expect(try await self.status(surface, "/metrics", from: "::1") == 200)
        #expect(try await self.status(surface, "/metrics", from: "192.0.2.1") == 404)
        #expect(
            try await self.status(surface, "/metrics", [.authorization: "Bearer letmein"], from: "192.0.2.1") == 200)
        #expect(try await self.status(surface, "/metrics", [.authorization: "Bearer wrong"], from: "192.0.2.1") == 404)
        #expect(try await self.status(surface, "/metrics", [.authorization: "Bearer wrong"]) == 404)
        #expect(try await self.status(surface, "/metrics", [.xForwardedFor: "192.0.2.1"]) == 404)
        let open = self.makeSurface()
        #expect(try await self.status(open, "/metrics", [.authorization: "Bearer "], from: "192.0.2.1") == 404)
    }

    @Test func `Only reading is answered`() async throws {
        let response = try await self.makeSurface().respond(to: makeRequestOf(.post, "/health/live"))
        #expect(response.status == .methodNotAllowed)
    }
}
