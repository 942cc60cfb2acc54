// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockArtifacts
import PenstockSigning

extension ObjectChecksum.Algorithm {
    /// The same one, as it is computed.
    var computed: Checksum.Algorithm {
        switch self {
        case .crc32: .crc32
        case .crc32c: .crc32c
        case .crc64nvme: .crc64NVME
        case .sha1: .sha1
        case .sha256: .sha256
        }
    }

    init?(_ computed: Checksum.Algorithm) {
        switch computed {
        case .crc32: self = .crc32
        case .crc32c: self = .crc32c
        case .crc64NVME: self = .crc64nvme
        case .sha1: self = .sha1
        case .sha256: self = .sha256
        case .md5: return nil
        }
    }

    /// What a multipart upload that does not say gets.
    ///
    /// Source: Amazon S3 User Guide, Checking object integrity, Using part-level checksums for multipart uploads.
    var defaultCoverage: ObjectChecksum.Coverage { self == .crc64nvme ? .fullObject : .composite }

    /// Hashes of wholes cannot be told from hashes of parts; checks of 64 bits are not made of checks.
    func supports(_ coverage: ObjectChecksum.Coverage) -> Bool {
        switch (self, coverage) {
        case (.crc32, _), (.crc32c, _), (.crc64nvme, .fullObject), (.sha1, .composite), (.sha256, .composite): true
        case (.crc64nvme, .composite), (.sha1, .fullObject), (.sha256, .fullObject): false
        }
    }
}

extension ObjectChecksum {
    /// The checksum of an object from those of its parts.
    ///
    /// - Returns: `nil` when a part has none of this algorithm.
    static func combining(_ parts: [ObjectPart], _ algorithm: Algorithm, _ coverage: Coverage) -> ObjectChecksum? {
        var values: [(bytes: [UInt8], sizeBytes: Int64)] = []
        for part in parts {
            guard let checksum = part.checksum, checksum.algorithm == algorithm,
                let bytes = Data(base64Encoded: checksum.value)
            else { return nil }
            values.append((Array(bytes), part.sizeBytes))
        }
        switch coverage {
        case .composite:
            let value = Data(Checksum.value(of: values.flatMap(\.bytes), by: algorithm.computed)).base64EncodedString()
            return ObjectChecksum(algorithm: algorithm, value: "\(value)-\(parts.count)", coverage: .composite)
        case .fullObject:
            let combined: [UInt8]
            switch algorithm {
            case .crc32: combined = Self.combine(values, polynomial: 0xEDB8_8320 as UInt32)
            case .crc32c: combined = Self.combine(values, polynomial: 0x82F6_3B78 as UInt32)
            case .crc64nvme: combined = Self.combine(values, polynomial: 0x9A6C_9329_AC4B_C9B5 as UInt64)
            case .sha1, .sha256: return nil
            }
            return ObjectChecksum(algorithm: algorithm, value: Data(combined).base64EncodedString())
        }
    }

    private static func combine<Word: FixedWidthInteger & UnsignedInteger>(
        _ values: [(bytes: [UInt8], sizeBytes: Int64)], polynomial: Word
    ) -> [UInt8] {
        let combination = ChecksumCombination(polynomial: polynomial)
        let total = values.reduce(Word(0)) { total, value in
            let check = value.bytes.reduce(Word(0)) { $0 << 8 | Word($1) }
            return combination.combine(total, check, secondSizeBytes: value.sizeBytes)
        }
        return withUnsafeBytes(of: total.bigEndian) { Array($0) }
    }
}
