// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The SHA-256 of a blob's bytes, which is its name.
package struct BlobHash: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let words: InlineWords

    private struct InlineWords: Sendable, Hashable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
    }

    package static let sizeBytes = 32

    /// The least of all.
    package static let zero = Self()

    private init() { self.words = InlineWords() }

    /// `nil` unless there are exactly ``sizeBytes``.
    package init?(bytes: some Sequence<UInt8>) {
        var words = InlineWords()
        var count = 0
        for byte in bytes {
            switch count / 8 {
            case 0: words.first = words.first << 8 | UInt64(byte)
            case 1: words.second = words.second << 8 | UInt64(byte)
            case 2: words.third = words.third << 8 | UInt64(byte)
            case 3: words.fourth = words.fourth << 8 | UInt64(byte)
            default: return nil
            }
            count += 1
        }
        guard count == Self.sizeBytes else { return nil }
        self.words = words
    }

    /// Parses 64 lower-case hexadecimal digits; `nil` for everything else.
    package init?(hex: some StringProtocol) {
        guard hex.utf8.count == Self.sizeBytes * 2 else { return nil }
        var bytes: [UInt8] = []
        var high: UInt8?
        for digit in hex.utf8 {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x61...0x66: value = digit - 0x57
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.init(bytes: bytes)
    }

    /// The 32 bytes, as databases keep them.
    package var bytes: [UInt8] {
        [self.words.first, self.words.second, self.words.third, self.words.fourth].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) }
        }
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { hexadecimal(self.bytes) }

    package var description: String { self.hex }

    /// The order of the bytes.
    package static func < (left: Self, right: Self) -> Bool {
        (left.words.first, left.words.second, left.words.third, left.words.fourth)
            < (right.words.first, right.words.second, right.words.third, right.words.fourth)
    }
}

extension BlobHash: StateCodable {
    package func encode(to writer: inout StateWriter) {
        for word in [self.words.first, self.words.second, self.words.third, self.words.fourth] { writer.write(word) }
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.words = InlineWords(
            first: try reader.readUInt64(),
            second: try reader.readUInt64(),
            third: try reader.readUInt64(),
            fourth: try reader.readUInt64()
        )
    }
}

/// Two lower-case digits for each byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * bytes.underestimatedCount)
    for byte in bytes {
        digits.append(digit(byte >> 4))
        digits.append(digit(byte & 0xF))
    }
    return String(decoding: digits, as: UTF8.self)
}
