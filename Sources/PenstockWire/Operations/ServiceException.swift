// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The name of an exception, without namespace, as `__type` carries it.
///
/// The exceptions of the service description are generated beside this; the ones that every service of AWS shares are
/// below. A client may meet others.
public struct ExceptionCode: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    /// The wire's spelling.
    public let rawValue: String

    /// Wraps any name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The wire's spelling.
    public var description: String { self.rawValue }

    /// The status of an answer with this exception.
    ///
    /// Source: AWS CodePipeline API Reference: modelled exceptions and refused signatures are 400, our own faults 5xx.
    public var httpStatus: Int {
        switch self {
        case .internalFailure: 500
        case .serviceUnavailable: 503
        case .requestEntityTooLarge: 413
        default: 400
        }
    }

    // MARK: What every service shares

    /// The principal may not do this to that resource.
    public static let accessDenied = Self(rawValue: "AccessDeniedException")
    /// The session's time is over.
    public static let expiredToken = Self(rawValue: "ExpiredTokenException")
    /// The authorization header lacks a part or cannot be understood.
    public static let incompleteSignature = Self(rawValue: "IncompleteSignatureException")
    /// A fault of the service; the text says nothing about it.
    public static let internalFailure = Self(rawValue: "InternalFailure")
    /// The signature does not fit, or was made at another time, for another region or service.
    public static let invalidSignature = Self(rawValue: "InvalidSignatureException")
    /// The request is not signed.
    public static let missingAuthenticationToken = Self(rawValue: "MissingAuthenticationTokenException")
    /// The body is larger than the service reads.
    public static let requestEntityTooLarge = Self(rawValue: "RequestEntityTooLargeException")
    /// The body is not JSON, or a member has the wrong type.
    public static let serialization = Self(rawValue: "SerializationException")
    /// The service is starting or stopping; try again.
    public static let serviceUnavailable = Self(rawValue: "ServiceUnavailable")
    /// Too many requests; slow down and try again.
    public static let throttling = Self(rawValue: "ThrottlingException")
    /// There is no such operation.
    public static let unknownOperation = Self(rawValue: "UnknownOperationException")
    /// The access key is not known, or the session token is not valid.
    public static let unrecognizedClient = Self(rawValue: "UnrecognizedClientException")
}

/// An answer that refuses a request.
public struct ServiceException: Error, Sendable, Hashable {
    /// Which exception it is.
    public var code: ExceptionCode
    /// What clients show to people.
    public var message: String
    /// The answer's status.
    public var httpStatus: Int

    /// Creates an exception.
    ///
    /// - Parameter httpStatus: What to answer with when it is not the status of the code, as for an unknown path, which
    ///   is `UnknownOperationException` with 404.
    public init(_ code: ExceptionCode, _ message: String, httpStatus: Int? = nil) {
        self.code = code
        self.message = message
        self.httpStatus = httpStatus ?? code.httpStatus
    }

    /// The body: `{"__type":"<code>","message":"<message>"}`.
    public func encodeBody() -> [UInt8] {
        var writer = WireWriter(capacity: 128)
        writer.beginObject()
        writer.member("__type", self.code.rawValue)
        writer.member("message", self.message)
        writer.endObject()
        return writer.bytes
    }

    /// Reads an answer whose status is not 2xx, as leniently as the SDKs do.
    ///
    /// - Parameters:
    ///   - errorType: The header `x-amzn-ErrorType`, which counts when the body names no type.
    /// - Returns: The code without namespace and suffix; `UnknownError` when nothing names one, which happens when a
    ///   proxy answered.
    public static func decode(body: [UInt8], errorType: String?, httpStatus: Int) -> ServiceException {
        let body = try? WireReader.read(ExceptionBody.self, from: body, checkingConstraints: false)
        let code = body?.type ?? errorType ?? body?.code ?? "UnknownError"
        return ServiceException(
            ExceptionCode(rawValue: Self.bareName(of: code)), body?.message ?? "", httpStatus: httpStatus)
    }

    /// Strips the namespace, up to the last `#`, and what follows a colon.
    private static func bareName(of code: String) -> String {
        let withoutNamespace = code.split(separator: "#", omittingEmptySubsequences: false).last ?? ""
        return String(withoutNamespace.prefix { $0 != ":" })
    }
}

/// The members that services put into the bodies of their refusals.
private struct ExceptionBody: WireDecodable {
    var type: String?
    var code: String?
    var message: String?

    static let members = WireMembers(["__type", "message", "Message", "code"])

    init?(from reader: inout WireReader) throws(WireError) {
        var capitalizedMessage: String?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.type = try reader.string()
            case 1: self.message = try reader.string()
            case 2: capitalizedMessage = try reader.string()
            default: self.code = try reader.string()
            }
        }
        self.message = self.message ?? capitalizedMessage
    }
}
