// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import HummingbirdCore
package import NIOCore
package import PenstockSigning

/// `/health/live`, `/health/ready` and `/metrics`, for probes and collectors that sign nothing.
package struct OperationsSurface: Surface {
    /// Whether the service can do its work.
    package enum Readiness: Sendable, Hashable {
        case ready
        /// With a word for whoever probes by hand.
        case notReady(String)
    }

    private let readiness: @Sendable () async -> Readiness
    private let metrics: (@Sendable () async throws -> ByteBuffer)?
    private let metricsToken: SecretAccessKey?

    /// - Parameters:
    ///   - metrics: The metrics in Prometheus's text form; `nil` for none.
    ///   - metricsToken: What a collector beyond this machine must present as its bearer token; without one, metrics
    ///     are shown on this machine only.
    package init(
        readiness: @escaping @Sendable () async -> Readiness,
        metrics: (@Sendable () async throws -> ByteBuffer)? = nil,
        metricsToken: SecretAccessKey? = nil
    ) {
        self.readiness = readiness
        self.metrics = metrics
        self.metricsToken = metricsToken
    }

    package func respond(to request: SurfaceRequest) async throws -> Response {
        guard request.method == .get || request.method == .head else {
            return Self.text(.methodNotAllowed, "Only GET and HEAD are answered here.\n")
        }
        switch request.path {
        case "/health/live":
            return Self.text(.ok, "live\n")
        case "/health/ready":
            switch await self.readiness() {
            case .ready: return Self.text(.ok, "ready\n")
            case .notReady(let reason): return Self.text(.serviceUnavailable, "not ready: \(reason)\n")
            }
        case "/metrics":
            guard let metrics = self.metrics, self.mayReadMetrics(request) else { break }
            return Self.text(.ok, try await metrics(), type: "text/plain; version=0.0.4; charset=utf-8")
        case _:
            break
        }
        return Self.text(.notFound, "There is nothing here.\n")
    }

    /// A request that a proxy passed on comes from wherever it came to the proxy.
    private func mayReadMetrics(_ request: SurfaceRequest) -> Bool {
        if let authorization = request.headers[.authorization], authorization.hasPrefix("Bearer ") {
            return self.metricsToken == SecretAccessKey(String(authorization.dropFirst(7)))
        }
        return request.peer.isLoopback && request.headers[.xForwardedFor] == nil
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        self.text(status, ByteBuffer(string: text), type: "text/plain; charset=utf-8")
    }

    private static func text(_ status: HTTPResponse.Status, _ text: ByteBuffer, type: String) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: text)
        )
    }
}
