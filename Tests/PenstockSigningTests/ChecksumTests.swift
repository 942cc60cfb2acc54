// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockSigning
import Testing

struct ChecksumTests {
    /// The check values that the algorithms' specifications publish, of the digits one to nine.
    static let published: [(Checksum.Algorithm, String)] = [
        (.crc32, "cbf43926"), (.crc32c, "e3069283"), (.crc64NVME, "ae8b14860a799888"),
        (.sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441"),
        (.sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"),
        (.md5, "25f9e794323b453885f5181f1b624d0b"),
    ]

    @Test(arguments: published)
    func `The published check value comes out`(algorithm: Checksum.Algorithm, expected: String) {
        let value = Checksum.value(of: Array("123456789".utf8), by: algorithm)
        #expect(value.map { String(format: "%02x", $0) }.joined() == expected)
        #expect(value.count == algorithm.byteCount)
    }

    @Test(arguments: Checksum.Algorithm.allCases)
    func `Slicing does not matter`(algorithm: Checksum.Algorithm) {
        var generator = SeededGenerator(seed: 1)
        let bytes = (0..<1000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let whole = Checksum.value(of: bytes, by: algorithm)
        for size in [1, 2, 3, 7, 8, 9, 64, 333] {
            var checksum = Checksum(algorithm)
            for start in stride(from: 0, to: bytes.count, by: size) {
                checksum.update(Array(bytes[start..<min(start + size, bytes.count)]))
            }
            #expect(checksum.value == whole)
        }
    }

    @Test func `Eight bytes at a step agree with one bit at a time`() {
        var generator = SeededGenerator(seed: 2)
        let bytes = (0..<257).map { _ in UInt8.random(in: 0...255, using: &generator) }
        var plain = UInt64.max
        for byte in bytes {
            plain ^= UInt64(byte)
            for _ in 0..<8 { plain = plain & 1 == 0 ? plain >> 1 : plain >> 1 ^ 0x9a6c_9329_ac4b_c9b5 }
        }
        #expect(Checksum.value(of: bytes, by: .crc64NVME) == withUnsafeBytes(of: (~plain).bigEndian) { Array($0) })
    }

    @Test func `Header names and base64 are S3's`() {
        #expect(Checksum.Algorithm(headerName: "X-Amz-Checksum-CRC64NVME") == .crc64NVME)
        #expect(Checksum.Algorithm(headerName: "Content-MD5") == .md5)
        #expect(Checksum.Algorithm(headerName: "x-amz-checksum-type") == nil)
        var checksum = Checksum(.crc32)
        checksum.update(Array("123456789".utf8))
        #expect(checksum.base64 == "y/Q5Jg==")
        #expect(checksum.matches(base64: "y/Q5Jg=="))
        #expect(!checksum.matches(base64: "y/Q5Jw=="))
        #expect(!checksum.matches(base64: "no base64"))
    }
}
