// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension WireReader {
    /// Reads past one value of any kind and checks that it is JSON.
    ///
    /// Nothing recurses: which brackets are open is kept in two words, so the cost of a hostile document is its length.
    mutating func skipValue() throws(WireError) {
        let outer = self.depth
        var open = OpenBrackets()
        var isFirst = false
        while true {
            switch try self.peek() {
            case UInt8(ascii: "{"):
                try self.enter()
                open.push(isObject: true)
                isFirst = true
            case UInt8(ascii: "["):
                try self.enter()
                open.push(isObject: false)
                isFirst = true
            default:
                try self.skipScalar()
                isFirst = false
            }
            // Close whatever ends here, then stand before the next value.
            while self.depth > outer, try !self.moveToNextValue(isInObject: open.isObject, isFirst: &isFirst) {
                open.pop()
                isFirst = false
            }
            if self.depth == outer {
                return
            }
        }
    }

    /// Moves before the next value of the innermost bracket, or behind it when it closes.
    private mutating func moveToNextValue(isInObject: Bool, isFirst: inout Bool) throws(WireError) -> Bool {
        if isInObject {
            guard try self.nextKey(isFirst: &isFirst) else {
                return false
            }
            _ = try self.scanString()
            try self.expect(UInt8(ascii: ":"))
            return true
        }
        return try self.nextElement(isFirst: &isFirst)
    }

    /// Moves before the next element of an array, or behind its closing bracket.
    mutating func nextElement(isFirst: inout Bool) throws(WireError) -> Bool {
        let next = try self.peek()
        if next == UInt8(ascii: "]") {
            self.leave()
            return false
        }
        if !isFirst {
            guard next == UInt8(ascii: ",") else {
                throw .malformed("',' or ']' expected", at: self.position)
            }
            self.position += 1
        }
        isFirst = false
        return true
    }

    private mutating func skipScalar() throws(WireError) {
        switch self.bytes[self.position] {
        case UInt8(ascii: "\""): _ = try self.scanString()
        case UInt8(ascii: "t"): try self.expectLiteral("true")
        case UInt8(ascii: "f"): try self.expectLiteral("false")
        case UInt8(ascii: "n"): try self.expectLiteral("null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try self.scanNumber()
        default: throw .malformed("not a JSON value", at: self.position)
        }
    }
}

/// The kinds of the open brackets, innermost last, one bit each: as many as ``WireReader/maximumDepth``.
private struct OpenBrackets {
    private var bits: UInt128 = 0

    var isObject: Bool {
        self.bits & 1 == 1
    }

    mutating func push(isObject: Bool) {
        self.bits = self.bits << 1 | (isObject ? 1 : 0)
    }

    mutating func pop() {
        self.bits >>= 1
    }
}
