// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Percent encoding as S3 clients use it.
enum PercentEncoding {
    /// Decodes escapes once; `nil` when a `%` is not followed by two hexadecimal digits.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var output: [UInt8] = []
        var pending: [UInt8] = []
        var isEscape = false
        for byte in text {
            if isEscape {
                guard let digit = self.digit(byte) else { return nil }
                pending.append(digit)
                guard pending.count == 2 else { continue }
                output.append(pending[0] << 4 | pending[1])
                pending.removeAll(keepingCapacity: true)
                isEscape = false
            } else if byte == UInt8(ascii: "%") {
                isEscape = true
            } else {
                output.append(byte)
            }
        }
        return isEscape ? nil : output
    }

    /// The decoded bytes as text; `nil` when they are none.
    static func text(_ encoded: some Sequence<UInt8>) -> String? {
        self.decode(encoded).flatMap { String(validating: $0, as: UTF8.self) }
    }

    /// Encodes all but unreserved characters and `/`, for `encoding-type=url`.
    static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x2F, 0x5F, 0x7E: output.append(byte)
            default: output += [0x25, self.hex(byte >> 4), self.hex(byte & 0xF)]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func hex(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x37 + nibble }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }
}
