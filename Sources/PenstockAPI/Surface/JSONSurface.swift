// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import HummingbirdCore
internal import Logging
internal import NIOCore
internal import PenstockAccess
package import PenstockHTTP
internal import PenstockModel
package import PenstockRuntime
internal import PenstockSigning
internal import PenstockStore
internal import PenstockWire

/// Operations in the form of AWS JSON 1.1: one POST each, named by the header `X-Amz-Target`.
///
/// The order of checks: size, operation, signature, JSON and types, constraints, rights, and then what the operation
/// itself checks.
package struct JSONSurface: Surface {
    /// The largest body that is read.
    package static let maximumBodyBytes = 4 * 1024 * 1024

    private let targetPrefix: String
    private let service: String
    private let handlers: [String: OperationHandler]
    private let authenticator: Authenticator
    private let context: RuntimeContext
    private let logger: Logger

    /// - Parameters:
    ///   - service: The name in the credential scope, which is that of the actions in policies as well.
    ///   - targetPrefix: The text before the dot of `X-Amz-Target`.
    package init(
        service: String,
        targetPrefix: String,
        handlers: [OperationHandler],
        foundation: Authenticator.Foundation,
        context: RuntimeContext
    ) {
        self.targetPrefix = targetPrefix
        self.service = service
        self.handlers = Dictionary(uniqueKeysWithValues: handlers.map { ("\(targetPrefix).\($0.name)", $0) })
        self.authenticator = Authenticator(foundation, policy: .api(service: service))
        self.context = context
        self.logger = context.logger
    }

    package func respond(to request: SurfaceRequest) async throws -> Response {
        do {
            return try await self.answer(request)
        } catch let error as BodyTooLarge {
            return JSONEnvelope.bodyTooLarge(error, requestID: request.id)
        } catch let error as AuthenticationError {
            return JSONEnvelope.failure(error.apiFault, requestID: request.id)
        } catch let error as ServiceException {
            return Self.failure(error, request.id)
        } catch let error as WireError {
            return Self.failure(error.exception, request.id)
        } catch let error as Rejection {
            return Self.failure(ServiceException(error), request.id)
        } catch let error as any TemporaryFailure where error.isTemporary {
            self.logger.error(
                "A request was not served", metadata: ["request-id": "\(request.id)", "error": "\(error)"])
            return JSONEnvelope.unavailable(requestID: request.id)
        }
    }

    private func answer(_ request: SurfaceRequest) async throws -> Response {
        let body = try await request.collectBody(limit: Self.maximumBodyBytes)
        let handler = try self.handler(for: request)
        request.note?.name(operation: handler.name)
        let caller = try await self.authenticator.authenticate(request, body: body.readableBytesView)
        let call = try APICall(caller, request, service: self.service, of: self.context)
        do {
            let answer = try await Self.run(handler, Array(body.readableBytesView), call, request.peer)
            return JSONEnvelope.success(ByteBuffer(bytes: answer), requestID: request.id)
        } catch let denial as AccessDenial {
            try await self.record(denial, handler.name, call)
            throw ServiceException(.accessDenied, denial.description)
        }
    }

    /// A poll that is held ends with its connection: whoever has left must not be given a job.
    private static func run(
        _ handler: OperationHandler,
        _ body: [UInt8],
        _ call: APICall,
        _ peer: Peer
    ) async throws -> [UInt8] {
        guard call.maximumWait > .zero else { return try await handler.run(body, call) }
        return try await peer.cancellingOnDeparture { try await handler.run(body, call) }
    }

    private func handler(for request: SurfaceRequest) throws -> OperationHandler {
        guard request.method == .post, let target = request.headers.value(of: .xAmzTarget) else {
            throw ServiceException(
                .unknownOperation, "Operations are called by POST with X-Amz-Target", httpStatus: 404)
        }
        guard let handler = self.handlers[target] else {
            throw ServiceException(.unknownOperation, "There is no operation of this name")
        }
        return handler
    }

    /// Records a denial in a transaction of its own.
    private func record(_ denial: AccessDenial, _ operation: String, _ call: APICall) async throws {
        let row = AuditRow(
            at: self.context.clock.now,
            scope: call.scope,
            principal: denial.principalARN,
            operation: operation,
            resource: denial.resource,
            outcome: "denied",
            requestID: call.context.requestID
        )
        try await self.context.store.write { try $0.insertAuditEntry(row) }
    }

    private static func failure(_ exception: ServiceException, _ id: RequestID) -> Response {
        JSONEnvelope.failure(
            code: exception.code.rawValue,
            status: exception.httpStatus,
            message: exception.message,
            requestID: id
        )
    }
}
