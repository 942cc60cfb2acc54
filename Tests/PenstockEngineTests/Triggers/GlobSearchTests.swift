// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockEngine

struct GlobSearchTests {
    /// The longest pattern that a trigger may have. Source: AWS CodePipeline API, shape GitFilePathPattern.
    static let maximumPatternLength = 255

    static let hostile: [String] = [
        "*a", "a*", "**", "**/", "?*", "{a,a}", "{*,**}", "{a*,*a}", "[a-z]*", "{,,,,}", "{}", "{", "[", "{[", "{[]",
        "\\",
    ]
    .map { part in String(String(repeating: part, count: Self.maximumPatternLength).prefix(Self.maximumPatternLength)) }

    @Test(arguments: Self.hostile)
    func `No pattern looks at its places more than twice for a character`(pattern: String) {
        let steps = GlobPattern(pattern).steps
        let value = String(repeating: "a", count: 2000) + "!"
        var search = GlobSearch(steps)
        _ = search.matches(value)
        #expect(search.visits <= steps.count * (2 * value.count + 1))
    }

    @Test(arguments: Self.hostile + ["{a,b*}[c-d]**\\*?", "größe"])
    func `A pattern never takes more places than it has characters`(pattern: String) {
        #expect(GlobPattern(pattern).steps.count <= pattern.unicodeScalars.count)
    }

    @Test(arguments: ["{", "[", "{[", "{a,[b", "{[}]", "{a}", "{[a],b}", "*{", #"{\}"#, "[!]"])
    func `Reading a pattern looks at each of its characters a few times`(part: String) {
        let parser = GlobParser(String(repeating: part, count: 1000))
        #expect(parser.visits <= 5 * 1000 * part.count)
    }

    @Test func `Patterns that lead astray still find what they stand for`() {
        let value = String(repeating: "a", count: 1000)
        #expect(GlobPattern(String(repeating: "*a", count: 100)).matches(value))
        #expect(!GlobPattern(String(repeating: "*a", count: 100) + "b").matches(value))
        #expect(GlobPattern(String(repeating: "{a,aa}", count: 40)).matches(String(repeating: "a", count: 63)))
        #expect(!GlobPattern(String(repeating: "{a,aa}", count: 40)).matches(String(repeating: "a", count: 81)))
    }

    @Test func `Random patterns agree with trying everything`() {
        var random = SplitMix(state: 2026)
        for _ in 0..<4000 {
            let pattern = SlowGlob.random(using: &random)
            let glob = GlobPattern(pattern.text)
            for _ in 0..<10 {
                let length = Int.random(in: 0...6, using: &random)
                let value = String((0..<length).map { _ in "ab/*".randomElement(using: &random) ?? "a" })
                #expect(glob.matches(value) == pattern.matches(value), "\(pattern.text) and \(value)")
            }
        }
    }
}

/// A pattern that is tried out in every way there is: slow, and as the documentation puts it.
private struct SlowGlob {
    enum Part {
        case character(Character), escaped(Character), star, twoStars, question, letters(inverted: Bool)
        case alternatives([[Part]])

        var isRun: Bool {
            switch self {
            case .star, .twoStars: true
            case .character, .escaped, .question, .letters, .alternatives: false
            }
        }
    }

    let parts: [Part]

    static func random(using random: inout SplitMix, isNested: Bool = false) -> Self {
        var parts: [Part] = []
        for _ in 0..<Int.random(in: isNested ? 0...2 : 1...4, using: &random) {
            let part = self.randomPart(using: &random, isNested: isNested)
            // Side by side, two of one star would be read as one of two.
            if part.isRun, parts.last?.isRun == true { continue }
            parts.append(part)
        }
        return Self(parts: parts)
    }

    private static func randomPart(using random: inout SplitMix, isNested: Bool) -> Part {
        switch Int.random(in: 0...(isNested ? 6 : 7), using: &random) {
        case 0, 1: return .character("ab/".randomElement(using: &random) ?? "a")
        case 2: return .escaped("*?a/".randomElement(using: &random) ?? "*")
        case 3: return .star
        case 4: return .twoStars
        case 5: return .question
        case 6: return .letters(inverted: Bool.random(using: &random))
        case _:
            let count = Int.random(in: 1...3, using: &random)
            return .alternatives((0..<count).map { _ in self.random(using: &random, isNested: true).parts })
        }
    }

    var text: String { Self.text(of: self.parts) }

    private static func text(of parts: [Part]) -> String {
        parts.map { part in
            switch part {
            case .character(let character): String(character)
            case .escaped(let character): "\\\(character)"
            case .star: "*"
            case .twoStars: "**"
            case .question: "?"
            case .letters(let inverted): inverted ? "[!ab]" : "[ab]"
            case .alternatives(let all): "{\(all.map { self.text(of: $0) }.joined(separator: ","))}"
            }
        }
        .joined()
    }

    func matches(_ value: String) -> Bool { Self.matches(self.parts[...], Array(value)[...]) }

    private static func matches(_ parts: ArraySlice<Part>, _ value: ArraySlice<Character>) -> Bool {
        guard let part = parts.first else { return value.isEmpty }
        let rest = parts.dropFirst()
        switch part {
        case .character(let character), .escaped(let character):
            return value.first == character && self.matches(rest, value.dropFirst())
        case .question: return value.first.map { $0 != "/" } ?? false && self.matches(rest, value.dropFirst())
        case .letters(let inverted):
            guard let first = value.first, first != "/", "ab".contains(first) != inverted else { return false }
            return self.matches(rest, value.dropFirst())
        case .star, .twoStars:
            if self.matches(rest, value) { return true }
            guard let first = value.first else { return false }
            if case .star = part, first == "/" { return false }
            return self.matches(parts, value.dropFirst())
        case .alternatives(let all): return all.contains { self.matches(($0 + rest)[...], value) }
        }
    }
}

/// Random numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
