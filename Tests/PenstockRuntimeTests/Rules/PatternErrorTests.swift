// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockRuntime

@Suite struct PatternErrorTests {
    @Test(arguments: [
        ("a(?=b)", "lookahead is not supported, at character 2"),
        ("(?!b)", "lookahead is not supported, at character 1"),
        ("ab(?<=b)", "lookbehind is not supported, at character 3"),
        ("(?<!b)", "lookbehind is not supported, at character 1"),
        ("(?>a)", "the atomic group is not supported, at character 1"),
        ("éa*+", "the possessive quantifier is not supported, at character 3"),
        ("a++", "the possessive quantifier is not supported, at character 2"),
        ("a?+", "the possessive quantifier is not supported, at character 2"),
        ("a{2}+", "the possessive quantifier is not supported, at character 2"),
        (#"(a)\1"#, "a backreference is not supported, at character 4"),
        (#"(?<n>a)\k<n>"#, "a backreference is not supported, at character 8"),
        ("(?d)", "the flag 'd' is not supported, at character 3"),
        ("(?iu:a)", "the flag 'u' is not supported, at character 4"),
        (#"\G"#, #"'\G' is not supported, at character 1"#),
        (#"\X"#, #"'\X' is not supported, at character 1"#),
        (#"\N{DIGIT ONE}"#, #"'\N' is not supported, at character 1"#),
        (#"\b{g}"#, #"'\b{g}' is not supported, at character 1"#),
        (#"a\p{IsGreek}"#, "the property 'IsGreek' is not supported, at character 2"),
        (#"\pL"#, "the property 'L' is not supported, at character 1"),
    ])
    func `What cannot be done in linear time, or is not known, is named with its position`(
        _ pattern: String,
        _ message: String
    ) {
        #expect(Self.error(of: pattern) == message)
    }

    @Test(arguments: [
        ("*a", "'*' has nothing to repeat, at character 1"),
        ("a**", "'*' has nothing to repeat, at character 3"),
        ("(+)", "'+' has nothing to repeat, at character 2"),
        ("a|?", "'?' has nothing to repeat, at character 3"),
        ("(?i)*", "'*' has nothing to repeat, at character 5"),
        ("{2}", "'{' has nothing to repeat, at character 1"),
        ("a{2}{3}", "'{' has nothing to repeat, at character 5"),
        ("a{", "a repetition has no count, at character 2"),
        ("a{,2}", "a repetition has no count, at character 2"),
        ("a{x}", "a repetition has no count, at character 2"),
        ("a{1", "a repetition is not closed, at character 2"),
        ("a{1,x}", "a repetition has no count, at character 2"),
        ("a{3,2}", "a repetition's bounds are the wrong way round, at character 2"),
        ("(a", "a group is not closed, at character 1"),
        ("((a)", "a group is not closed, at character 1"),
        ("a)", "')' closes no group, at character 2"),
        ("(?", "a group is not closed, at character 1"),
        ("(?i", "a group is not closed, at character 1"),
        ("(?y)", "'(?' is followed by the unknown 'y', at character 3"),
        (#"(?\Qi\E)"#, "'(?' is followed by a quotation, at character 5"),
        ("(?<1a>b)", "a group's name is a letter and then letters and digits, at character 1"),
        ("(?<a_b>b)", "a group's name is a letter and then letters and digits, at character 1"),
        ("(?<a>b)(?<a>b)", "the group name 'a' is used more than once, at character 8"),
        ("[a", "a class is not closed, at character 1"),
        ("[]", "a class is not closed, at character 1"),
        ("[^]", "a class is not closed, at character 1"),
        ("[a[b]", "a class is not closed, at character 1"),
        ("[b-a]", "a range of a class has no end above its start, at character 2"),
        (#"[a-\d]"#, "a range of a class has no end above its start, at character 2"),
        (#"[\b]"#, "an escape has no place in a class, at character 2"),
        ("[a&&]", "a side of '&&' is empty, at character 5"),
        ("[&&a]", "a side of '&&' is empty, at character 2"),
        ("[a&&&b]", "'&&&' has no clear meaning, at character 3"),
        (#"a\"#, #"nothing follows '\', at character 2"#),
        (#"\y"#, #"the escape '\y' does not exist, at character 1"#),
        (#"\E"#, #"the escape '\E' does not exist, at character 1"#),
        (#"\08"#, #"'\0' is followed by no octal digit, at character 1"#),
        (#"\x4"#, #"'\x' is followed by no hexadecimal number of a character, at character 1"#),
        (#"\x{110000}"#, #"'\x' is followed by no hexadecimal number of a character, at character 1"#),
        (#"\x{41"#, #"'\x' is followed by no hexadecimal number of a character, at character 1"#),
        (#"\u12"#, #"'\u' is not followed by four hexadecimal digits, at character 1"#),
        (#"\uD83D"#, #"'\u' stands for half a character, at character 1"#),
        (#"\uDC4D"#, #"'\u' stands for half a character, at character 1"#),
        (#"\uD83D\u0041"#, #"'\u' stands for half a character, at character 1"#),
        (#"\c"#, #"nothing follows '\c', at character 1"#),
        (#"\p{}"#, #"'\p' is followed by no name in braces, at character 1"#),
        (#"\p{Alpha"#, #"'\p' is followed by no name in braces, at character 1"#),
    ])
    func `What is no pattern is refused with the reason and the position`(_ pattern: String, _ message: String) {
        #expect(Self.error(of: pattern) == message)
    }

    @Test func `Whatever is made of the characters of the syntax is read or refused`() {
        var random = SeededGenerator(seed: 7)
        let pieces = [
            "a", "b", "[", "]", "(", ")", "{", "}", "*", "+", "?", "|", "^", "$", "\\", "-", "&&", ".", "0", "1", ",",
            "(?", "i", "x", ":", "<", ">", "\\Q", "\\E", " ", "#", "\n", "\\p", "{Alpha}", "\\u", "D83D", "\\x", "é",
        ]
        var read = 0
        for _ in 0..<3_000 {
            let count = Int.random(in: 1...12, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            guard let pattern = try? Pattern(text) else { continue }
            read += 1
            _ = try? pattern.matches(wholeOf: "ab 0\n")
        }
        #expect(read > 300)
    }

    static func error(of pattern: String) -> String? {
        do throws(PatternError) {
            _ = try Pattern(pattern)
            return nil
        } catch {
            return error.description
        }
    }
}
