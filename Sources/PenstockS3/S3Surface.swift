// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import HummingbirdCore
package import Logging
import NIOCore
import NIOHTTP1
import PenstockAccess
package import PenstockArtifacts
package import PenstockHTTP
package import PenstockModel
import PenstockSigning

/// The S3-compatible surface of the artifact store.
///
/// A request passes these steps: 1. its signature is verified; 2. its address and operation are read; 3. the principal's
/// permission is decided; 4. the operation runs. Whatever refuses answers with S3's error document; a denial is recorded
/// first.
package struct S3Surface: Surface {
    let store: ArtifactStore
    private let authenticator: Authenticator
    private let virtualHosts: [String]
    private let recordDenials: S3Denial.Recorder
    private let now: @Sendable () -> Timestamp
    private let logger: Logger

    /// - Parameters:
    ///   - virtualHosts: Host names beneath which a bucket's name may stand, as in `bucket.artifacts.example.com`.
    ///   - now: The service's clock, for the conditions of policies.
    package init(
        store: ArtifactStore,
        foundation: Authenticator.Foundation,
        virtualHosts: [String] = [],
        recordDenials: @escaping S3Denial.Recorder,
        now: @escaping @Sendable () -> Timestamp,
        logger: Logger
    ) {
        self.store = store
        self.authenticator = Authenticator(foundation, policy: .s3())
        self.virtualHosts = virtualHosts
        self.recordDenials = recordDenials
        self.now = now
        self.logger = logger
    }

    package func respond(to request: SurfaceRequest) async throws -> Response {
        var response: Response
        do {
            response = try await self.answer(request)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            response = self.failure(error, request)
        }
        response.headers[.xAmzRequestID] = request.id.description
        response.headers[.xAmzID2] = request.id.description
        return response
    }

    private func answer(_ request: SurfaceRequest) async throws -> Response {
        let caller = try await self.authenticator.authenticate(request)
        let address = try S3Address(
            path: request.path, host: request.signable.host, virtualHosts: self.virtualHosts
        )
        let query = try S3Query(request.query)
        let operation = try S3Operation.parse(
            method: request.method, address: address, query: query, headers: request.headers
        )
        request.note?.name(operation: operation.name)
        let call = S3Call(
            request: request, caller: caller, address: address, query: query, operation: operation, store: self.store,
            now: self.now(), recordDenials: self.recordDenials
        )
        do {
            return try await call.perform()
        } catch let error where S3Error(refusal: error)?.code == S3Error.accessDenied.code {
            try await call.record(error)
            throw error
        }
    }

    private func failure(_ error: any Error, _ request: SurfaceRequest) -> Response {
        let refusal = S3Error(refusal: error)
        // A client may try again and again; that content is lost is for somebody to look at.
        if refusal == nil || error as? ArtifactError == .contentMissing {
            self.logger.log(
                level: request.peer.hasLeft ? .debug : .error,
                "A request to the artifact store failed",
                metadata: ["request-id": "\(request.id)", "error": "\(error)"]
            )
        }
        let told = refusal ?? S3Error(fault: error)
        var headers = told.headers
        headers[.contentType] = "application/xml"
        // A client that waits to be asked for its body may or may not still send it once it is refused, so where the
        // next request begins cannot be told.
        if request.headers[.expect] != nil { headers[.connection] = "close" }
        let body = XMLWriter.error { xml in
            xml.element("Code", told.code)
            xml.element("Message", told.message)
            for detail in told.details { xml.element(detail.key, detail.value) }
            xml.element("Resource", String(request.path.prefix(2048)))
            xml.element("RequestId", request.id.description)
            xml.element("HostId", request.id.description)
        }
        return Response(
            status: HTTPResponse.Status(code: told.status), headers: headers, body: ResponseBody(byteBuffer: body)
        )
    }
}
