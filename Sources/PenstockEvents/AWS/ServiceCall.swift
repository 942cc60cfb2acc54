// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import PenstockModel
import PenstockOutbound
import PenstockRuntime
package import PenstockSigning

/// Calls of one service that verifies Signature Version 4.
package struct ServiceCall: Sendable {
    private let client: PinnedClient
    private let signer: Signer
    private let realTime: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - service: As scopes of signatures name it, such as `events` or `sns`.
    ///   - realTime: What signatures are dated by, whatever the service's clock says.
    package init(
        client: PinnedClient,
        credentials: SigningCredentials,
        region: String,
        service: String,
        realTime: @escaping @Sendable () -> Timestamp
    ) {
        self.client = client
        self.signer = Signer(credentials: credentials, region: region, service: service)
        self.realTime = realTime
    }

    var endpoint: EndpointURL { self.client.endpoint }

    /// Posts the body, signed, and returns what a successful answer says.
    func post(
        _ body: [UInt8],
        contentType: String,
        target: String? = nil,
        attempt: Int
    ) async throws(EventSendFailure) -> [UInt8] {
        var request = SignableRequest(
            method: "POST", target: self.endpoint.target, host: self.endpoint.authority,
            headers: [.contentType: contentType])
        if let target, let name = HTTPField.Name("X-Amz-Target") { request.headers[name] = target }
        let seconds = self.realTime().millisecondsSinceEpoch / 1000
        self.signer.sign(
            &request, at: SigningTime(secondsSinceEpoch: seconds), payload: .sha256(PayloadHash(of: body)))
        let headers = request.headers.map { (name: $0.name.rawName, value: $0.value) }
        let answer = try await self.client.post(body, headers: headers, attempt: attempt)
        try answer.requireSuccess(from: self.endpoint)
        return answer.body
    }
}
