// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import PenstockClient
internal import PenstockModel
internal import PenstockServer
internal import PenstockSigning

/// The few requests that the customer of the demo makes to the artifact store.
struct DemoBucket: Sendable {
    let endpoint: Endpoint
    let credentials: SigningCredentials
    let transport: any HTTPTransport

    /// Makes the bucket, which keeps every version of its objects.
    func create() async throws {
        _ = try await self.put("/\(DemoDeclarations.bucket)")
        let versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        _ = try await self.put("/\(DemoDeclarations.bucket)", query: "versioning=", Array(versioning.utf8))
    }

    /// Puts the object, and returns the id of its version.
    func upload(_ content: [UInt8]) async throws -> String {
        let answer = try await self.put("/\(DemoDeclarations.bucket)/\(DemoDeclarations.object)", content)
        let version = HTTPField.Name("x-amz-version-id").flatMap { answer.headers[$0] }
        guard let version else { throw CommandFailure("the artifact store named no version of what was put") }
        return version
    }

    private func put(_ path: String, query: String? = nil, _ body: [UInt8] = []) async throws -> TransportResponse {
        let target = query.map { "\(path)?\($0)" } ?? path
        var signable = SignableRequest(method: "PUT", target: target, host: self.endpoint.authority)
        Signer(credentials: self.credentials, region: DemoDeclarations.region, service: "s3").sign(
            &signable,
            at: SigningTime(secondsSinceEpoch: SystemServiceClock.now.millisecondsSinceEpoch / 1000),
            payload: .sha256(PayloadHash(of: body))
        )
        let head = HTTPRequest(
            method: .put,
            scheme: self.endpoint.scheme,
            authority: self.endpoint.authority,
            path: target,
            headerFields: signable.headers
        )
        let request = TransportRequest(head: head, body: .bytes(body), timeout: .seconds(20))
        let answer = try await self.transport.send(request)
        guard answer.status == 200 else {
            let text = String(decoding: try await answer.body.collect(upTo: 1 << 16), as: UTF8.self)
            throw CommandFailure("the artifact store answered \(answer.status) to PUT \(target): \(text)")
        }
        _ = try await answer.body.collect(upTo: 1 << 16)
        return answer
    }
}
