// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
package import PenstockModel

/// A value of a column, in the form that all databases share.
package enum ContentsValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case bytes([UInt8])

    /// What people are shown: text and numbers as they are, 16 bytes as an id, others as hexadecimal digits.
    package var shown: String {
        switch self {
        case .null: "nothing"
        case .integer(let value): "\(value)"
        case .text(let text): text
        case .bytes(let bytes): UniqueID(contents: bytes)?.description ?? hexadecimal(bytes)
        }
    }
}

/// A row of a table: one value for each of its columns, in their order.
///
/// Its encoding says what each value is, and has one form only, so that equal rows have equal bytes wherever they are.
package struct ContentsRow: Sendable, Hashable {
    package var values: [ContentsValue]

    package init(_ values: [ContentsValue]) { self.values = values }

    /// The values of the key, which come first.
    package func key(of table: ContentsTable) -> [ContentsValue] { Array(self.values.prefix(table.keyCount)) }

    // MARK: Bytes

    private enum Tag {
        static let null: UInt8 = 0
        static let integer: UInt8 = 1
        static let text: UInt8 = 2
        static let bytes: UInt8 = 3
    }

    /// Each value with a tag in front; numbers and lengths in eight bytes, the first the most significant.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        func append(_ tag: UInt8, _ number: UInt64) {
            bytes.append(tag)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
            }
        }
        for value in self.values {
            switch value {
            case .null: bytes.append(Tag.null)
            case .integer(let number): append(Tag.integer, UInt64(bitPattern: number))
            case .text(let text):
                append(Tag.text, UInt64(text.utf8.count))
                bytes.append(contentsOf: text.utf8)
            case .bytes(let value):
                append(Tag.bytes, UInt64(value.count))
                bytes.append(contentsOf: value)
            }
        }
        return bytes
    }

    /// - Throws: `StateDecodingError` when the bytes are not those of a row.
    package init(decoding bytes: [UInt8]) throws(StateDecodingError) {
        var position = 0
        func take(_ count: UInt64) throws(StateDecodingError) -> ArraySlice<UInt8> {
            guard count <= UInt64(bytes.count - position) else { throw StateDecodingError("the row ends too early") }
            defer { position += Int(count) }
            return bytes[position..<position + Int(count)]
        }
        func number() throws(StateDecodingError) -> UInt64 { try take(8).reduce(0) { $0 << 8 | UInt64($1) } }
        self.values = []
        while position < bytes.count {
            let tag = bytes[position]
            position += 1
            switch tag {
            case Tag.null: self.values.append(.null)
            case Tag.integer: self.values.append(.integer(Int64(bitPattern: try number())))
            case Tag.text:
                guard let text = String(validating: try take(try number()), as: UTF8.self) else {
                    throw StateDecodingError("a text is not UTF-8")
                }
                self.values.append(.text(text))
            case Tag.bytes: self.values.append(.bytes(Array(try take(try number()))))
            default: throw StateDecodingError("\(tag) is not a kind of value")
            }
        }
    }
}

extension UniqueID {
    /// `nil` unless there are 16 bytes.
    package init?(contents bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
        )
    }

    /// The 16 bytes.
    package var contents: [UInt8] {
        [self.high, self.low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - $0 * 8)) } }
    }
}
