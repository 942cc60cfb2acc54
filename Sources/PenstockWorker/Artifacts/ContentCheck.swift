// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import PenstockSigning

/// What an answer says of an object's content, compared with what arrives.
///
/// A checksum of the whole object counts where the store sends one. Else the entity tag does, where it is the content's
/// MD5: not for objects in parts, and not for those encrypted with a key of KMS.
struct ContentCheck: Sendable {
    private let expected: [UInt8]?
    private var checksum: Checksum?

    /// The algorithm that the content is checked with; nothing when the answer allows no check.
    var algorithm: Checksum.Algorithm? { self.checksum?.algorithm }

    init(_ headers: HTTPFields) {
        let found = Self.checksum(headers) ?? Self.entityTag(headers)
        self.expected = found?.value
        self.checksum = found.map { Checksum($0.algorithm) }
    }

    mutating func update(_ bytes: [UInt8]) { self.checksum?.update(bytes) }

    /// Whether what arrived may be what was sent.
    var isPassed: Bool { self.checksum?.value == self.expected }

    private static func checksum(_ headers: HTTPFields) -> (algorithm: Checksum.Algorithm, value: [UInt8])? {
        guard headers[.amzChecksumType]?.uppercased() != "COMPOSITE" else { return nil }
        for algorithm in [Checksum.Algorithm.crc64NVME, .crc32c, .crc32, .sha256, .sha1] {
            let text = HTTPField.Name(algorithm.headerName).flatMap { headers[$0] }
            // A value of parts ends with their number, and so is not base64 of the right length.
            if let value = text.flatMap({ Data(base64Encoded: $0) }), value.count == algorithm.byteCount {
                return (algorithm, Array(value))
            }
        }
        return nil
    }

    private static func entityTag(_ headers: HTTPFields) -> (algorithm: Checksum.Algorithm, value: [UInt8])? {
        let encryption = headers[.amzServerSideEncryption]
        guard encryption == nil || encryption == "AES256", let tag = headers[.eTag]?.filter({ $0 != "\"" }),
            tag.utf8.count == 2 * Checksum.Algorithm.md5.byteCount, let value = Hex.decode(tag.utf8)
        else { return nil }
        return (.md5, value)
    }
}

extension HTTPField.Name {
    static let amzChecksumType = literal("x-amz-checksum-type")
    static let amzServerSideEncryption = literal("x-amz-server-side-encryption")
}
