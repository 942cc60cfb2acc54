// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PenstockRuntime

@Suite struct PatternBoundTests {
    @Test func `A pattern has at most so many characters`() throws {
        let longest = String(repeating: "a", count: Pattern.maximumLength)
        #expect(try Pattern(longest).matches(wholeOf: longest))
        #expect(try !Pattern(longest).matches(wholeOf: String(longest.dropLast())))
        #expect(PatternErrorTests.error(of: longest + "a") == "the pattern has more than 10000 characters")
    }

    @Test func `A repetition counts no higher than the bound`() throws {
        let text = String(repeating: "a", count: Pattern.maximumRepetitions)
        #expect(try Pattern("a{1000}").matches(wholeOf: text))
        #expect(try Pattern("a{0,1000}").matches(wholeOf: text))
        #expect(try !Pattern("a{0,1000}").matches(wholeOf: text + "a"))
        let message = "a repetition has a count above 1000, at character 2"
        #expect(PatternErrorTests.error(of: "a{1001}") == message)
        #expect(PatternErrorTests.error(of: "a{1,1001}") == message)
        #expect(PatternErrorTests.error(of: "a{99999999999999999999}") == message)
    }

    @Test(arguments: [
        "(a{1000}){1000}", "((((a{100}){100}){100}){100}){100}", "(a{1000}){0,1000}", "(a{1000}){21}",
        "((a?){1000}){11}", "a{1000}" + String(repeating: "(?:b{1000})", count: 20),
        String(repeating: "(?:a{1000}){9}(", count: 100),
    ])
    func `Repetitions are not written out beyond the size of a program`(_ pattern: String) {
        let message = "the pattern is too large with its repetitions written out"
        #expect(PatternErrorTests.error(of: pattern) == message)
    }

    @Test func `What is repeated no times takes no room`() throws {
        let pattern = String(repeating: "(?:a{1000}){0}", count: 700)
        #expect(try Pattern(pattern).matches(wholeOf: ""))
        #expect(try Pattern("((){1000}){1000}").matches(wholeOf: ""))
    }

    @Test(arguments: [("(", ")*", "groups"), ("[", "]", "classes")])
    func `Groups and classes nest no deeper than the bound`(_ open: String, _ close: String, _ name: String) throws {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "a" + String(repeating: close, count: depth)
        }
        #expect(try Pattern(nested(Pattern.maximumDepth)).matches(wholeOf: "a"))
        let message = "\(name) are nested more than 250 deep, at character 251"
        #expect(PatternErrorTests.error(of: nested(Pattern.maximumDepth + 1)) == message)
        #expect(PatternErrorTests.error(of: String(repeating: open, count: 10_000)) == message)
    }

    @Test func `A match that would take too many steps is given up`() throws {
        let pattern = try Pattern(String(repeating: "a?", count: 5_000))
        let text = Array(String(repeating: "a", count: 200).unicodeScalars)
        var machine = PatternMachine(program: pattern.program, text: text)
        #expect(machine.run(maximumSteps: 100_000) == .outOfSteps)
        // The bound is looked at between two characters of the text.
        #expect(machine.steps < 100_000 + 5 * pattern.program.instructions.count)
    }

    @Test(arguments: [
        "(a+)+$", "(a*)*b", "(a|a)*b", "(a|aa)+$", "(.*)*(.*)*(.*)*c", "(((a*)*)*)*b", "((a?){20}){20}$",
        "(\\w+\\s?)*$", "([a-z]+)*[A-Z]", "(?:a?){200}a{200}", "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(a{0,5}){0,5}(a{0,5}){0,5}b", "(^a*$?)*", "(\\b|\\B|a)*b",
    ])
    func `The steps grow with the text and no faster, for patterns that take others forever`(_ source: String) throws {
        let pattern = try Pattern(source)
        let counts = [500, 1_000, 2_000].map { Self.steps(of: pattern, on: String(repeating: "a", count: $0) + "!") }
        for (count, length) in zip(counts, [501, 1_001, 2_001]) {
            #expect(count <= 4 * (pattern.program.instructions.count + 1) * (length + 1))
        }
        #expect(counts[1] <= counts[0] * 21 / 10)
        #expect(counts[2] <= counts[1] * 21 / 10)
    }

    @Test func `Long patterns of hostile shapes are read and matched within the steps`() throws {
        let shapes = ["a?", "a*", "(a)", "[ab]", "(?i:a)", "a|", "[a-z&&[^b]]", "(?:a*)*", "\\Qa\\E", ".*", "^", "\\b"]
        for shape in shapes {
            let source = String(repeating: shape, count: Pattern.maximumLength / shape.count)
            guard let pattern = try? Pattern(source) else {
                #expect(
                    PatternErrorTests.error(of: source) == "the pattern is too large with its repetitions written out")
                continue
            }
            let steps = Self.steps(of: pattern, on: "aaaa!")
            #expect(steps <= 4 * (pattern.program.instructions.count + 1) * 6, "\(shape)")
        }
    }

    private static func steps(of pattern: Pattern, on text: String) -> Int {
        var machine = PatternMachine(program: pattern.program, text: Array(text.unicodeScalars))
        _ = machine.run(maximumSteps: .max)
        return machine.steps
    }
}
