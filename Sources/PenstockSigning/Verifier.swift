// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// What a surface asks of a signature.
package struct VerificationPolicy: Sendable, Hashable {
    /// How a surface treats the hash of a body.
    package enum PayloadRule: Sendable, Hashable {
        /// The body is at hand and its hash is signed, declared or not.
        case wholeBody
        /// The body comes later: a header must declare its hash or its framing. Presigned URLs may leave that out.
        case declared(allowsUnsigned: Bool)
    }

    /// The service that a scope must name.
    package var service: String

    /// The regions that a scope may name; nothing for any that looks like one.
    package var regions: Set<String>?

    /// How paths become canonical.
    package var pathRule: PathRule

    /// How bodies are vouched for.
    package var payloadRule: PayloadRule

    /// How far a request's date may be from the verifier's clock, either way.
    package var toleratedSkewSeconds: Int64

    /// Host names by which clients know the service, when a proxy in front of it changes `Host`.
    package var publicHosts: [String]

    /// Makes a policy.
    package init(
        service: String, regions: Set<String>? = nil, pathRule: PathRule, payloadRule: PayloadRule,
        toleratedSkewSeconds: Int64 = 15 * 60, publicHosts: [String] = []
    ) {
        self.service = service
        self.regions = regions
        self.pathRule = pathRule
        self.payloadRule = payloadRule
        self.toleratedSkewSeconds = toleratedSkewSeconds
        self.publicHosts = publicHosts
    }

    /// The policy of a JSON service: the body is read whole and must be signed.
    package static func api(service: String = "codepipeline") -> Self {
        Self(service: service, pathRule: .normalized, payloadRule: .wholeBody)
    }

    /// The policy of the artifact store's surface.
    package static func s3(allowsUnsignedPayload: Bool = true) -> Self {
        Self(
            service: "s3", pathRule: .verbatim, payloadRule: .declared(allowsUnsigned: allowsUnsignedPayload))
    }
}

/// The outcome of looking an access key up.
package enum AccessKeyLookup: Sendable, Hashable {
    /// The key may sign.
    case active(SecretAccessKey)
    /// The key's session is over; said to the client only once its signature has proven to be right.
    case expired(SecretAccessKey)
    /// There is no such key, or its session token is not the one issued with it.
    case unknown
}

/// A request whose signature is right.
package struct VerifiedRequest: Sendable {
    /// Who signed.
    package let accessKeyID: String

    /// What the signature was scoped to.
    package let scope: CredentialScope

    /// When it was signed.
    package let time: SigningTime

    /// What the client vouches for in the body.
    ///
    /// With `.sha256` under ``VerificationPolicy/PayloadRule/declared(allowsUnsigned:)`` the body is still to be hashed
    /// and compared; with a streaming form it is to be read through an ``AWSChunkedDecoder``.
    package let payload: PayloadDeclaration

    /// Where the chain of a streamed body's signatures starts.
    package let chunkSigning: ChunkSigningContext
}

/// What ``Verifier/check(_:of:at:)`` has found right, as far as that can be told without a key. For the same verifier.
package struct CheckedAuthorization: Sendable {
    fileprivate let authorization: ParsedAuthorization
    fileprivate let request: SignableRequest
}

/// Decides whether a signature is right. Holds no state but its cache of derived keys, and is safe to share.
package struct Verifier: Sendable {
    /// What is asked of a signature.
    package var policy: VerificationPolicy

    private let cache: SigningKeyCache

    /// Stands in for the secret of keys that do not exist, so that refusing them is as much work. Never believed.
    private static let dummySecret = SecretAccessKey("no key has this secret; it only takes the same time")

    /// Makes a verifier; verifiers of several surfaces may share a cache.
    package init(policy: VerificationPolicy, cache: SigningKeyCache) {
        self.policy = policy
        self.cache = cache
    }

    /// Checks what needs no key: scope, date, and which headers are signed. A server does it before it looks the key up.
    package func check(
        _ authorization: ParsedAuthorization, of request: SignableRequest, at now: SigningTime
    ) throws(AuthenticationError) -> CheckedAuthorization {
        try self.checkScope(authorization)
        try self.checkTime(authorization, at: now)
        try Self.checkSignedHeaders(authorization, of: request)
        return CheckedAuthorization(authorization: authorization, request: request)
    }

    /// Verifies a request's signature.
    ///
    /// A wrong signature and an unknown key cost the same: each compares every canonical form with a key that is
    /// derived in the call, cached or not.
    ///
    /// - Parameters:
    ///   - bodyHash: The hash of the body that was received. Required by the `.wholeBody` rule; with `.declared` it may
    ///     be left out, and is compared by the caller when the body has ended.
    ///   - key: What the lookup of ``ParsedAuthorization/accessKeyID`` and its session token gave.
    package func verify(
        _ checked: CheckedAuthorization, bodyHash: PayloadHash?, key: AccessKeyLookup
    ) throws(AuthenticationError) -> VerifiedRequest {
        let (authorization, request) = (checked.authorization, checked.request)
        let (payload, payloadLine) = try self.payload(of: request, authorization: authorization, bodyHash: bodyHash)
        let forms = CanonicalRequest.candidates(
            request, hosts: self.hosts(for: request.host), signedHeaders: authorization.signedHeaders,
            payload: payloadLine, pathRule: self.policy.pathRule)

        let secret: SecretAccessKey
        switch key {
        case .active(let found), .expired(let found): secret = found
        case .unknown: secret = Self.dummySecret
        }
        let cacheKey = SigningKeyCache.Key(
            accessKeyID: authorization.accessKeyID, secretFingerprint: secret.fingerprint, scope: authorization.scope)
        let cached = self.cache.find(cacheKey)
        let signingKey = cached ?? SigningKey(secret: secret, scope: authorization.scope)
        let isRight = forms.contains { form in
            let text = StringToSign(form, at: authorization.time, scope: authorization.scope)
            return isEqualInConstantTime(signingKey.signature(of: text), authorization.signature)
        }
        guard isRight, key != .unknown else {
            if cached != nil {
                // A cached key tells that the access key exists, so its head start is given back.
                withExtendedLifetime(SigningKey(secret: secret, scope: authorization.scope)) {}
            }
            guard key == .unknown else { throw .signatureMismatch }
            throw authorization.sessionToken == nil ? .unknownAccessKey : .invalidToken
        }
        if cached == nil { self.cache.insert(signingKey, for: cacheKey) }
        if case .expired = key { throw .expiredToken }
        if case .sha256(let declared) = payload, let bodyHash, declared != bodyHash { throw .payloadMismatch }
        return VerifiedRequest(
            accessKeyID: authorization.accessKeyID, scope: authorization.scope, time: authorization.time,
            payload: payload,
            chunkSigning: ChunkSigningContext(
                key: signingKey, scope: authorization.scope, time: authorization.time,
                seedSignature: authorization.signature))
    }

    private func checkScope(_ authorization: ParsedAuthorization) throws(AuthenticationError) {
        let scope = authorization.scope
        let form = authorization.form
        guard scope.service == self.policy.service else { throw .wrongService(form, expected: self.policy.service) }
        if let regions = self.policy.regions {
            guard regions.contains(scope.region) else { throw .wrongRegion(form) }
        }
        let isRegion = scope.region.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
        }
        guard isRegion, !scope.region.isEmpty, scope.region.utf8.count <= SigningLimits.maximumScopePartLength else {
            throw .wrongRegion(form)
        }
        guard scope.date == authorization.time.day else {
            throw .wrongScopeDate(form, scope: scope.date, request: authorization.time.basicFormat)
        }
    }

    private func checkTime(
        _ authorization: ParsedAuthorization, at now: SigningTime
    ) throws(AuthenticationError) {
        let signed = authorization.time
        let tolerance = self.policy.toleratedSkewSeconds
        let lifetime = authorization.expirySeconds ?? tolerance
        guard now <= signed.advanced(bySeconds: lifetime) else {
            throw .expired(authorization.form, signed: signed, now: now, allowedSeconds: lifetime)
        }
        guard signed <= now.advanced(bySeconds: tolerance) else {
            throw .notYetCurrent(authorization.form, signed: signed, now: now, allowedSeconds: tolerance)
        }
    }

    /// `host` and each `x-amz-*` header present must be signed, and each signed header present; nothing more.
    private static func checkSignedHeaders(
        _ authorization: ParsedAuthorization, of request: SignableRequest
    ) throws(AuthenticationError) {
        guard authorization.signedHeaders.contains("host") else { throw .unsignedHeader("Host") }
        for field in request.headers where field.name.canonicalName.hasPrefix("x-amz-") {
            guard authorization.signedHeaders.contains(field.name.canonicalName) else {
                throw .unsignedHeader(field.name.canonicalName)
            }
        }
        for name in authorization.signedHeaders where name != "host" {
            guard request.headers.contains(where: { $0.name.canonicalName == name }) else {
                throw .absentSignedHeader(name)
            }
        }
    }

    /// What the request declares of its body, and the canonical request's last line.
    private func payload(
        of request: SignableRequest, authorization: ParsedAuthorization, bodyHash: PayloadHash?
    ) throws(AuthenticationError) -> (PayloadDeclaration, line: String) {
        let headers = request.headers[values: .xAmzContentSHA256]
        guard headers.count <= 1 else { throw .malformedPayloadHash }
        var declared = headers.first
        if declared == nil, authorization.form == .query {
            let values = RequestQuery(request.query).values(of: "X-Amz-Content-Sha256")
            guard values.count <= 1 else { throw .malformedPayloadHash }
            declared = values.first
        }
        if let declared {
            guard let payload = PayloadDeclaration(headerValue: declared) else { throw .malformedPayloadHash }
            switch (self.policy.payloadRule, payload) {
            case (_, .sha256), (.declared, .streamingSigned), (.declared, .streamingSignedTrailer),
                (.declared(allowsUnsigned: true), .unsigned),
                (.declared(allowsUnsigned: true), .streamingUnsignedTrailer):
                break
            case (.wholeBody, _), (.declared(allowsUnsigned: false), .unsigned),
                (.declared(allowsUnsigned: false), .streamingUnsignedTrailer):
                throw .unsignedPayload
            }
            return (payload, declared)
        }
        switch (self.policy.payloadRule, authorization.form) {
        case (.wholeBody, _):
            guard let bodyHash else { throw .missingPayloadHash }
            return (.sha256(bodyHash), bodyHash.description)
        case (.declared(let allowsUnsigned), .query):
            guard allowsUnsigned else { throw .unsignedPayload }
            return (.unsigned, PayloadDeclaration.unsigned.headerValue)
        case (.declared, .header):
            throw .missingPayloadHash
        }
    }

    /// The host names under which the client may have signed, each once: clients leave default ports out.
    private func hosts(for received: String) -> [String] {
        var hosts: [String] = []
        for host in [received] + self.policy.publicHosts {
            for spelling in [host, Self.withoutDefaultPort(host)] where !hosts.contains(spelling) {
                hosts.append(spelling)
            }
        }
        return hosts
    }

    private static func withoutDefaultPort(_ host: String) -> String {
        for port in [":80", ":443"] where host.hasSuffix(port) { return String(host.dropLast(port.count)) }
        return host
    }
}
