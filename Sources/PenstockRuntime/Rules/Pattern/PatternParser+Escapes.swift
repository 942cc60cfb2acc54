// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a backslash and what follows it stand for.
enum PatternEscape {
    case scalar(Unicode.Scalar)
    case set(ScalarSet)
    case assertion(PatternAssertion)
    /// One line terminator, which may be a pair.
    case lineBreak
}

extension PatternParser {
    /// Reads what follows a backslash.
    ///
    /// - Parameter position: The backslash's.
    mutating func escape(at position: Int) throws(PatternError) -> PatternEscape {
        guard let unit = self.source.next() else { throw PatternError("nothing follows '\\'", at: position) }
        if let set = ScalarSet.escaped(unit.scalar) { return .set(set) }
        switch unit.scalar {
        case "t": return .scalar("\t")
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "f": return .scalar("\u{0C}")
        case "a": return .scalar("\u{07}")
        case "e": return .scalar("\u{1B}")
        case "0": return .scalar(try self.octal(at: position))
        case "x": return .scalar(try self.hexadecimal(at: position))
        case "u": return .scalar(try self.codeUnits(at: position))
        case "c": return .scalar(try self.control(at: position))
        case "p": return .set(try self.property(at: position))
        case "P": return .set(try self.property(at: position).inverted)
        case "R": return .lineBreak
        case "A": return .assertion(.textStart)
        case "z": return .assertion(.textEnd)
        case "Z": return .assertion(.lastLineEnd)
        case "b":
            if self.source.isNext("{"), self.source.peek(ahead: 1)?.scalar == "g" {
                throw .unsupported("'\\b{g}'", at: position)
            }
            return .assertion(.wordBoundary)
        case "B": return .assertion(.noWordBoundary)
        case "1"..."9", "k": throw .unsupported("a backreference", at: position)
        case "G", "N", "X": throw .unsupported("'\\\(unit.scalar)'", at: position)
        case "A"..."Z", "a"..."z": throw PatternError("the escape '\\\(unit.scalar)' does not exist", at: position)
        case _: return .scalar(unit.scalar)
        }
    }

    /// One to three octal digits, up to 377.
    private mutating func octal(at position: Int) throws(PatternError) -> Unicode.Scalar {
        let small = self.source.take(ScalarSet([0x30...0x33]), most: 1)
        let rest = self.source.take(ScalarSet([0x30...0x37]), most: 2)
        guard let value = UInt8(small + rest, radix: 8) else {
            throw PatternError("'\\0' is followed by no octal digit", at: position)
        }
        return Unicode.Scalar(value)
    }

    /// Two hexadecimal digits, or any number in braces.
    private mutating func hexadecimal(at position: Int) throws(PatternError) -> Unicode.Scalar {
        let isBraced = self.source.skip("{")
        let digits = self.source.take(Self.hexadecimalDigits, most: isBraced ? 8 : 2)
        guard let value = UInt32(digits, radix: 16), isBraced ? self.source.skip("}") : digits.count == 2,
            let scalar = Unicode.Scalar(value)
        else { throw PatternError("'\\x' is followed by no hexadecimal number of a character", at: position) }
        return scalar
    }

    /// Four hexadecimal digits; twice where they are the halves of a surrogate pair.
    private mutating func codeUnits(at position: Int) throws(PatternError) -> Unicode.Scalar {
        let first = try self.codeUnit(at: position)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), self.source.skip("\\"), self.source.skip("u") else {
            throw PatternError("'\\u' stands for half a character", at: position)
        }
        let second = try self.codeUnit(at: position)
        guard UTF16.isTrailSurrogate(second) else {
            throw PatternError("'\\u' stands for half a character", at: position)
        }
        return UTF16.decode(UTF16.EncodedScalar([first, second]))
    }

    private mutating func codeUnit(at position: Int) throws(PatternError) -> UInt16 {
        let digits = self.source.take(Self.hexadecimalDigits, most: 4)
        guard digits.utf8.count == 4, let unit = UInt16(digits, radix: 16) else {
            throw PatternError("'\\u' is not followed by four hexadecimal digits", at: position)
        }
        return unit
    }

    private mutating func control(at position: Int) throws(PatternError) -> Unicode.Scalar {
        guard let unit = self.source.next(), let scalar = Unicode.Scalar(unit.scalar.value ^ 0x40) else {
            throw PatternError("nothing follows '\\c'", at: position)
        }
        return scalar
    }

    /// A name in braces, or of one letter without.
    private mutating func property(at position: Int) throws(PatternError) -> ScalarSet {
        let isBraced = self.source.skip("{")
        let name = self.source.take(Self.nameScalars, most: isBraced ? Pattern.maximumLength : 1)
        guard !name.isEmpty, !isBraced || self.source.skip("}") else {
            throw PatternError("'\\p' is followed by no name in braces", at: position)
        }
        guard let set = ScalarSet.properties[name] else { throw .unsupported("the property '\(name)'", at: position) }
        return self.flags.ignoresCase ? set.ignoringCase : set
    }

    private static let hexadecimalDigits = ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
    /// Letters, digits, blanks and `_=-`, which the names of all of Java's properties are made of.
    private static let nameScalars = ScalarSet(
        ScalarSet.wordCharacters.ranges + [0x20...0x20, 0x2D...0x2D, 0x3D...0x3D])
}
