// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockModel
import PenstockRuntime

extension APITestBed {
    /// Moves the clock to an instant, such as `2026-05-02T12:00:00Z`, and leaves what is due undone.
    func pass(until instant: String) throws {
        let date = try Date(instant, strategy: .iso8601)
        let now = self.clock.now.millisecondsSinceEpoch
        self.clock.advance(by: .milliseconds(Int64(date.timeIntervalSince1970 * 1000) - now))
    }
}

extension StageDeclaration {
    /// The stage with what it does about its own failure.
    func handling(failure: FailureHandling) -> Self {
        var stage = self
        stage.onFailure = failure
        return stage
    }

    /// The stage with a gate in front.
    func entered(if condition: ConditionDeclaration) -> Self {
        var stage = self
        stage.beforeEntry = condition
        return stage
    }

    /// The stage with a gate behind.
    func completed(if condition: ConditionDeclaration) -> Self {
        var stage = self
        stage.onSuccess = condition
        return stage
    }
}

extension ConditionDeclaration {
    /// That the variable `Env` is `prod`.
    static func isProduction(else result: ConditionResult = .fail) -> Self {
        Self(result: result, rules: [.equals("Env", "#{variables.Env}", "prod")])
    }

    /// That the source's variable `BranchName` is `main`.
    static func isMainBranch(else result: ConditionResult = .fail) -> Self {
        Self(result: result, rules: [.equals("Branch", "#{SourceVariables.BranchName}", "main")])
    }

    /// That it is the third of May, at any time of it.
    static func isThirdOfMay(else result: ConditionResult = .fail) -> Self {
        Self(
            result: result,
            rules: [
                RuleDeclaration(
                    name: "Window",
                    typeID: .deploymentWindow,
                    configuration: [KeyedValue("Cron", "* * * 3 5 ?")]
                )
            ]
        )
    }
}

extension RuleDeclaration {
    fileprivate static func equals(_ name: String, _ variable: String, _ value: String) -> Self {
        Self(
            name: name,
            typeID: .variableCheck,
            configuration: [
                KeyedValue("Operator", "EQ"), KeyedValue("Value", value), KeyedValue("Variable", variable),
            ]
        )
    }
}

extension [VariableDeclaration] {
    /// The variable `Env` with a default.
    static func env(_ value: String) -> Self { [VariableDeclaration(name: "Env", defaultValue: value)] }
}
