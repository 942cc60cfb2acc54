// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// Signs requests with one key for one service in one region.
package struct Signer: Sendable {
    /// Whose key signs.
    package var credentials: SigningCredentials

    /// The region of the scope.
    package var region: String

    /// The service of the scope, such as `codepipeline` or `s3`.
    package var service: String

    /// How paths become canonical; S3 has a rule of its own.
    package var pathRule: PathRule

    /// Makes a signer; the path rule follows from the service when none is given.
    package init(credentials: SigningCredentials, region: String, service: String, pathRule: PathRule? = nil) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.pathRule = pathRule ?? (service == "s3" ? .verbatim : .normalized)
    }

    /// Headers that proxies and connections may change under way, and so are never signed.
    ///
    /// All others are, `content-type` and `content-length` included.
    package static let unsignableHeaders: Set<String> = [
        "authorization", "connection", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
    ]

    /// Signs in the header form: sets `X-Amz-Date`, the session token, the payload's declaration where it is needed,
    /// and `Authorization`; whatever of these was there is replaced.
    ///
    /// - Parameter payload: The body's hash or framing. `x-amz-content-sha256` is sent on S3 and for all that is not
    ///   simply a hash; the JSON services compute the hash themselves.
    /// - Returns: Where the chain of a streamed body's signatures starts.
    @discardableResult
    package func sign(
        _ request: inout SignableRequest, at time: SigningTime, payload: PayloadDeclaration
    ) -> ChunkSigningContext {
        request.headers[.authorization] = nil
        request.headers[.xAmzDate] = time.basicFormat
        request.headers[.xAmzSecurityToken] = self.credentials.sessionToken
        if case .sha256 = payload, self.service != "s3" {
            // Left as the caller has it: present or not, the canonical request ends with the hash.
        } else {
            request.headers[.xAmzContentSHA256] = payload.headerValue
        }
        let scope = self.scope(at: time)
        let signedHeaders = Self.signedHeaders(of: request)
        let context = self.sign(request, signedHeaders: signedHeaders, scope: scope, at: time, payload: payload)
        request.headers[.authorization] =
            "\(signatureAlgorithm) Credential=\(self.credentials.accessKeyID)/\(scope), "
            + "SignedHeaders=\(signedHeaders.joined(separator: ";")), "
            + "Signature=\(String(decoding: context.seedSignature, as: UTF8.self))"
        return context
    }

    /// Signs in the query form: appends to the query what a presigned URL needs.
    ///
    /// - Parameters:
    ///   - expirySeconds: How long the URL lives, from 1 to 604,800 seconds.
    ///   - payload: What the canonical request ends with; on S3 that is `.unsigned` as a rule.
    package func presign(
        _ request: inout SignableRequest, at time: SigningTime, expirySeconds: Int64, payload: PayloadDeclaration
    ) {
        precondition((1...SigningLimits.maximumExpirySeconds).contains(expirySeconds), "an expiry is at most a week")
        let scope = self.scope(at: time)
        let signedHeaders = Self.signedHeaders(of: request)
        var parameters = [
            ("X-Amz-Algorithm", signatureAlgorithm),
            ("X-Amz-Credential", "\(self.credentials.accessKeyID)/\(scope)"),
            ("X-Amz-Date", time.basicFormat),
            ("X-Amz-Expires", "\(expirySeconds)"),
            ("X-Amz-SignedHeaders", signedHeaders.joined(separator: ";")),
        ]
        if let token = self.credentials.sessionToken { parameters.append(("X-Amz-Security-Token", token)) }
        for (name, value) in parameters { Self.append(name, value, to: &request.query) }
        let context = self.sign(request, signedHeaders: signedHeaders, scope: scope, at: time, payload: payload)
        Self.append("X-Amz-Signature", String(decoding: context.seedSignature, as: UTF8.self), to: &request.query)
    }

    private func scope(at time: SigningTime) -> CredentialScope {
        CredentialScope(date: time.day, region: self.region, service: self.service)
    }

    private func sign(
        _ request: SignableRequest, signedHeaders: [String], scope: CredentialScope, at time: SigningTime,
        payload: PayloadDeclaration
    ) -> ChunkSigningContext {
        let canonical = CanonicalRequest(
            request, signedHeaders: signedHeaders, payload: payload.headerValue, pathRule: self.pathRule)
        guard let canonical else { preconditionFailure("the signed headers are taken from the request itself") }
        let key = SigningKey(secret: self.credentials.secretAccessKey, scope: scope)
        let signature = key.signature(of: StringToSign(canonical, at: time, scope: scope))
        return ChunkSigningContext(key: key, scope: scope, time: time, seedSignature: signature)
    }

    private static func signedHeaders(of request: SignableRequest) -> [String] {
        let names = Set(request.headers.map(\.name.canonicalName)).subtracting(Self.unsignableHeaders)
        return (names + ["host"]).sorted()
    }

    private static func append(_ name: String, _ value: String, to query: inout String?) {
        let encoded = String(decoding: URIEncoding.encode(value.utf8, keepingSlashes: false), as: UTF8.self)
        let item = "\(name)=\(encoded)"
        query = (query ?? "").isEmpty ? item : "\(query ?? "")&\(item)"
    }
}
