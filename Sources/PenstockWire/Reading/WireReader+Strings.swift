// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where the contents of a string lie that was just read: in the document itself, or decoded beside it.
struct ScannedString {
    var start: Int
    var count: Int
    var isUnescaped: Bool
}

extension WireReader {
    /// Reads the string whose opening quote is next.
    ///
    /// The result stays valid until the next string is read.
    mutating func scanString() throws(WireError) -> ScannedString {
        let start = self.position + 1
        self.position = start
        self.skipPlainCharacters()
        guard self.position < self.bytes.count else {
            throw .malformed("unexpected end of input", at: self.position)
        }
        if self.bytes[self.position] == UInt8(ascii: "\"") {
            defer { self.position += 1 }
            return ScannedString(start: start, count: self.position - start, isUnescaped: false)
        }
        self.unescaped.removeAll(keepingCapacity: true)
        self.unescaped.append(contentsOf: UnsafeBufferPointer(rebasing: self.bytes[start..<self.position]))
        try self.unescapeRest()
        return ScannedString(start: 0, count: self.unescaped.count, isUnescaped: true)
    }

    /// Lends the contents of a string that was just read.
    func withBytes<Result>(
        of string: ScannedString, _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        if string.isUnescaped {
            return self.unescaped.withUnsafeBufferPointer { body($0) }
        }
        return body(UnsafeBufferPointer(rebasing: self.bytes[string.start..<(string.start + string.count)]))
    }

    /// Stops at a quote, a backslash, a control character or the end.
    private mutating func skipPlainCharacters() {
        let base = UnsafeRawBufferPointer(self.bytes)
        while self.position + 8 <= base.count {
            let word = base.loadUnaligned(fromByteOffset: self.position, as: UInt64.self)
            guard !Self.hasSpecialCharacter(word) else {
                break
            }
            self.position += 8
        }
        while self.position < self.bytes.count {
            let byte = self.bytes[self.position]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 {
                return
            }
            self.position += 1
        }
    }

    /// Looks at eight bytes at once; it may be wrong only in saying yes, and then the loop byte by byte decides.
    private static func hasSpecialCharacter(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let zeros = ((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes)
        let controls = (word &- (ones &* 0x20)) & ~word
        return (zeros | controls) & highs != 0
    }

    private mutating func unescapeRest() throws(WireError) {
        while true {
            guard self.position < self.bytes.count else {
                throw .malformed("unexpected end of input", at: self.position)
            }
            switch self.bytes[self.position] {
            case UInt8(ascii: "\""):
                self.position += 1
                return
            case UInt8(ascii: "\\"):
                self.position += 1
                try self.unescapeOne()
            case 0..<0x20:
                throw .malformed("a control character inside a string", at: self.position)
            default:
                let start = self.position
                self.skipPlainCharacters()
                self.unescaped.append(contentsOf: UnsafeBufferPointer(rebasing: self.bytes[start..<self.position]))
            }
        }
    }

    private mutating func unescapeOne() throws(WireError) {
        guard self.position < self.bytes.count else {
            throw .malformed("unexpected end of input", at: self.position)
        }
        let letter = self.bytes[self.position]
        self.position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): self.unescaped.append(letter)
        case UInt8(ascii: "b"): self.unescaped.append(0x08)
        case UInt8(ascii: "f"): self.unescaped.append(0x0C)
        case UInt8(ascii: "n"): self.unescaped.append(0x0A)
        case UInt8(ascii: "r"): self.unescaped.append(0x0D)
        case UInt8(ascii: "t"): self.unescaped.append(0x09)
        case UInt8(ascii: "u"): self.unescaped.append(contentsOf: String(try self.unescapeScalar()).utf8)
        default: throw .malformed("an unknown escape sequence", at: self.position - 2)
        }
    }

    /// Reads the digits behind `\u`, and the second half of a surrogate pair with them.
    private mutating func unescapeScalar() throws(WireError) -> Unicode.Scalar {
        let start = self.position - 2
        let first = try self.hexadecimalUnit()
        if let scalar = Unicode.Scalar(first) {
            return scalar
        }
        guard (0xD800..<0xDC00).contains(first),
            self.bytes.count - self.position >= 6,
            self.bytes[self.position] == UInt8(ascii: "\\"),
            self.bytes[self.position + 1] == UInt8(ascii: "u")
        else {
            throw .malformed("an unpaired surrogate", at: start)
        }
        self.position += 2
        let second = try self.hexadecimalUnit()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else {
            throw .malformed("an unpaired surrogate", at: start)
        }
        return scalar
    }

    private mutating func hexadecimalUnit() throws(WireError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard self.position < self.bytes.count, let digit = Self.hexadecimalDigit(self.bytes[self.position]) else {
                throw .malformed("four hexadecimal digits expected", at: self.position)
            }
            unit = unit << 4 | digit
            self.position += 1
        }
        return unit
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
