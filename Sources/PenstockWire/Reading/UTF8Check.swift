// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Decides whether bytes are well-formed UTF-8 (Unicode, table 3-7).
enum UTF8Check {
    /// Returns where the first ill-formed sequence begins, or `nil` when all is well.
    static func firstInvalidOffset(in bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        let raw = UnsafeRawBufferPointer(bytes)
        var position = 0
        while position < bytes.count {
            if position + 8 <= bytes.count,
                raw.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                position += 8
            } else if bytes[position] < 0x80 {
                position += 1
            } else {
                guard let length = self.sequenceLength(in: bytes, at: position) else {
                    return position
                }
                position += length
            }
        }
        return nil
    }

    private static func sequenceLength(in bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Int? {
        let lead = bytes[position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        case 0xF1...0xF3: length = 4
        default: return nil
        }
        guard bytes.count - position >= length, second.contains(bytes[position + 1]) else {
            return nil
        }
        for offset in 2..<max(length, 2) where !(0x80...0xBF).contains(bytes[position + offset]) {
            return nil
        }
        return length
    }
}
