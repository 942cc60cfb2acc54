// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// JSON as it came, spread over lines: members keep their order and numbers their digits.
enum IndentedJSON {
    /// - Parameter json: Valid and without spaces between its parts, as our own writer leaves it.
    static func text(_ json: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(json.count * 2)
        var depth = 0
        var isInString = false
        var isEscaped = false
        for (index, byte) in json.enumerated() {
            if isInString {
                text.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString = true
                text.append(byte)
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                text.append(byte)
                depth += 1
                if !Self.closes(json, after: index) { Self.breakLine(depth, in: &text) }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if index > 0, json[index - 1] != UInt8(ascii: "{"), json[index - 1] != UInt8(ascii: "[") {
                    Self.breakLine(depth, in: &text)
                }
                text.append(byte)
            case UInt8(ascii: ","):
                text.append(byte)
                Self.breakLine(depth, in: &text)
            case UInt8(ascii: ":"): text.append(contentsOf: ": ".utf8)
            case _: text.append(byte)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func closes(_ json: [UInt8], after index: Int) -> Bool {
        guard index + 1 < json.count else { return true }
        return json[index + 1] == UInt8(ascii: "}") || json[index + 1] == UInt8(ascii: "]")
    }

    private static func breakLine(_ depth: Int, in text: inout [UInt8]) {
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * 4))
    }
}
