// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct RuleTests {
    @Test func `All rules start together, each with what it needs`() throws {
        let window = RuleDeclaration.rule(
            "Window", configuration: [KeyedValue("Variable", "#{variables.Env}")], commands: ["make #{variables.Env}"],
            inputs: ["App"])
        let pipeline = try Self.evaluating(window, .rule("Check", timeoutInMinutes: 5))
        let starts = pipeline.effects.compactMap { effect in
            if case .startRule(let start) = effect { start } else { nil }
        }
        #expect(starts.map(\.rule.name) == ["Window", "Check"])
        #expect(starts.map(\.gate) == [.beforeEntry, .beforeEntry])
        #expect(starts[0].resolvedConfiguration == [KeyedValue("Variable", "prod")])
        #expect(starts[0].resolvedCommands == ["make prod"])
        #expect(starts[0].inputs == (try pipeline.execution(id(1)).artifacts))
        #expect(starts.map { $0.deadline - $0.startedAt } == [.minutes(60), .minutes(5)])
        #expect(starts.map(\.id) == (try pipeline.run(id(1)).beforeEntry?.rules.map(\.id)))
    }

    @Test func `A closed window is waited for seven days`() {
        let rule = RuleDeclaration(name: "Window", typeID: .deploymentWindow)
        #expect(RuleStart.duration(of: rule) == .days(7))
    }

    @Test func `A condition succeeds when every rule has`() throws {
        var pipeline = try Self.evaluating(.rule("Window"), .rule("Check"))
        try pipeline.end(id(1), rule: "Check")
        #expect(try pipeline.run(id(1)).beforeEntry?.status == .inProgress)
        try pipeline.end(id(1), rule: "Window")
        #expect(try pipeline.run(id(1)).beforeEntry?.status == .succeeded)
        #expect(try pipeline.run(id(1)).beforeEntry?.summary == nil)
    }

    @Test func `The first rule that fails decides, and the others are given up`() throws {
        var pipeline = try Self.evaluating(.rule("Window"), .rule("Check"))
        try pipeline.end(id(1), rule: "Check", .failed("prod is not test"))
        let condition = try #require(try pipeline.run(id(1)).beforeEntry)
        #expect(condition.status == .failed)
        #expect(condition.rules.map(\.status) == [.abandoned, .failed])
        #expect(condition.rules[1].failure == FailureDetails(type: .jobFailed, message: "prod is not test"))
        #expect(condition.summary == "Rule 'Check' failed: prod is not test")
    }

    @Test func `What could not be evaluated counts as failed and is shown as an error`() throws {
        var pipeline = try Self.evaluating(.rule("Window"))
        try pipeline.end(id(1), .errored("no such alarm"))
        let condition = try #require(try pipeline.run(id(1)).beforeEntry)
        #expect(condition.status == .errored)
        #expect(condition.rules[0].failure?.type == .configurationError)
        #expect(condition.summary == "Rule 'Window' could not be evaluated: no such alarm")
        #expect(try pipeline.status(id(1)) == .failed)
    }

    @Test func `A reference without value, or an input that is not there, is an error at once`() throws {
        let unresolved = RuleDeclaration.rule(
            configuration: [KeyedValue("Variable", "#{Get.Branch}")], commands: ["#{Get.Tag}"])
        var message = "Variables could not be resolved: #{Get.Branch}, #{Get.Tag}"
        #expect(try Self.evaluating(unresolved).rule("Window", id(1)).failure?.message == message)
        message = "Input artifact 'Docs' is not available"
        let pipeline = try Self.evaluating(.rule(inputs: ["App", "Docs"]))
        #expect(try pipeline.rule("Window", id(1)).failure?.message == message)
        #expect(try pipeline.run(id(1)).beforeEntry?.status == .errored)
        #expect(try pipeline.status(id(1)) == .failed)
    }

    @Test func `A rule out of time fails, and says how long that was`() throws {
        var pipeline = try Self.evaluating(.rule(timeoutInMinutes: 5))
        try pipeline.apply(.ruleTimedOut(id(1), pipeline.rule("Window", id(1)).id))
        #expect(try pipeline.rule("Window", id(1)).failure?.message == "The rule timed out after 5 minutes")
        #expect(try pipeline.run(id(1)).beforeEntry?.status == .failed)
    }

    @Test func `A rule tells what it waits for`() throws {
        var pipeline = try Self.evaluating(.rule())
        try pipeline.apply(.ruleProgressed(id(1), pipeline.rule("Window", id(1)).id, summary: "opens at 9:00"))
        #expect(try pipeline.rule("Window", id(1)).summary == "opens at 9:00")
        #expect(try pipeline.run(id(1)).beforeEntry?.status == .inProgress)
        #expect(pipeline.effects.contains(.recordRule(id(1), try pipeline.rule("Window", id(1)))))
    }

    // MARK: Late reports

    enum Ending: CaseIterable {
        case succeeded, failed, siblingFailed, overridden, stopped, cancelled, retried
    }

    @Test(arguments: Ending.allCases)
    func `A report for a rule that has ended changes nothing`(ending: Ending) throws {
        var pipeline = try Self.evaluating(.rule("Window"), .rule("Check"))
        let rule = try pipeline.rule("Window", id(1)).id
        switch ending {
        case .succeeded: try pipeline.end(id(1))
        case .failed: try pipeline.end(id(1), .failed("closed"))
        case .siblingFailed: try pipeline.end(id(1), rule: "Check", .failed("closed"))
        case .overridden: try pipeline.override(.beforeEntry, "S2", id(1))
        case .stopped: try pipeline.stop(id(1))
        case .cancelled: try pipeline.update(.stage("S1"), .stage("S2"))
        case .retried:
            try pipeline.end(id(1), .failed("closed"))
            try pipeline.retry("S2", id(1))
        }
        for verdict in [RuleVerdict(.satisfied), .failed("late"), .errored("late")] {
            #expect(try pipeline.ignores(.ruleEnded(id(1), rule, verdict)))
        }
        #expect(try pipeline.ignores(.ruleProgressed(id(1), rule, summary: "late")))
        #expect(try pipeline.ignores(.ruleTimedOut(id(1), rule)))
    }

    @Test func `A report for a rule that never was changes nothing`() throws {
        let pipeline = try Self.evaluating(.rule())
        #expect(try pipeline.ignores(.ruleEnded(id(1), id(4712), RuleVerdict(.satisfied))))
        #expect(try pipeline.ignores(.ruleTimedOut(id(1), id(4712))))
    }

    /// E1 has entered S2, whose entry condition has the rules.
    private static func evaluating(_ rules: RuleDeclaration...) throws -> PipelineUnderTest {
        let condition = ConditionDeclaration(result: .fail, rules: rules)
        var pipeline = PipelineUnderTest(
            .stage("S1", .work(outputs: ["App"])), .stage("S2", beforeEntry: condition),
            variables: [VariableDeclaration(name: "Env", defaultValue: "prod")])
        try pipeline.succeed(pipeline.start())
        return pipeline
    }
}
