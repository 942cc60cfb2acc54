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
    ///
    /// Works on bytes: it is done for every request, and looking for characters costs ten times as much.
    private static func scope(in text: String, after label: String) -> String? {
        guard let start = Self.end(of: label.utf8, in: text.utf8) else { return nil }
        let credential = text.utf8[start...].prefix { byte in
            byte != UInt8(ascii: ",") && byte != UInt8(ascii: " ") && byte != UInt8(ascii: "&")
        }
        guard !credential.contains(UInt8(ascii: "%")) else {
            let decoded = Substring(credential).replacing("%2F", with: "/").replacing("%2f", with: "/")
            return Self.service(of: decoded.utf8)
        }
        return Self.service(of: credential)
    }

    private static func service(of credential: Substring.UTF8View) -> String? {
        let parts = credential.split(separator: UInt8(ascii: "/"))
        guard parts.count >= 5, parts[parts.count - 1].elementsEqual("aws4_request".utf8) else { return nil }
        return String(Substring(parts[parts.count - 2]))
    }

    /// Where the text goes on behind the first occurrence of the label.
    private static func end(of label: String.UTF8View, in text: String.UTF8View) -> String.Index? {
        var index = text.startIndex
        while index != text.endIndex {
            if text[index...].starts(with: label) { return text.index(index, offsetBy: label.count) }
            index = text.index(after: index)
        }
        return nil
    }
}
