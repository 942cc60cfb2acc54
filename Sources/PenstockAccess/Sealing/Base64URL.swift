// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Base64 with the URL alphabet and no padding, so that tokens pass through headers, queries and JSON unchanged.
///
/// Source: RFC 4648, section 5.
package enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// The text of the bytes, a third longer.
    package static func encode(_ bytes: [UInt8]) -> String {
        let count = (bytes.count * 8 + 5) / 6
        return String(unsafeUninitializedCapacity: count) { buffer in
            var pending: UInt32 = 0
            var pendingBits: UInt32 = 0
            var position = 0
            for byte in bytes {
                pending = (pending << 8 | UInt32(byte)) & 0xFFFF
                pendingBits += 8
                while pendingBits >= 6 {
                    pendingBits -= 6
                    buffer[position] = Self.alphabet[Int(pending >> pendingBits & 63)]
                    position += 1
                }
            }
            if pendingBits > 0 {
                buffer[position] = Self.alphabet[Int(pending << (6 - pendingBits) & 63)]
                position += 1
            }
            return position
        }
    }

    /// The bytes; `nil` for text that ``encode(_:)`` does not produce.
    package static func decode(_ text: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 3 / 4)
        var pending: UInt32 = 0
        var pendingBits: UInt32 = 0
        for character in text.utf8 {
            let value: UInt8
            switch character {
            case 0x41...0x5A: value = character - 0x41
            case 0x61...0x7A: value = character - 0x61 + 26
            case 0x30...0x39: value = character - 0x30 + 52
            case 0x2D: value = 62
            case 0x5F: value = 63
            case _: return nil
            }
            pending = (pending << 6 | UInt32(value)) & 0xFFFF
            pendingBits += 6
            if pendingBits >= 8 {
                pendingBits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> pendingBits))
            }
        }
        let leftover = pending & ((1 << pendingBits) - 1)
        guard pendingBits < 6, leftover == 0 else { return nil }
        return bytes
    }
}
