// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

@testable import PenstockRuntime

@Suite struct VariableCheckTests {
    private let now = Timestamp(millisecondsSinceEpoch: 1_773_000_000_000)

    @Test(arguments: [
        ("main", "EQ", "main", "'main' equals 'main'"),
        ("main", "NE", "release", "'main' differs from 'release'"),
        ("main", "NE", "Main", "'main' differs from 'Main'"),
        ("feature/login", "CONTAINS", "login", "'feature/login' contains 'login'"),
        ("main", "CONTAINS", "main", "'main' contains 'main'"),
        ("aaaab", "CONTAINS", "aab", "'aaaab' contains 'aab'"),
        ("release/1.2", "MATCHES", #"release/\d+\.\d+"#, #"'release/1.2' matches 'release/\d+\.\d+'"#),
    ])
    func `A comparison that holds satisfies the rule`(
        _ variable: String,
        _ comparison: String,
        _ value: String,
        _ summary: String
    ) {
        let start = RuleStart(
            .variableCheck, ["Variable": variable, "Value": value, "Operator": comparison])
        let evaluation = BuiltInRules.evaluate(start, at: self.now)
        #expect(evaluation == .verdict(RuleVerdict(.satisfied, summary: summary)))
    }

    @Test(arguments: [
        ("main", "EQ", "Main", "'main' does not equal 'Main'"),
        ("main", "EQ", "main ", "'main' does not equal 'main '"),
        ("é", "EQ", "e\u{301}", "'é' does not equal 'e\u{301}'"),
        ("main", "NE", "main", "'main' does not differ from 'main'"),
        ("feature/login", "CONTAINS", "Login", "'feature/login' does not contain 'Login'"),
        ("main", "CONTAINS", "mainline", "'main' does not contain 'mainline'"),
        ("release/1.2.3", "MATCHES", #"release/\d+\.\d+"#, #"'release/1.2.3' does not match 'release/\d+\.\d+'"#),
        ("main", "MATCHES", "ai", "'main' does not match 'ai'"),
    ])
    func `A comparison that does not hold fails the rule`(
        _ variable: String,
        _ comparison: String,
        _ value: String,
        _ message: String
    ) {
        let start = RuleStart(
            .variableCheck, ["Variable": variable, "Value": value, "Operator": comparison])
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.failed(message)))
    }

    @Test func `The resolved values are compared, and the declared ones are not`() {
        let start = RuleStart(
            .variableCheck,
            ["Variable": "#{Source.BranchName}", "Value": "#{variables.Branch}", "Operator": "EQ"],
            resolved: ["Variable": "main", "Value": "main", "Operator": "EQ"]
        )
        let verdict = RuleVerdict(.satisfied, summary: "'main' equals 'main'")
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(verdict))
    }

    @Test func `A variable that is empty is a value like any other`() {
        let start = RuleStart(
            .variableCheck,
            ["Variable": "#{Build.Failures}", "Value": "none", "Operator": "NE"],
            resolved: ["Variable": "", "Value": "none", "Operator": "NE"]
        )
        let verdict = RuleVerdict(.satisfied, summary: "'' differs from 'none'")
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(verdict))
    }

    @Test(arguments: ["Variable", "Value", "Operator"])
    func `Every key is required, with a value`(_ key: String) {
        let full = [("Variable", "main"), ("Value", "main"), ("Operator", "EQ")].map { KeyedValue($0.0, $0.1) }
        var start = RuleStart(.variableCheck, [:])
        start.rule.configuration = full.filter { $0.key != key }
        start.resolvedConfiguration = start.rule.configuration
        let missing = "The rule's configuration has no value for '\(key)'"
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.errored(missing)))

        start.rule.configuration = full.map { $0.key == key ? KeyedValue(key, "") : $0 }
        start.resolvedConfiguration = start.rule.configuration
        let empty = "The rule's configuration has an empty value for '\(key)'"
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.errored(empty)))
    }

    @Test(arguments: ["eq", "EQUALS", " EQ", "GT"])
    func `An operator that does not exist cannot be evaluated`(_ name: String) {
        let start = RuleStart(.variableCheck, ["Variable": "a", "Value": "a", "Operator": name])
        let message = "'Operator' is '\(name)', which is none of EQ, NE, CONTAINS, MATCHES"
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.errored(message)))
    }

    @Test func `A value that is no pattern cannot be evaluated`() {
        let start = RuleStart(.variableCheck, ["Variable": "a", "Value": "a(?=b)", "Operator": "MATCHES"])
        let message = "'Value' cannot be used as a pattern: lookahead is not supported, at character 2"
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.errored(message)))
    }

    @Test func `A match beyond the steps cannot be evaluated`() {
        let start = RuleStart(
            .variableCheck,
            [
                "Variable": String(repeating: "a", count: 5_000), "Value": String(repeating: "a?", count: 5_000),
                "Operator": "MATCHES",
            ]
        )
        let message =
            "'Value' cannot be used as a pattern: the pattern and the text together need more than 10000000 steps"
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.errored(message)))
    }

    @Test func `Long values are cut in the summary`() {
        let start = RuleStart(
            .variableCheck, ["Variable": String(repeating: "x", count: 10_000), "Value": "y", "Operator": "CONTAINS"])
        let message = "'\(String(repeating: "x", count: 200))…' does not contain 'y'"
        #expect(BuiltInRules.evaluate(start, at: self.now) == .verdict(.failed(message)))
    }

    @Test func `A text is found wherever it is part of another`() {
        var random = SeededGenerator(seed: 11)
        func text(_ lengths: ClosedRange<Int>) -> String {
            String((0..<Int.random(in: lengths, using: &random)).map { _ in Bool.random(using: &random) ? "a" : "é" })
        }
        for _ in 0..<2_000 {
            let (whole, part) = (text(0...20), text(0...5))
            let occurs = (0...whole.utf8.count).contains { whole.utf8.dropFirst($0).starts(with: part.utf8) }
            #expect(whole.hasOccurrence(of: part) == occurs, "\(part) in \(whole)")
        }
    }
}
