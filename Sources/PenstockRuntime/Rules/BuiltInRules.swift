// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// The rules that need nothing but their configuration and the time.
///
/// They are evaluated while a pipeline is locked, so each takes bounded time whatever it is configured with.
package enum BuiltInRules {
    /// Evaluates the rule as of `now`. The time alone can change the outcome later, and does so only as `opens` says.
    package static func evaluate(_ start: RuleStart, at now: Timestamp) -> RuleEvaluation {
        let settings = RuleSettings(declared: start.rule.configuration, resolved: start.resolvedConfiguration)
        do throws(RuleSettingError) {
            switch start.rule.typeID {
            case .variableCheck: return .verdict(try VariableCheck(settings).verdict())
            case .deploymentWindow: return try DeploymentWindow(settings).evaluation(at: now)
            case _: return .unavailable
            }
        } catch {
            return .verdict(.errored(error.description))
        }
    }

    /// What to tell the author of a rule that is accepted but will hardly do what is meant; in sentences.
    ///
    /// Values that refer to variables are not known yet, so nothing is said of them.
    package static func warnings(about rule: RuleDeclaration) -> [String] {
        let settings = RuleSettings(declared: rule.configuration)
        switch rule.typeID {
        case .variableCheck: return VariableCheck.warnings(about: settings)
        case .deploymentWindow: return DeploymentWindow.warnings(about: settings)
        case _: return []
        }
    }
}
