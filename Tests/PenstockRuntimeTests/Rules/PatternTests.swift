// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockRuntime

/// A pattern with texts that are instances of it and texts that are not.
struct PatternCase: Sendable, CustomTestStringConvertible {
    let pattern: String
    let matching: [String]
    let differing: [String]

    init(_ pattern: String, _ matching: [String], not differing: [String]) {
        self.pattern = pattern
        self.matching = matching
        self.differing = differing
    }

    var testDescription: String { self.pattern }

    func check() throws {
        let pattern = try Pattern(self.pattern)
        for text in self.matching { #expect(try pattern.matches(wholeOf: text), "\(text.debugDescription) matches") }
        for text in self.differing { #expect(try !pattern.matches(wholeOf: text), "\(text.debugDescription) differs") }
    }
}

@Suite struct PatternTests {
    @Test(arguments: [
        PatternCase("main", ["main"], not: ["", "mai", "mainx", "xmain", "MAIN", "main\n"]),
        PatternCase("é", ["é"], not: ["e", "e\u{301}"]),
        PatternCase("e\u{301}", ["e\u{301}"], not: ["é"]),
        PatternCase("👍🏽", ["👍🏽"], not: ["👍"]),
        PatternCase("a]b}c-d,e&f#g h", ["a]b}c-d,e&f#g h"], not: ["a]b}c-d,e&f#gh"]),
        PatternCase(#"\.\*\+\?\(\)\[\]\{\}\^\$\|\\\-\ \é"#, [#".*+?()[]{}^$|\- é"#], not: [""]),
        PatternCase(#"\t\n\r\f\a\e"#, ["\t\n\r\u{0C}\u{07}\u{1B}"], not: ["tnrfae"]),
        PatternCase(#"\x41\x{1F44D}\x{a}"#, ["A👍\n"], not: ["A👍"]),
        PatternCase(#"\u0041\uD83D\uDC4D"#, ["A👍"], not: ["A"]),
        PatternCase(#"\07\041\0101\0400"#, ["\u{07}!A\u{20}0"], not: ["7!A 0"]),
        PatternCase(#"\cA\c@\c?"#, ["\u{01}\u{00}\u{7F}"], not: ["A@?"]),
        PatternCase(#"\Qa.b*\E+"#, ["a.b*", "a.b***"], not: ["axb*", "a.ba.b*"]),
        PatternCase(#"\Q[(\"#, [#"[(\"#], not: ["[("]),
        PatternCase(#"a\Q\E*"#, ["", "aa"], not: ["b"]),
        PatternCase(#"\\Qa"#, [#"\Qa"#], not: ["a"]),
    ])
    func `Literals and escapes stand for their characters`(_ sample: PatternCase) throws { try sample.check() }

    @Test(arguments: [
        PatternCase(".", ["a", "é", "👍", "\t"], not: ["", "ab", "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"]),
        PatternCase("(?s).", ["a", "\n", "\u{2029}"], not: ["", "\r\n"]),
        PatternCase(#"\d\D"#, ["0a", "9é"], not: ["00", "a0", "٣a"]),
        PatternCase(#"\w\W"#, ["_-", "Z ", "aé"], not: ["éé", "aa"]),
        PatternCase(#"\s\S"#, [" a", "\u{0B}a", "\u{0C}é"], not: ["\u{A0}a", "  "]),
        PatternCase(#"\h\H"#, ["\ta", "\u{A0}\n", "\u{3000}a"], not: ["\na", "  "]),
        PatternCase(#"\v\V"#, ["\na", "\u{0B} ", "\u{2028}a"], not: [" a", "\n\n"]),
        PatternCase(#"a\Rb"#, ["a\nb", "a\r\nb", "a\u{85}b"], not: ["ab", "a\n\rb"]),
        PatternCase(#"\R\n"#, ["\r\n", "\n\n"], not: ["\n"]),
        PatternCase(#"\p{Lower}\P{Lower}"#, ["aA", "z0"], not: ["aa", "éA"]),
        PatternCase(#"\p{Upper}\p{Alpha}\p{Digit}"#, ["Aa1"], not: ["aa1", "A11", "Aaa"]),
        PatternCase(#"\p{Alnum}\p{Punct}\p{Graph}"#, ["a!~", "0_0"], not: ["aaa", "!!!", "a! "]),
        PatternCase(#"\p{Print}\p{Blank}\p{Space}"#, [" \t\n"], not: ["\t\t\n", " \n\n"]),
        PatternCase(#"\p{Cntrl}\p{XDigit}\p{ASCII}"#, ["\u{7F}f\u{00}"], not: ["aff", "\u{00}g\u{00}", "\u{00}fé"]),
    ])
    func `Predefined classes hold what they do in Java`(_ sample: PatternCase) throws { try sample.check() }

    @Test(arguments: [
        PatternCase("[abc]", ["a", "b", "c"], not: ["", "d", "ab"]),
        PatternCase("[^abc]", ["d", "\n", "👍"], not: ["a", ""]),
        PatternCase("[a-cx-z]", ["a", "b", "z"], not: ["d", "-"]),
        PatternCase("[-a]", ["-", "a"], not: ["b"]),
        PatternCase("[a-]", ["-", "a"], not: ["b"]),
        PatternCase("[]a]", ["]", "a"], not: ["b"]),
        PatternCase("[^]a]", ["b"], not: ["]", "a"]),
        PatternCase("[a^.$|()*+?{}&]", ["^", ".", "$", "|", "(", ")", "*", "+", "?", "{", "}", "&"], not: ["b"]),
        PatternCase(#"[\]\[\\\-]"#, ["]", "[", #"\"#, "-"], not: ["a"]),
        PatternCase(#"[\d_a-f]"#, ["0", "_", "f"], not: ["g"]),
        PatternCase(#"[\d-z]"#, ["0", "-", "z"], not: ["a"]),
        PatternCase(#"[^\D]"#, ["5"], not: ["a"]),
        PatternCase(#"[\x41-\u0043]"#, ["B"], not: ["D"]),
        PatternCase(#"[\Q^]-\E]"#, ["^", "]", "-"], not: ["a", "Q"]),
        PatternCase("[a-c[x-z]]", ["b", "y"], not: ["m"]),
        PatternCase("[a-[bc]]", ["a", "-", "b"], not: ["d"]),
        PatternCase("[a-z&&[def]]", ["d"], not: ["a"]),
        PatternCase("[a-z&&[^bc]]", ["a", "d"], not: ["b", "A"]),
        PatternCase("[a-z&&d-p&&[^m]x]", ["d", "p"], not: ["m", "x", "a"]),
        PatternCase("[^a-z&&a-c]", ["z", "0"], not: ["a", "c"]),
        PatternCase("[x[a&&b]]", ["x"], not: ["a", "b", "]"]),
        PatternCase(#"[\p{Alpha}&&\P{Upper}]"#, ["a"], not: ["A", "0"]),
        PatternCase("[Ā-ž&&[^č]]", ["š"], not: ["č", "c"]),
    ])
    func `Classes unite, range, negate, nest and intersect`(_ sample: PatternCase) throws { try sample.check() }

    @Test(arguments: [
        PatternCase("^a$", ["a"], not: ["a\n", "b"]),
        PatternCase("a$\\n", ["a\n"], not: ["a"]),
        PatternCase("a$\\r\\n", ["a\r\n"], not: ["a\r"]),
        PatternCase("a\\r$\\n", [], not: ["a\r\n"]),
        PatternCase("a$\\nb", [], not: ["a\nb"]),
        PatternCase("a\\Z\\n", ["a\n"], not: ["a"]),
        PatternCase("a\\z\\n", [], not: ["a\n", "a"]),
        PatternCase("(?m)a$\\n^b$", ["a\nb"], not: ["ab"]),
        PatternCase("(?m)a\\r^\\nb", [], not: ["a\r\nb"]),
        PatternCase("(?m)a$\\r\\n^b", ["a\r\nb"], not: []),
        PatternCase("(?m)a\\n^", [], not: ["a\n"]),
        PatternCase("(?m)^", [], not: [""]),
        PatternCase("(?m)$", [""], not: []),
        PatternCase("a\\n\\Ab", [], not: ["a\nb"]),
        PatternCase("\\Aa\\z", ["a"], not: ["b"]),
        PatternCase(#"a\b b\B\w"#, ["a bc"], not: ["a b"]),
        PatternCase(#"\B"#, [""], not: ["a"]),
        PatternCase(#"\b"#, [], not: ["", "a"]),
        PatternCase(#"\ba\b.\Bé"#, ["a-é"], not: ["abé"]),
        PatternCase("a^b|^*c", ["c"], not: ["ab"]),
    ])
    func `Anchors and boundaries hold between characters`(_ sample: PatternCase) throws { try sample.check() }

    @Test(arguments: [
        PatternCase("a*", ["", "a", "aaaa"], not: ["b", "ab"]),
        PatternCase("a+?", ["a", "aaaa"], not: ["", "b"]),
        PatternCase("a??b", ["b", "ab"], not: ["aab"]),
        PatternCase("a{3}", ["aaa"], not: ["aa", "aaaa"]),
        PatternCase("a{2,}", ["aa", "aaaaa"], not: ["a", ""]),
        PatternCase("a{0,}", ["", "aa"], not: ["b"]),
        PatternCase("a{1,3}?", ["a", "aa", "aaa"], not: ["", "aaaa"]),
        PatternCase("a{0}b{0,0}", [""], not: ["a", "b"]),
        PatternCase("(ab|c){2}", ["abab", "abc", "cc"], not: ["ab", "ccc"]),
        PatternCase("(a|b)*c|d", ["abbac", "c", "d"], not: ["ab", "cd"]),
        PatternCase("a||b", ["", "a", "b"], not: ["ab"]),
        PatternCase("()|(|a)", ["", "a"], not: ["b"]),
        PatternCase("(?:a(?<tail>b))+", ["abab"], not: ["aab"]),
        PatternCase("(a*)*", ["", "aaa"], not: ["b"]),
        PatternCase("(a*b*)+c", ["c", "abbac"], not: ["abba"]),
        PatternCase("(^a|b){2,3}", ["ab", "abb", "bb"], not: ["aa", "ba"]),
        PatternCase("(){5}", [""], not: ["a"]),
        PatternCase("", [""], not: ["a"]),
    ])
    func `Groups, alternatives and quantifiers say how often and what`(_ sample: PatternCase) throws {
        try sample.check()
    }

    @Test(arguments: [
        PatternCase("(?i)Main-é", ["MAIN-é", "main-é"], not: ["main-É"]),
        PatternCase("a(?i)b|c", ["ab", "aB", "C"], not: ["Ab"]),
        PatternCase("(a(?i)b)c", ["aBc"], not: ["aBC", "Abc"]),
        PatternCase("(?i:a)b(?-i)c", ["Abc"], not: ["ABc", "abC"]),
        PatternCase("(?i)a(?-i:b)", ["Ab"], not: ["AB"]),
        PatternCase("(?i)[a-c][^x][[k]]", ["BYK"], not: ["BXk"]),
        PatternCase(#"(?i)\p{Lower}\P{Upper}"#, ["A-"], not: ["Ab", "--"]),
        PatternCase("(?im-s)^a.$", ["AB"], not: ["A\n"]),
        PatternCase("(?s:.).", ["\na"], not: ["a\n"]),
        PatternCase("(?x) a b # a comment\n c\\ \\# [ d e ] \\Q \\E + ", ["abc #d ", "abc #e  "], not: ["abc #d"]),
        PatternCase("(?x: a ) b", ["a b"], not: ["ab"]),
        PatternCase("(?x)a # to the end", ["a"], not: ["a "]),
    ])
    func `Flags hold to the end of their group`(_ sample: PatternCase) throws { try sample.check() }
}
