// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
import NIOCore
import PenstockAccess
import PenstockArtifacts
import PenstockHTTP
package import PenstockModel
import PenstockSigning

/// An error as S3 tells it.
///
/// Source: Amazon S3 API Reference, Error responses.
package struct S3Error: Error, Sendable {
    package var code: String
    package var status: Int
    package var message: String
    /// Further elements of the body, such as `Region`, in order.
    package var details: [KeyedValue] = []
    /// Further headers of the response.
    package var headers: HTTPFields = [:]

    package init(
        _ code: String, _ status: Int, _ message: String, details: [KeyedValue] = [], headers: HTTPFields = [:]
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.details = details
        self.headers = headers
    }

    static let accessDenied = Self("AccessDenied", 403, "Access Denied")
    static let malformedXML = Self(
        "MalformedXML", 400,
        "The XML you provided was not well-formed or did not validate against our published schema"
    )
    static let methodNotAllowed = Self(
        "MethodNotAllowed", 405, "The specified method is not allowed against this resource."
    )
    static let preconditionFailed = Self(
        "PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"
    )

    static func notImplemented(_ what: String) -> Self {
        Self(
            "NotImplemented", 501,
            "A header or query you provided requests functionality that is not implemented: \(what)")
    }

    static func invalidArgument(_ name: String, _ value: String, _ message: String) -> Self {
        Self(
            "InvalidArgument", 400, message,
            details: [KeyedValue("ArgumentName", name), KeyedValue("ArgumentValue", value)]
        )
    }

    static func invalidRequest(_ message: String) -> Self { Self("InvalidRequest", 400, message) }
}

// MARK: - What others refuse, in S3's words

extension S3Error {
    /// `nil` for what is no refusal but a fault: of ours, or of the connection.
    init?(refusal error: any Error) {
        switch error {
        case let error as S3Error: self = error
        case let error as ArtifactError: self.init(error)
        case let error as AuthenticationError: self.init(error.s3Fault)
        case let error as ChunkedBodyError: self.init(error.s3Fault)
        case let error as AccessDenial: self.init("AccessDenied", 403, error.description)
        case is BodyTooLarge:
            self.init("MaxMessageLengthExceeded", 400, "Your request was too big.")
        default: return nil
        }
    }

    /// What a client is told of a fault of ours: nothing but whether it is to come back.
    init(fault error: any Error) {
        if let failure = error as? any TemporaryFailure, failure.isTemporary {
            self.init("ServiceUnavailable", 503, "Service is unable to handle request.")
        } else {
            self.init("InternalError", 500, "We encountered an internal error. Please try again.")
        }
    }

    private init(_ fault: AuthenticationFault) { self.init(fault.code, fault.status, fault.message) }

    private init(_ error: ArtifactError) {
        let (code, status) = Self.names(of: error.code)
        self.init(code, status, error.message)
        switch error.code {
        case .deleteMarker(let versionID, let isLatest):
            self.headers[.xAmzDeleteMarker] = "true"
            self.headers[.xAmzVersionID] = versionID.rawValue
            if !isLatest {
                self.message = Self.methodNotAllowed.message
                self.headers[.allow] = "DELETE"
            }
        case .wrongRegion(let region):
            self.message = "The authorization header is malformed; the region is wrong; expecting '\(region)'"
            self.details = [KeyedValue("Region", region.rawValue)]
            self.headers[.xAmzBucketRegion] = region.rawValue
        default: break
        }
    }

    private static func names(of code: ArtifactError.Code) -> (code: String, status: Int) {
        switch code {
        case .noSuchBucket: ("NoSuchBucket", 404)
        case .bucketTaken: ("BucketAlreadyExists", 409)
        case .bucketAlreadyYours: ("BucketAlreadyOwnedByYou", 409)
        case .bucketNotEmpty: ("BucketNotEmpty", 409)
        case .invalidBucketName: ("InvalidBucketName", 400)
        case .wrongRegion: ("AuthorizationHeaderMalformed", 400)
        case .noSuchKey: ("NoSuchKey", 404)
        case .noSuchVersion: ("NoSuchVersion", 404)
        case .keyTooLong: ("KeyTooLongError", 400)
        case .invalidKey: ("InvalidRequest", 400)
        case .deleteMarker(_, let isLatest): isLatest ? ("NoSuchKey", 404) : ("MethodNotAllowed", 405)
        case .noSuchUpload: ("NoSuchUpload", 404)
        case .invalidPart: ("InvalidPart", 400)
        case .invalidPartOrder: ("InvalidPartOrder", 400)
        case .invalidPartNumber: ("InvalidArgument", 400)
        case .partTooSmall: ("EntityTooSmall", 400)
        case .tooLarge: ("EntityTooLarge", 400)
        case .accessDenied, .grantEnded: ("AccessDenied", 403)
        case .preconditionFailed: ("PreconditionFailed", 412)
        case .badDigest: ("BadDigest", 400)
        case .contentMismatch: ("XAmzContentSHA256Mismatch", 400)
        case .invalidRequest: ("InvalidRequest", 400)
        case .unavailable: ("SlowDown", 503)
        }
    }
}
