// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

@testable import PenstockRuntime

@Suite struct BuiltInRulesTests {
    @Test func `An open window satisfies the rule at once`() throws {
        let start = RuleStart(.deploymentWindow, ["Cron": "0 * 14 ? * MON", "TimeZone": "Europe/Berlin"])
        let verdict = RuleVerdict(
            .satisfied, summary: "The window is open at 2026-03-09 14:05 in Europe/Berlin (UTC+01:00)")
        #expect(BuiltInRules.evaluate(start, at: try .at("2026-03-09T13:05:00Z")) == .verdict(verdict))
    }

    @Test func `A closed window says when it opens`() throws {
        let start = RuleStart(.deploymentWindow, ["Cron": "0 30 9 ? * MON", "TimeZone": "America/New_York"])
        let evaluation = RuleEvaluation.opens(
            at: try .at("2026-03-09T13:30:00Z"),
            summary: "The window opens at 2026-03-09 09:30 in America/New_York (UTC-04:00)"
        )
        #expect(BuiltInRules.evaluate(start, at: try .at("2026-03-06T00:00:00Z")) == evaluation)
    }

    @Test func `A window without a zone is in UTC`() throws {
        let start = RuleStart(.deploymentWindow, ["Cron": "0 0 9 * * ?"])
        let evaluation = RuleEvaluation.opens(
            at: try .at("2026-03-06T09:00:00Z"), summary: "The window opens at 2026-03-06 09:00 in UTC (UTC+00:00)")
        #expect(BuiltInRules.evaluate(start, at: try .at("2026-03-06T00:00:00Z")) == evaluation)
    }

    @Test func `A window that never opens is waited for`() throws {
        let start = RuleStart(.deploymentWindow, ["Cron": "0 0 9 30 FEB ?"])
        let evaluation = RuleEvaluation.never(summary: "The window never opens up to the end of 2199")
        #expect(BuiltInRules.evaluate(start, at: try .at("2026-03-06T00:00:00Z")) == evaluation)
    }

    @Test(arguments: [
        ([:], "The rule's configuration has no value for 'Cron'"),
        (["Cron": ""], "The rule's configuration has an empty value for 'Cron'"),
        (["Cron": "0 61 * * * ?"], "'Cron' is '0 61 * * * ?': the minutes field is wrong: '61' is not in 0-59"),
        (
            ["Cron": "* * * * * ?", "TimeZone": "Mars/Olympus"],
            "'TimeZone' is 'Mars/Olympus', which is no known time zone"
        ),
        (["Cron": "* * * * * ?", "TimeZone": ""], "The rule's configuration has an empty value for 'TimeZone'"),
    ])
    func `A window that makes no sense cannot be evaluated`(_ configuration: [String: String], _ message: String) throws
    {
        var start = RuleStart(.deploymentWindow, [:])
        start.rule.configuration = configuration.map { KeyedValue($0.key, $0.value) }
        start.resolvedConfiguration = start.rule.configuration
        #expect(BuiltInRules.evaluate(start, at: try .at("2026-03-06T00:00:00Z")) == .verdict(.errored(message)))
    }

    @Test(arguments: [
        RuleTypeID.cloudWatchAlarm, .lambdaInvoke, .codeBuild, .commands,
        RuleTypeID(provider: "VariableCheck", version: "2"), RuleTypeID(provider: "Other"),
    ])
    func `Rules of other types are not evaluated here`(_ type: RuleTypeID) throws {
        let start = RuleStart(type, [:])
        #expect(BuiltInRules.evaluate(start, at: try .at("2026-03-06T00:00:00Z")) == .unavailable)
        #expect(BuiltInRules.warnings(about: start.rule).isEmpty)
    }

    @Test(arguments: [("0", "9-17", 0), ("30", "22-2", 30), ("15/50", "9-17/2,20", 15)])
    func `A single minute of a range of hours is warned of`(_ minutes: String, _ hours: String, _ minute: Int) {
        let rule = RuleStart(.deploymentWindow, ["Cron": "0 \(minutes) \(hours) ? * MON-FRI *"]).rule
        #expect(
            BuiltInRules.warnings(about: rule) == [
                "'Cron' opens the window for minute \(minute) of the hours \(hours) alone, not for whole hours; "
                    + "if those are meant, the minutes field is '*'."
            ])
    }

    @Test(arguments: [
        "* * 9-17 ? * MON-FRI *", "0 0 9 ? * MON-FRI", "0 0,30 9-17 ? * *", "0 0-5 9-17 ? * *", "0 0 9,10,11 * * ?",
        "0 0 #{variables.Hours} * * ?",
    ])
    func `Other windows are not warned of`(_ cron: String) {
        #expect(BuiltInRules.warnings(about: RuleStart(.deploymentWindow, ["Cron": cron]).rule).isEmpty)
    }

    @Test func `What any evaluation will stumble over is warned of`() {
        let window = RuleStart(.deploymentWindow, ["Cron": "0 0 9", "TimeZone": "PDT"]).rule
        #expect(
            BuiltInRules.warnings(about: window) == [
                "'Cron' is '0 0 9': there are six or seven fields (seconds, minutes, hours, day-of-month, month, "
                    + "day-of-week, year), not 3.",
                "'TimeZone' is 'PDT', which is no known time zone.",
            ])
        let check = RuleStart(.variableCheck, ["Value": "", "Operator": "LIKE"]).rule
        #expect(
            BuiltInRules.warnings(about: check) == [
                "The rule's configuration has no value for 'Variable'.",
                "The rule's configuration has an empty value for 'Value'.",
                "'Operator' is 'LIKE', which is none of EQ, NE, CONTAINS, MATCHES.",
            ])
        let pattern = RuleStart(.variableCheck, ["Variable": "#{A.B}", "Value": "a**", "Operator": "MATCHES"]).rule
        #expect(
            BuiltInRules.warnings(about: pattern) == [
                "'Value' cannot be used as a pattern: '*' has nothing to repeat, at character 3."
            ])
        let unknown = RuleStart(.variableCheck, ["Variable": "#{A.B}", "Value": "#{A.C}**", "Operator": "MATCHES"]).rule
        #expect(BuiltInRules.warnings(about: unknown).isEmpty)
    }
}
