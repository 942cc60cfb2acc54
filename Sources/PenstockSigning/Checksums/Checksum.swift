// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// A checksum that clients send with an object, computed while the object arrives.
package struct Checksum: Sendable {
    /// The algorithms that S3 clients use, by the names of their headers.
    package enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case crc32 = "CRC32"
        case crc32c = "CRC32C"
        case crc64NVME = "CRC64NVME"
        case sha1 = "SHA1"
        case sha256 = "SHA256"
        /// Not among S3's checksums: `Content-MD5` and the entity tag.
        case md5 = "MD5"

        /// The header or trailer field that carries the value in base64, in lower case.
        package var headerName: String {
            self == .md5 ? "content-md5" : "x-amz-checksum-\(self.rawValue.lowercased())"
        }

        /// The algorithm of a header or trailer field; nothing for fields that carry no checksum.
        package init?(headerName: String) {
            let name = headerName.lowercased()
            guard let algorithm = Self.allCases.first(where: { $0.headerName == name }) else { return nil }
            self = algorithm
        }

        /// How many bytes its value has.
        package var byteCount: Int {
            switch self {
            case .crc32, .crc32c: 4
            case .crc64NVME: 8
            case .md5: Insecure.MD5Digest.byteCount
            case .sha1: Insecure.SHA1Digest.byteCount
            case .sha256: SHA256Digest.byteCount
            }
        }
    }

    private enum State: Sendable {
        case crc32(CyclicRedundancyCheck<UInt32>)
        case crc64(CyclicRedundancyCheck<UInt64>)
        case md5(Insecure.MD5)
        case sha1(Insecure.SHA1)
        case sha256(SHA256)
    }

    /// Which checksum this is.
    package let algorithm: Algorithm

    private var state: State

    /// Starts with no bytes seen.
    package init(_ algorithm: Algorithm) {
        self.algorithm = algorithm
        switch algorithm {
        case .crc32: self.state = .crc32(CyclicRedundancyCheck(crc32Tables))
        case .crc32c: self.state = .crc32(CyclicRedundancyCheck(crc32cTables))
        case .crc64NVME: self.state = .crc64(CyclicRedundancyCheck(crc64NVMETables))
        case .md5: self.state = .md5(Insecure.MD5())
        case .sha1: self.state = .sha1(Insecure.SHA1())
        case .sha256: self.state = .sha256(SHA256())
        }
    }

    /// Takes the next bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        switch self.state {
        case .crc32(var check):
            check.update(bytes)
            self.state = .crc32(check)
        case .crc64(var check):
            check.update(bytes)
            self.state = .crc64(check)
        case .md5(var hasher):
            hasher.update(bufferPointer: bytes)
            self.state = .md5(hasher)
        case .sha1(var hasher):
            hasher.update(bufferPointer: bytes)
            self.state = .sha1(hasher)
        case .sha256(var hasher):
            hasher.update(bufferPointer: bytes)
            self.state = .sha256(hasher)
        }
    }

    /// Takes the next bytes.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { self.update($0) }
    }

    /// The value of all bytes so far, in network order.
    package var value: [UInt8] {
        switch self.state {
        case .crc32(let check): withUnsafeBytes(of: check.value.bigEndian) { Array($0) }
        case .crc64(let check): withUnsafeBytes(of: check.value.bigEndian) { Array($0) }
        case .md5(let hasher): Array(hasher.finalize())
        case .sha1(let hasher): Array(hasher.finalize())
        case .sha256(let hasher): Array(hasher.finalize())
        }
    }

    /// The value as its header carries it.
    package var base64: String {
        Data(self.value).base64EncodedString()
    }

    /// Whether a header's or trailer's value is this checksum.
    package func matches(base64 text: String) -> Bool {
        Data(base64Encoded: text).map { Array($0) == self.value } ?? false
    }

    /// The value of bytes that are at hand.
    package static func value(of bytes: [UInt8], by algorithm: Algorithm) -> [UInt8] {
        var checksum = Self(algorithm)
        checksum.update(bytes)
        return checksum.value
    }
}
