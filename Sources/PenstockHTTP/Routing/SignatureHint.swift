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
        if let header = request.headerFields.value(of: .authorization), header.utf8.starts(with: "AWS".utf8) {
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
    private static func scope(in text: String, after label: StaticString) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            guard let start = Self.end(of: label, in: bytes) else { return nil }
            let credential = bytes[start...].prefix { byte in
                byte != UInt8(ascii: ",") && byte != UInt8(ascii: " ") && byte != UInt8(ascii: "&")
            }
            guard credential.contains(UInt8(ascii: "%")) else { return Self.service(of: credential) }
            let decoded = String(decoding: credential, as: UTF8.self)
                .replacing("%2F", with: "/").replacing("%2f", with: "/")
            return Self.service(of: Array(decoded.utf8))
        }
    }

    private static func service(of credential: some BidirectionalCollection<UInt8>) -> String? {
        let parts = credential.split(separator: UInt8(ascii: "/"))
        guard parts.count >= 5, parts[parts.count - 1].elementsEqual("aws4_request".utf8) else { return nil }
        return String(decoding: parts[parts.count - 2], as: UTF8.self)
    }

    /// Where the text goes on behind the first occurrence of the label.
    private static func end(of label: StaticString, in text: UnsafeBufferPointer<UInt8>) -> Int? {
        let count = label.utf8CodeUnitCount
        var start = 0
        while start + count <= text.count {
            var matched = 0
            while matched < count, text[start + matched] == label.utf8Start[matched] { matched += 1 }
            if matched == count { return start + count }
            start += 1
        }
        return nil
    }
}
