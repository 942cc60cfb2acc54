// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a refusal's code and status mean for retrying.
///
/// Source: AWS SDKs and Tools Reference Guide, Retry behavior; for clock skew the codes of the JSON services and of S3.
package enum RefusalKind: Sendable, Hashable {
    case throttling
    /// The service is in trouble, or saw the request arrive too slowly.
    case transient
    /// The signature may have been refused for its time.
    case possibleClockSkew
    case expiredCredentials
    case other

    package init(_ error: ServiceError) {
        let code = error.code.rawValue
        if Self.throttlingCodes.contains(code) || error.httpStatus == 429 {
            self = .throttling
        } else if Self.transientCodes.contains(code) || [500, 502, 503, 504].contains(error.httpStatus) {
            self = .transient
        } else if Self.skewCodes.contains(code) {
            self = .possibleClockSkew
        } else if Self.expiryCodes.contains(code) {
            self = .expiredCredentials
        } else {
            self = .other
        }
    }

    private static let throttlingCodes: Set = [
        "BandwidthLimitExceeded", "PriorRequestNotComplete", "ProvisionedThroughputExceededException",
        "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException", "SlowDown", "ThrottledException",
        "Throttling", "ThrottlingException", "TooManyRequestsException",
    ]

    private static let transientCodes: Set = ["InternalError", "RequestTimeout", "RequestTimeoutException"]

    private static let skewCodes: Set = [
        "AuthFailure", "InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    ]

    private static let expiryCodes: Set = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]
}
