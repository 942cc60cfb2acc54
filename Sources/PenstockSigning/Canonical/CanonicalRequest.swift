// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import HTTPTypes

/// A request in the one spelling that signer and verifier hash.
///
/// It is built from the header names that the client lists, in the order it lists them, and demands no others; whether
/// the list is long enough is ``Verifier``'s question.
package struct CanonicalRequest: Sendable, Hashable {
    /// The lines, joined by `\n`.
    package let bytes: [UInt8]

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The standard canonical form of a request.
    ///
    /// - Parameters:
    ///   - signedHeaders: In lower case and sorted, as the client writes them.
    ///   - payload: The last line: a hash in hexadecimal or one of the keywords.
    /// - Returns: Nothing when a listed header is not in the request.
    package init?(_ request: SignableRequest, signedHeaders: [String], payload: String, pathRule: PathRule) {
        guard
            let first = Self.candidates(
                request, hosts: [request.host], signedHeaders: signedHeaders, payload: payload, pathRule: pathRule
            ).first
        else { return nil }
        self = first
    }

    /// Each form that a correct signer may have given the request, the standard one first and none twice.
    ///
    /// The number depends on the request alone, never on a key, and is at most
    /// ``SigningLimits/maximumCanonicalForms``. A plain request has one.
    static func candidates(
        _ request: SignableRequest, hosts: [String], signedHeaders: [String], payload: String, pathRule: PathRule
    ) -> [CanonicalRequest] {
        let paths = URIEncoding.canonicalPaths(request.path, rule: pathRule)
        let queries = RequestQuery(request.query).canonicalForms()
        var candidates: [CanonicalRequest] = []
        for host in hosts {
            guard let tail = Self.tail(request, host: host, signedHeaders: signedHeaders, payload: payload) else {
                return []
            }
            for path in paths {
                for query in queries where candidates.count < SigningLimits.maximumCanonicalForms {
                    var bytes: [UInt8] = []
                    bytes.reserveCapacity(16 + path.count + query.count + tail.count)
                    bytes.append(contentsOf: request.method.utf8)
                    bytes.append(newline)
                    bytes.append(contentsOf: path)
                    bytes.append(newline)
                    bytes.append(contentsOf: query)
                    bytes.append(newline)
                    bytes.append(contentsOf: tail)
                    candidates.append(CanonicalRequest(bytes: bytes))
                }
            }
        }
        return candidates
    }

    /// The lines after the query: headers, their list, the payload.
    private static func tail(
        _ request: SignableRequest, host: String, signedHeaders: [String], payload: String
    ) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(768)
        for name in signedHeaders {
            bytes.append(contentsOf: name.utf8)
            bytes.append(UInt8(ascii: ":"))
            if name == "host" {
                Self.appendTrimmed(host, to: &bytes)
            } else {
                var isFirst = true
                for field in request.headers where field.name.canonicalName == name {
                    if !isFirst { bytes.append(UInt8(ascii: ",")) }
                    isFirst = false
                    Self.appendTrimmed(field.value, to: &bytes)
                }
                if isFirst { return nil }
            }
            bytes.append(newline)
        }
        bytes.append(newline)
        for (index, name) in signedHeaders.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ";")) }
            bytes.append(contentsOf: name.utf8)
        }
        bytes.append(newline)
        bytes.append(contentsOf: payload.utf8)
        return bytes
    }

    /// Appends a header's value without white space around it, and with one space for each run inside it.
    private static func appendTrimmed(_ value: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        var isSpacePending = false
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                isSpacePending = bytes.count > start
            default:
                if isSpacePending { bytes.append(UInt8(ascii: " ")) }
                isSpacePending = false
                bytes.append(byte)
            }
        }
    }
}

/// What the signing key signs: the moment, the scope and the canonical request's hash.
package struct StringToSign: Sendable, Hashable {
    /// The four lines, joined by `\n`.
    package let bytes: [UInt8]

    /// Writes the string to sign of a request.
    package init(_ request: CanonicalRequest, at time: SigningTime, scope: CredentialScope) {
        self.init(algorithm: signatureAlgorithm, at: time, scope: scope, hashes: [SHA256.hash(data: request.bytes)])
    }

    /// Writes the string to sign of a part of a streamed body, chained to the part before it.
    init(
        algorithm: String, at time: SigningTime, scope: CredentialScope, previousSignature: [UInt8]? = nil,
        hashes: [SHA256Digest]
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(320)
        bytes.append(contentsOf: algorithm.utf8)
        bytes.append(newline)
        bytes.append(contentsOf: time.basicFormat.utf8)
        bytes.append(newline)
        for part in [scope.date, scope.region, scope.service] {
            bytes.append(contentsOf: part.utf8)
            bytes.append(UInt8(ascii: "/"))
        }
        bytes.append(contentsOf: CredentialScope.terminator.utf8)
        if let previousSignature {
            bytes.append(newline)
            bytes.append(contentsOf: previousSignature)
        }
        for hash in hashes {
            bytes.append(newline)
            Hex.append(hash, to: &bytes)
        }
        self.bytes = bytes
    }
}

/// The one algorithm that is spoken.
let signatureAlgorithm = "AWS4-HMAC-SHA256"

private let newline = UInt8(ascii: "\n")
