// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import HummingbirdCore
package import Logging
internal import NIOHTTP1
internal import PenstockModel

/// The protocols spoken on the one address.
package enum SurfaceName: String, Sendable, Hashable, CaseIterable {
    /// The CodePipeline operations.
    case pipelines
    /// The S3-compatible artifact store.
    case artifacts
    /// The part of STS that tells who one is.
    case identity
    /// What clients cannot express in CodePipeline's operations.
    case administration
    /// Health and metrics.
    case operations
    case webhooks
    case console
}

/// Hands each request to the surface that it is for, by what the request is rather than by host name.
///
/// A signed request says itself what it is for: the service in its credential scope. Unsigned ones reach a few paths;
/// any other goes to the surface whose client most likely sent it, which refuses it in the form that client reads.
package struct ServiceRouter: Sendable {
    private let surfaces: [SurfaceName: any Surface]
    private let accessLog: AccessLog?
    private let logger: Logger

    /// - Parameter accessLog: Gets an entry for each request that is answered; `nil` for none.
    package init(surfaces: [SurfaceName: any Surface], accessLog: AccessLog? = nil, logger: Logger) {
        self.surfaces = surfaces
        self.accessLog = accessLog
        self.logger = logger
    }

    /// The surface that a request is for.
    package static func destination(of request: HTTPRequest) -> SurfaceName {
        switch SignatureHint(request) {
        case .service("codepipeline"): .pipelines
        case .service("s3"): .artifacts
        case .service("sts"): .identity
        case .service("penstock"): .administration
        case .service, .unreadable: self.likelySurface(of: request)
        case .unsigned: self.unsignedSurface(of: request) ?? self.likelySurface(of: request)
        }
    }

    /// Answers a request. Faults of surfaces become a bare 500 here, or 503 where they pass, and are logged.
    package func respond(to request: SurfaceRequest) async throws -> Response {
        let name = Self.destination(of: request.head)
        guard let accessLog = self.accessLog else { return try await self.answer(request, by: name) }
        return try await accessLog.recording(request, for: name) { try await self.answer($0, by: name) }
    }

    private func answer(_ request: SurfaceRequest, by name: SurfaceName) async throws -> Response {
        guard let surface = self.surfaces[name] else {
            return JSONEnvelope.failure(
                code: "UnknownOperationException",
                status: 404,
                message: nil,
                requestID: request.id
            )
        }
        do {
            return try await surface.respond(to: request)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            self.log(error, of: name, in: request)
            if let failure = error as? any TemporaryFailure, failure.isTemporary {
                return JSONEnvelope.unavailable(requestID: request.id)
            }
            return JSONEnvelope.internalFailure(requestID: request.id)
        }
    }

    private func log(_ error: any Error, of surface: SurfaceName, in request: SurfaceRequest) {
        // A client that went away in the middle of its request is nobody's fault.
        self.logger.log(
            level: request.peer.hasLeft ? .debug : .error,
            "A request failed",
            metadata: [
                "request-id": "\(request.id)", "surface": "\(surface.rawValue)", "error": "\(error)",
            ]
        )
    }

    private static func unsignedSurface(of request: HTTPRequest) -> SurfaceName? {
        let path = (request.path ?? "/").prefix { $0 != "?" }
        return switch path {
        case "/health/live", "/health/ready", "/metrics": .operations
        case "/console": .console
        case let path where path.hasPrefix("/console/"): .console
        case let path where path.hasPrefix("/webhooks/"): .webhooks
        case _: nil
        }
    }

    /// For what carries no readable scope: the API by its target header, STS by its form, and S3 for the rest.
    private static func likelySurface(of request: HTTPRequest) -> SurfaceName {
        if let target = request.headerFields[.xAmzTarget] {
            return target.hasPrefix("Penstock_") ? .administration : .pipelines
        }
        guard request.method == .post, (request.path ?? "/").prefix(while: { $0 != "?" }) == "/" else {
            return .artifacts
        }
        let contentType = request.headerFields[.contentType] ?? ""
        if contentType.hasPrefix("application/x-www-form-urlencoded") { return .identity }
        return contentType.hasPrefix("multipart/") ? .artifacts : .pipelines
    }
}
