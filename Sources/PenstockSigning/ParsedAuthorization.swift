// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes

/// What a request says about who signed it, read but not yet believed.
///
/// Reading and verifying are two steps, so that the key can be looked up between them.
package struct ParsedAuthorization: Sendable, Hashable {
    /// Where the signature is.
    package enum Form: Sendable, Hashable {
        /// In the `Authorization` header.
        case header
        /// In the query of a presigned URL.
        case query
    }

    /// Where the signature was found.
    package let form: Form

    /// Whose key is said to have signed.
    package let accessKeyID: String

    /// What the key is scoped to; its service tells which surface is addressed.
    package let scope: CredentialScope

    /// The names of the signed headers, as the client lists them.
    package let signedHeaders: [String]

    /// When the request was signed.
    package let time: SigningTime

    /// How long a presigned URL lives from ``time`` on; nothing in the header form.
    package let expirySeconds: Int64?

    /// The token of temporary credentials, to be checked with the access key.
    package let sessionToken: String?

    /// The signature's characters. What is no signature simply never matches.
    let signature: [UInt8]

    /// Reads the authorization of a request.
    ///
    /// - Throws: `.missing` when there is none, so that a surface with anonymous access can tell; else what is wrong
    ///   with its form. Nothing here depends on keys or clocks.
    package init(_ request: SignableRequest) throws(AuthenticationError) {
        let query = RequestQuery(request.query)
        let isPresigned = ["X-Amz-Algorithm", "X-Amz-Signature", "X-Amz-Credential"].contains(where: query.contains)
        let headers = request.headers[values: .authorization]
        guard let header = headers.first else {
            guard isPresigned else {
                if query.contains("AWSAccessKeyId"), query.contains("Signature") {
                    throw .unsupportedAlgorithm(.header)
                }
                throw .missing
            }
            try self.init(query: query)
            return
        }
        guard !isPresigned, headers.count == 1 else { throw .ambiguous(.header) }
        try self.init(header: header, fields: request.headers)
    }

    private init(header: String, fields: HTTPFields) throws(AuthenticationError) {
        guard header.utf8.count <= SigningLimits.maximumAuthorizationLength else {
            throw .incomplete(.header, missing: [.credential, .signature, .signedHeaders])
        }
        let parts = try AuthorizationHeader(header)
        let dates = fields[values: .xAmzDate]
        let fallbackDates = fields[values: .date]
        var missing: [AuthenticationError.Part] = []
        if parts.credential?.isEmpty ?? true { missing.append(.credential) }
        if parts.signature?.isEmpty ?? true { missing.append(.signature) }
        if parts.signedHeaders?.isEmpty ?? true { missing.append(.signedHeaders) }
        if dates.isEmpty, fallbackDates.isEmpty { missing.append(.date) }
        guard let credential = parts.credential, let signature = parts.signature,
            let signedHeaders = parts.signedHeaders, missing.isEmpty
        else { throw .incomplete(.header, missing: missing) }

        self.form = .header
        (self.accessKeyID, self.scope) = try Self.parseCredential(credential, form: .header)
        self.signedHeaders = try Self.parseSignedHeaders(signedHeaders, form: .header)
        self.signature = Array(signature)
        let time: SigningTime?
        if let date = dates.first {
            time = dates.count == 1 ? SigningTime(basicFormat: date) : nil
        } else if let date = fallbackDates.first, fallbackDates.count == 1 {
            time = SigningTime(httpDate: date) ?? SigningTime(basicFormat: date)
        } else {
            time = nil
        }
        guard let time else { throw .malformedDate(.header) }
        self.time = time
        self.expirySeconds = nil
        let tokens = fields[values: .xAmzSecurityToken]
        guard tokens.count <= 1 else { throw .ambiguous(.header) }
        self.sessionToken = tokens.first
    }

    private init(query: RequestQuery) throws(AuthenticationError) {
        func single(_ name: String) throws(AuthenticationError) -> String? {
            let values = query.values(of: name)
            guard values.count <= 1 else { throw .ambiguous(.query) }
            return values.first
        }
        let algorithm = try single("X-Amz-Algorithm")
        let credential = try single("X-Amz-Credential")
        let date = try single("X-Amz-Date")
        let expires = try single("X-Amz-Expires")
        let signedHeaders = try single("X-Amz-SignedHeaders")
        let signature = try single("X-Amz-Signature")
        let token = try single("X-Amz-Security-Token")

        if let algorithm, algorithm != signatureAlgorithm { throw .unsupportedAlgorithm(.query) }
        let parts: [(AuthenticationError.Part, String?)] = [
            (.credential, credential), (.signature, signature), (.signedHeaders, signedHeaders), (.date, date),
            (.algorithm, algorithm), (.expires, expires),
        ]
        let missing = parts.filter { $0.1?.isEmpty ?? true }.map(\.0)
        guard let credential, let date, let expires, let signedHeaders, let signature, missing.isEmpty else {
            throw .incomplete(.query, missing: missing)
        }

        self.form = .query
        (self.accessKeyID, self.scope) = try Self.parseCredential(Array(credential.utf8)[...], form: .query)
        self.signedHeaders = try Self.parseSignedHeaders(Array(signedHeaders.utf8)[...], form: .query)
        self.signature = Array(signature.utf8)
        guard let time = SigningTime(basicFormat: date) else { throw .malformedDate(.query) }
        self.time = time
        guard let seconds = Int64(expires) else { throw .invalidExpiry(.notANumber) }
        guard seconds > 0 else { throw .invalidExpiry(.notPositive) }
        guard seconds <= SigningLimits.maximumExpirySeconds else { throw .invalidExpiry(.tooLong) }
        self.expirySeconds = seconds
        self.sessionToken = token
    }

    /// Reads `key/date/region/service/aws4_request`; the key may itself hold slashes.
    private static func parseCredential(
        _ text: ArraySlice<UInt8>, form: Form
    ) throws(AuthenticationError) -> (accessKeyID: String, scope: CredentialScope) {
        // Date, region, service and terminator, taken from the end, since the key may hold slashes.
        var tail = ["", "", "", ""]
        var rest = text
        for number in tail.indices.reversed() {
            guard let slash = rest.lastIndex(of: UInt8(ascii: "/")) else { throw .malformedCredential(form) }
            tail[number] = String(decoding: rest[(slash + 1)...], as: UTF8.self)
            rest = rest[..<slash]
        }
        let accessKeyID = rest
        guard !accessKeyID.isEmpty, accessKeyID.count <= SigningLimits.maximumAccessKeyIDLength,
            tail[0].utf8.count == 8, tail[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            tail[2].utf8.count <= SigningLimits.maximumScopePartLength, !tail[2].isEmpty, !accessKeyID.contains(0)
        else { throw .malformedCredential(form) }
        guard tail[3] == CredentialScope.terminator else { throw .wrongTerminator(form) }
        return (
            String(decoding: accessKeyID, as: UTF8.self),
            CredentialScope(date: tail[0], region: tail[1], service: tail[2])
        )
    }

    private static func parseSignedHeaders(
        _ text: ArraySlice<UInt8>, form: Form
    ) throws(AuthenticationError) -> [String] {
        var names: [String] = []
        names.reserveCapacity(8)
        var position = text.startIndex
        repeat {
            let name = text[position...].upTo(UInt8(ascii: ";"))
            names.append(String(decoding: name, as: UTF8.self))
            position = name.endIndex + 1
        } while position <= text.endIndex
        guard names.count <= SigningLimits.maximumSignedHeaders, names.allSatisfy({ !$0.isEmpty }),
            !Self.hasRepetition(in: names)
        else { throw .malformedSignedHeaders(form) }
        return names
    }

    /// Names that come in ascending order, as signers write them, are told apart without a set.
    private static func hasRepetition(in names: [String]) -> Bool {
        let areAscending = zip(names, names.dropFirst()).allSatisfy { $0 < $1 }
        return !areAscending && Set(names).count != names.count
    }
}
