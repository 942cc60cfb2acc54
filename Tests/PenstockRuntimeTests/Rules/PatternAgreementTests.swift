// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockRuntime

/// Compares with the standard library's expressions, which go back where ours go on.
@Suite struct PatternAgreementTests {
    @Test func `Generated patterns match what Swift's expressions match`() throws {
        var random = SeededGenerator(seed: 2026)
        var texts: [String] = [""]
        for length in 1...4 {
            texts += (0..<(1 << length)).map { bits in
                String((0..<length).map { bits >> $0 & 1 == 0 ? "a" : "b" })
            }
        }
        texts += ["c", "abc", "a\nb", "ab\n", "0a", "_", "A", "aB", " a "]
        var matches = 0
        for _ in 0..<400 {
            let source = Self.alternatives(depth: 0, using: &random)
            let pattern = try Pattern(source)
            let expression = try Regex(source).matchingSemantics(.unicodeScalar)
            for text in texts {
                let expected = try expression.wholeMatch(in: text) != nil
                if expected { matches += 1 }
                #expect(try pattern.matches(wholeOf: text) == expected, "\(source) on \(text.debugDescription)")
            }
        }
        #expect(matches > 1_000)
    }

    private static func alternatives(depth: Int, using random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...3, using: &random))
            .map { _ in Self.sequence(depth: depth, using: &random) }
            .joined(separator: "|")
    }

    private static func sequence(depth: Int, using random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...3, using: &random))
            .map { _ in
                let quantifiers = ["", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}"]
                let quantifier = quantifiers.randomElement(using: &random) ?? ""
                return Self.item(depth: depth, using: &random) + quantifier
            }
            .joined()
    }

    private static func item(depth: Int, using random: inout SeededGenerator) -> String {
        if depth < 2, Int.random(in: 0..<4, using: &random) == 0 {
            let opening = ["(", "(?:", "(?i:", "(?s:"].randomElement(using: &random) ?? "("
            return "\(opening)\(Self.alternatives(depth: depth + 1, using: &random)))"
        }
        let items = [
            "a", "b", "a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", "[^b-c]", #"\w"#, #"\d"#, #"\s"#, #"\D"#, #"\n"#,
            #"\x61"#, #"[\w&&[^b]]"#,
        ]
        return items.randomElement(using: &random) ?? "a"
    }
}
