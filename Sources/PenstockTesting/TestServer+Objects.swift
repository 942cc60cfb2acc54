// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import PenstockClient
import PenstockSigning

/// What a test needs of the artifact store: sources to put there, and outputs to look at.
extension TestServer {
    private static let transport = AsyncHTTPClientTransport()

    /// Makes a bucket that keeps versions, as source actions like it.
    ///
    /// - Throws: `ServiceError` for a refusal, such as for a name that is taken.
    public func makeBucket(_ name: String) async throws {
        _ = try await self.request(.put, "/\(name)")
        let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        _ = try await self.request(.put, "/\(name)?versioning", body: Array(versioning.utf8))
    }

    /// Puts an object there; a pipeline whose source it is starts.
    ///
    /// - Returns: The version that was made, if the bucket keeps versions.
    @discardableResult
    public func put(_ bytes: [UInt8], bucket: String, key: String) async throws -> String? {
        let response = try await self.request(.put, Self.path(bucket, key), body: bytes)
        return HTTPField.Name("x-amz-version-id").flatMap { response.headers[$0] }
    }

    /// An object's content; nothing when there is none.
    public func object(bucket: String, key: String) async throws -> [UInt8]? {
        do {
            return try await self.request(.get, Self.path(bucket, key)).body
        } catch let error as ServiceError where error.httpStatus == 404 {
            return nil
        }
    }

    private static func path(_ bucket: String, _ key: String) -> String {
        let key = String(decoding: URIEncoding.encode(key.utf8, keepingSlashes: true), as: UTF8.self)
        return "/\(bucket)/\(key)"
    }

    private func request(
        _ method: HTTPRequest.Method, _ target: String, body: [UInt8] = []
    ) async throws -> (headers: HTTPFields, body: [UInt8]) {
        var signable = SignableRequest(method: method.rawValue, target: target, host: self.endpoint.authority)
        Signer(credentials: self.credentials, region: self.region, service: "s3").sign(
            &signable, at: SigningTime(secondsSinceEpoch: Int64(Date().timeIntervalSince1970)),
            payload: .sha256(PayloadHash(of: body)))
        let head = HTTPRequest(
            method: method, scheme: self.endpoint.scheme, authority: self.endpoint.authority, path: target,
            headerFields: signable.headers)
        let response = try await Self.transport.send(
            TransportRequest(head: head, body: .bytes(body), timeout: .seconds(60)))
        let answer = try await response.body.collect(upTo: 1 << 30)
        guard (200..<300).contains(response.status) else {
            throw ServiceError(
                ExceptionCode(rawValue: "ArtifactStoreRefusal"), String(decoding: answer, as: UTF8.self),
                httpStatus: response.status)
        }
        return (response.headers, answer)
    }
}
