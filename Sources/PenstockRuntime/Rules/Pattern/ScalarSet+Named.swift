// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The sets that have names in Java's patterns. Source: Java SE API, java.util.regex.Pattern.
extension ScalarSet {
    static let everything = Self([0...Self.highest])
    static let digits = Self([0x30...0x39])
    static let wordCharacters = Self([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])
    static let whitespace = Self([0x09...0x0D, 0x20...0x20])
    static let horizontalSpace = Self([
        0x09...0x09, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x180E...0x180E, 0x2000...0x200A, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000,
    ])
    static let verticalSpace = Self([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029])
    /// What `.`, `^` and `$` take for the end of a line.
    static let lineTerminators = Self([0x0A...0x0A, 0x0D...0x0D, 0x85...0x85, 0x2028...0x2029])

    /// The classes of POSIX by their names between the braces of `\p{…}`; all are of ASCII alone.
    static let properties: [String: Self] = [
        "ASCII": Self([0x00...0x7F]),
        "Alnum": Self([0x30...0x39, 0x41...0x5A, 0x61...0x7A]),
        "Alpha": Self([0x41...0x5A, 0x61...0x7A]),
        "Blank": Self([0x09...0x09, 0x20...0x20]),
        "Cntrl": Self([0x00...0x1F, 0x7F...0x7F]),
        "Digit": Self.digits,
        "Graph": Self([0x21...0x7E]),
        "Lower": Self([0x61...0x7A]),
        "Print": Self([0x20...0x7E]),
        "Punct": Self([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
        "Space": Self.whitespace,
        "Upper": Self([0x41...0x5A]),
        "XDigit": Self([0x30...0x39, 0x41...0x46, 0x61...0x66]),
    ]

    /// The set of the escape with this letter: `\d`, `\S` and so on.
    static func escaped(_ letter: Unicode.Scalar) -> Self? {
        switch letter {
        case "d": .digits
        case "D": .digits.inverted
        case "w": .wordCharacters
        case "W": .wordCharacters.inverted
        case "s": .whitespace
        case "S": .whitespace.inverted
        case "h": .horizontalSpace
        case "H": .horizontalSpace.inverted
        case "v": .verticalSpace
        case "V": .verticalSpace.inverted
        case _: nil
        }
    }
}
