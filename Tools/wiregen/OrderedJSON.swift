// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// JSON that remembers the order of members, which is the order of the generated code and of error messages.
///
/// It is for a file we trust, so it is small rather than strict.
indirect enum OrderedJSON {
    case object([(key: String, value: OrderedJSON)])
    case array([OrderedJSON])
    case string(String)
    case number(Int)
    case boolean(Bool)
    case null

    static func parse(_ bytes: [UInt8]) throws -> OrderedJSON {
        var parser = Parser(bytes: bytes)
        return try parser.value()
    }

    subscript(key: String) -> OrderedJSON? {
        self.members.first { $0.key == key }?.value
    }

    var members: [(key: String, value: OrderedJSON)] {
        if case .object(let members) = self { members } else { [] }
    }

    var elements: [OrderedJSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    var integer: Int? {
        if case .number(let number) = self { number } else { nil }
    }

    var isTrue: Bool {
        if case .boolean(true) = self { true } else { false }
    }

    struct SyntaxError: Error {
        let position: Int
    }

    private struct Parser {
        let bytes: [UInt8]
        var position = 0

        mutating func value() throws -> OrderedJSON {
            switch try self.next() {
            case UInt8(ascii: "{"): .object(try self.sequence(closing: UInt8(ascii: "}")) { try $0.member() })
            case UInt8(ascii: "["): .array(try self.sequence(closing: UInt8(ascii: "]")) { try $0.value() })
            case UInt8(ascii: "\""): .string(try self.string())
            default: try self.word()
            }
        }

        private mutating func next() throws -> UInt8 {
            while self.position < self.bytes.count, self.bytes[self.position] <= 0x20 {
                self.position += 1
            }
            guard self.position < self.bytes.count else {
                throw SyntaxError(position: self.position)
            }
            return self.bytes[self.position]
        }

        private mutating func sequence<Part>(
            closing: UInt8, _ part: (inout Parser) throws -> Part
        ) throws -> [Part] {
            var parts: [Part] = []
            self.position += 1
            while try self.next() != closing {
                if self.bytes[self.position] == UInt8(ascii: ",") {
                    self.position += 1
                }
                parts.append(try part(&self))
            }
            self.position += 1
            return parts
        }

        private mutating func member() throws -> (key: String, value: OrderedJSON) {
            guard try self.next() == UInt8(ascii: "\"") else {
                throw SyntaxError(position: self.position)
            }
            let key = try self.string()
            guard try self.next() == UInt8(ascii: ":") else {
                throw SyntaxError(position: self.position)
            }
            self.position += 1
            return (key, try self.value())
        }

        /// Finds the end of the string and leaves its escapes to Foundation.
        private mutating func string() throws -> String {
            let start = self.position
            self.position += 1
            while self.position < self.bytes.count, self.bytes[self.position] != UInt8(ascii: "\"") {
                self.position += self.bytes[self.position] == UInt8(ascii: "\\") ? 2 : 1
            }
            guard self.position < self.bytes.count else {
                throw SyntaxError(position: start)
            }
            self.position += 1
            return try JSONDecoder().decode(String.self, from: Data(self.bytes[start..<self.position]))
        }

        private mutating func word() throws -> OrderedJSON {
            let start = self.position
            while self.position < self.bytes.count, !",]} \n\r\t".utf8.contains(self.bytes[self.position]) {
                self.position += 1
            }
            switch String(decoding: self.bytes[start..<self.position], as: UTF8.self) {
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            case "null": return .null
            case let word:
                guard let number = Int(word) else {
                    throw SyntaxError(position: start)
                }
                return .number(number)
            }
        }
    }
}
