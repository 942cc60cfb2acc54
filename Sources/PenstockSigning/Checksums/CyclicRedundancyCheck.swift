// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A reflected cyclic redundancy check of 32 or 64 bits, eight bytes at a step.
struct CyclicRedundancyCheck<Word: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    /// Eight tables of 256 entries: what a byte does to the remainder when so many bytes follow it.
    struct Tables: Sendable {
        let entries: [Word]

        init(reflectedPolynomial polynomial: Word) {
            var entries = [Word](repeating: 0, count: 8 * 256)
            for byte in 0..<256 {
                var remainder = Word(byte)
                for _ in 0..<8 {
                    remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ polynomial
                }
                entries[byte] = remainder
            }
            for index in 256..<entries.count {
                let previous = entries[index - 256]
                entries[index] = previous >> 8 ^ entries[Int(truncatingIfNeeded: previous & 0xff)]
            }
            self.entries = entries
        }
    }

    private let tables: Tables
    private var remainder = Word.max

    init(_ tables: Tables) {
        self.tables = tables
    }

    /// The check of all bytes so far.
    var value: Word { ~self.remainder }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var remainder = self.remainder
        self.tables.entries.withUnsafeBufferPointer { table in
            var offset = 0
            while bytes.count - offset >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                let mixed = word ^ UInt64(truncatingIfNeeded: remainder)
                remainder = 0
                for position in 0..<8 {
                    let byte = Int(truncatingIfNeeded: mixed >> UInt64(position * 8) & 0xff)
                    remainder ^= table[(7 - position) * 256 + byte]
                }
                offset += 8
            }
            while offset < bytes.count {
                let byte = Int(bytes[offset] ^ UInt8(truncatingIfNeeded: remainder))
                remainder = remainder >> 8 ^ table[byte]
                offset += 1
            }
        }
        self.remainder = remainder
    }
}

/// CRC-32 of IEEE 802.3.
let crc32Tables = CyclicRedundancyCheck<UInt32>.Tables(reflectedPolynomial: 0xedb8_8320)

/// CRC-32C, Castagnoli's.
let crc32cTables = CyclicRedundancyCheck<UInt32>.Tables(reflectedPolynomial: 0x82f6_3b78)

/// CRC-64 as the NVM Express specification has it.
let crc64NVMETables = CyclicRedundancyCheck<UInt64>.Tables(reflectedPolynomial: 0x9a6c_9329_ac4b_c9b5)
