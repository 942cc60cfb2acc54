// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Why a request's signature is refused. No case carries a secret, a signature or what was computed instead of it.
package enum AuthenticationError: Error, Sendable, Hashable {
    /// What an authorization consists of, in the order in which its absence is reported.
    package enum Part: String, Sendable, Hashable, CaseIterable {
        case credential = "Credential"
        case signature = "Signature"
        case signedHeaders = "SignedHeaders"
        case date = "Date"
        case algorithm = "Algorithm"
        case expires = "Expires"
    }

    /// What is wrong with a presigned URL's lifetime.
    package enum ExpiryProblem: Sendable, Hashable {
        case notANumber, notPositive, tooLong
    }

    /// Neither an `Authorization` header nor a presigned query, or a scheme that is not a signature's.
    case missing
    /// Another version or algorithm of signatures.
    case unsupportedAlgorithm(ParsedAuthorization.Form)
    /// Both forms at once, or one of their parts twice.
    case ambiguous(ParsedAuthorization.Form)
    /// Parts of the authorization are absent or empty.
    case incomplete(ParsedAuthorization.Form, missing: [Part])
    /// The credential is not `key/date/region/service/aws4_request`.
    case malformedCredential(ParsedAuthorization.Form)
    /// The list of signed headers has an impossible entry or too many.
    case malformedSignedHeaders(ParsedAuthorization.Form)
    /// The request's date is there and cannot be read.
    case malformedDate(ParsedAuthorization.Form)
    /// `X-Amz-Expires` is out of its bounds.
    case invalidExpiry(ExpiryProblem)
    /// The scope's last element is not `aws4_request`.
    case wrongTerminator(ParsedAuthorization.Form)
    /// The scope's date is not the request's day.
    case wrongScopeDate(ParsedAuthorization.Form, scope: String, request: String)
    /// The scope names another service than the one addressed.
    case wrongService(ParsedAuthorization.Form, expected: String)
    /// The scope's region is none that is served.
    case wrongRegion(ParsedAuthorization.Form)
    /// A header that must be signed is not.
    case unsignedHeader(String)
    /// A header that is listed as signed is not in the request.
    case absentSignedHeader(String)
    /// The request was signed longer ago than is tolerated, or its presigned lifetime is over.
    case expired(ParsedAuthorization.Form, signed: SigningTime, now: SigningTime, allowedSeconds: Int64)
    /// The request was signed further in the future than is tolerated.
    case notYetCurrent(ParsedAuthorization.Form, signed: SigningTime, now: SigningTime, allowedSeconds: Int64)
    /// No such access key, or it is not active.
    case unknownAccessKey
    /// The session token was never issued, or not with this access key.
    case invalidToken
    /// The session token was good, and is no more.
    case expiredToken
    /// The signature is not the one that the key makes of this request.
    case signatureMismatch
    /// `x-amz-content-sha256` is absent where it must be sent.
    case missingPayloadHash
    /// `x-amz-content-sha256` is neither a hash nor a known keyword.
    case malformedPayloadHash
    /// The request does not sign its body, and this service wants that it does.
    case unsignedPayload
    /// The body is not the one that was signed.
    case payloadMismatch
}

/// An error as its surface tells it: a code, a status and a sentence for the caller's eyes.
package struct AuthenticationFault: Error, Sendable, Hashable {
    /// The exception's name on the wire.
    package var code: String

    /// The HTTP status.
    package var status: Int

    /// The text, free of secrets.
    package var message: String

    init(_ code: String, _ status: Int, _ message: String) {
        self.code = code
        self.status = status
        self.message = message
    }
}

extension AuthenticationError {
    /// The error as the JSON services tell it; the status is always 400.
    ///
    /// Source: AWS CodePipeline API Reference, Common Errors; IAM User Guide, Troubleshooting signature errors.
    package var apiFault: AuthenticationFault {
        switch self {
        case .missing:
            .init("MissingAuthenticationTokenException", 400, "Missing Authentication Token")
        case .unsupportedAlgorithm:
            .incomplete("Unsupported AWS 'algorithm': only 'AWS4-HMAC-SHA256' is supported.")
        case .ambiguous:
            .incomplete("The request must carry exactly one signature.")
        case .incomplete(let form, let missing):
            .incomplete(missing.map { Self.requirement(of: $0, in: form) }.joined(separator: " "))
        case .malformedCredential:
            .incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
        case .malformedSignedHeaders:
            .incomplete("SignedHeaders must be a list of header names joined by ';'.")
        case .malformedDate:
            .incomplete("Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z.")
        case .invalidExpiry(let problem):
            .incomplete(Self.text(of: problem))
        case .wrongTerminator:
            .invalidSignature("Credential should be scoped with a valid terminator: 'aws4_request'.")
        case .wrongScopeDate(_, let scope, let request):
            .invalidSignature(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                    + "'\(scope)' != '\(request.prefix(8))', from '\(request)'.")
        case .wrongService(_, let expected):
            .invalidSignature("Credential should be scoped to correct service: '\(expected)'.")
        case .wrongRegion:
            .invalidSignature("Credential should be scoped to a valid region.")
        case .unsignedHeader(let name):
            .invalidSignature("'\(name)' must be a 'SignedHeader' in the AWS Authorization.")
        case .absentSignedHeader(let name):
            .invalidSignature("'\(name)' is a 'SignedHeader' in the AWS Authorization and not in the request.")
        case .expired(.header, let signed, let now, let allowed):
            .invalidSignature(
                "Signature expired: \(signed.basicFormat) is now earlier than "
                    + "\(now.advanced(bySeconds: -allowed).basicFormat) "
                    + "(\(now.basicFormat) - \(Self.duration(allowed)).)")
        case .expired(.query, let signed, let now, let allowed):
            .invalidSignature(
                "Signature expired: \(signed.advanced(bySeconds: allowed).basicFormat) is now earlier than "
                    + "\(now.basicFormat) (\(signed.basicFormat) + \(Self.duration(allowed)).)")
        case .notYetCurrent(_, let signed, let now, let allowed):
            .invalidSignature(
                "Signature not yet current: \(signed.basicFormat) is still later than "
                    + "\(now.advanced(bySeconds: allowed).basicFormat) "
                    + "(\(now.basicFormat) + \(Self.duration(allowed)).)")
        case .unknownAccessKey, .invalidToken:
            .init("UnrecognizedClientException", 400, "The security token included in the request is invalid.")
        case .expiredToken:
            .init("ExpiredTokenException", 400, "The security token included in the request is expired")
        case .signatureMismatch:
            .invalidSignature(Self.mismatchText)
        case .payloadMismatch:
            .invalidSignature("\(Self.mismatchText) The body does not match 'x-amz-content-sha256'.")
        case .missingPayloadHash, .malformedPayloadHash:
            .invalidSignature("'x-amz-content-sha256' must be the hexadecimal SHA-256 of the body.")
        case .unsignedPayload:
            .invalidSignature("This service wants signed payloads: send the SHA-256 of the body or no such header.")
        }
    }

    /// The error as S3 tells it.
    ///
    /// Source: Amazon S3 API Reference, Error responses.
    package var s3Fault: AuthenticationFault {
        switch self {
        case .missing:
            .init("AccessDenied", 403, "Access Denied")
        case .unsupportedAlgorithm(.header):
            .init(
                "InvalidRequest", 400,
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
                    + " Clients that choose an older one for presigned URLs have a setting for it: signature_version ="
                    + " s3v4.")
        case .unsupportedAlgorithm(.query):
            .malformed(.query, "X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
        case .ambiguous:
            .init(
                "InvalidArgument", 400,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                    + "parameter or the Authorization header should be specified")
        case .incomplete(.header, let missing):
            if missing == [.date] {
                .init("AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header")
            } else {
                .malformed(.header, missing.map { "the \($0.rawValue) is missing" }.joined(separator: "; ") + ".")
            }
        case .incomplete(.query, _):
            .malformed(
                .query,
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                    + "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
        case .malformedCredential(let form):
            .malformed(
                form, "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        case .malformedSignedHeaders(let form):
            .malformed(form, "the SignedHeaders are mal-formed; expecting header names joined by \";\".")
        case .malformedDate(.header):
            .init("AccessDenied", 403, "AWS authentication requires a valid Date or x-amz-date header")
        case .malformedDate(.query):
            .malformed(.query, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        case .invalidExpiry(let problem):
            .malformed(.query, Self.text(of: problem))
        case .wrongTerminator(let form):
            .malformed(form, "incorrect terminal. This endpoint uses \"aws4_request\".")
        case .wrongScopeDate(let form, let scope, let request):
            .malformed(form, "Invalid credential date \"\(scope)\". This date is not the same as \"\(request)\".")
        case .wrongService(let form, let expected):
            .malformed(form, "incorrect service. This endpoint belongs to \"\(expected)\".")
        case .wrongRegion(let form):
            .malformed(form, "the region is wrong.")
        case .unsignedHeader:
            .init("AccessDenied", 403, "There were headers present in the request which were not signed")
        case .expired(.header, _, _, _), .notYetCurrent(.header, _, _, _):
            .init(
                "RequestTimeTooSkewed", 403,
                "The difference between the request time and the current time is too large.")
        case .expired(.query, _, _, _):
            .init("AccessDenied", 403, "Request has expired")
        case .notYetCurrent(.query, _, _, _):
            .init("AccessDenied", 403, "Request is not yet valid")
        case .unknownAccessKey:
            .init(
                "InvalidAccessKeyId", 403,
                "The AWS Access Key Id you provided does not exist in our records.")
        case .invalidToken:
            .init("InvalidToken", 400, "The provided token is malformed or otherwise invalid.")
        case .expiredToken:
            .init("ExpiredToken", 400, "The provided token has expired.")
        case .signatureMismatch, .absentSignedHeader:
            .init(
                "SignatureDoesNotMatch", 403,
                "The request signature we calculated does not match the signature you provided. "
                    + "Check your key and signing method.")
        case .missingPayloadHash:
            .init("InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256")
        case .malformedPayloadHash:
            .init(
                "InvalidArgument", 400,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, "
                    + "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-UNSIGNED-PAYLOAD-TRAILER "
                    + "or a valid sha256 value.")
        case .unsignedPayload:
            .init("AccessDenied", 403, "The payload must be signed")
        case .payloadMismatch:
            .init(
                "XAmzContentSHA256Mismatch", 400,
                "The provided 'x-amz-content-sha256' header does not match what was computed.")
        }
    }

    private static let mismatchText =
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        + "Key and signing method. Consult the service documentation for details."

    private static func requirement(of part: Part, in form: ParsedAuthorization.Form) -> String {
        switch (form, part) {
        case (.header, .date):
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        case (.header, _):
            "Authorization header requires '\(part.rawValue)' parameter."
        case (.query, _):
            "AWS query-string parameters must include 'X-Amz-\(part.rawValue)'."
        }
    }

    private static func text(of problem: ExpiryProblem) -> String {
        switch problem {
        case .notANumber: "X-Amz-Expires should be a number"
        case .notPositive: "X-Amz-Expires must be positive"
        case .tooLong:
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
                + "\(SigningLimits.maximumExpirySeconds) seconds"
        }
    }

    private static func duration(_ seconds: Int64) -> String {
        seconds.isMultiple(of: 60) ? "\(seconds / 60) min" : "\(seconds) sec"
    }
}

extension AuthenticationFault {
    fileprivate static func incomplete(_ message: String) -> Self {
        .init("IncompleteSignatureException", 400, message)
    }

    fileprivate static func invalidSignature(_ message: String) -> Self {
        .init("InvalidSignatureException", 400, message)
    }

    fileprivate static func malformed(_ form: ParsedAuthorization.Form, _ message: String) -> Self {
        switch form {
        case .header:
            .init("AuthorizationHeaderMalformed", 400, "The authorization header is malformed; \(message)")
        case .query:
            .init("AuthorizationQueryParametersError", 400, message)
        }
    }
}
