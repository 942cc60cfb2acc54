// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import PenstockSigning

/// What a request's signature says it is for, read for routing alone; the surface parses and verifies it.
enum SignatureHint: Sendable, Hashable {
    /// The service that the credential scope names.
    case service(String)
    /// A signature of some kind that names no service.
    case unreadable
    case unsigned

    init(_ request: HTTPRequest) {
        if let header = request.headerFields[.authorization], header.hasPrefix("AWS") {
            self = Self.scope(in: header, after: "Credential=").map(Self.service) ?? .unreadable
        } else if let target = request.path, target.utf8.contains(UInt8(ascii: "?")), target.contains("X-Amz-") {
            self = Self.scope(in: target, after: "X-Amz-Credential=").map(Self.service) ?? .unsigned
        } else {
            self = .unsigned
        }
    }

    /// The last but one part of a credential, which ends at a comma, a blank or an ampersand.
    private static func scope(in text: String, after label: String) -> String? {
        guard let start = text.firstRange(of: label)?.upperBound else { return nil }
        let credential = text[start...].prefix { $0 != "," && $0 != " " && $0 != "&" }
        let parts =
            credential.contains("%")
            ? credential.replacing("%2F", with: "/").replacing("%2f", with: "/").split(separator: "/")
            : credential.split(separator: "/")
        guard parts.count >= 5, parts[parts.count - 1] == "aws4_request" else { return nil }
        return String(parts[parts.count - 2])
    }
}
