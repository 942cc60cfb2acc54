// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

// The gates of a stage: before entry, on success, on failure.
extension PipelineRules {
    mutating func checkConditions() {
        for (index, stage) in self.pipeline.stages.enumerated() where stage.hasConditions {
            if self.pipelineType == .v1 {
                self.refuse(.invalidStageDeclaration, "Stage level conditions can only be used with V2 pipelines.")
            }
            if let gate = stage.beforeEntry { self.check(gate, of: stage, at: index) }
            if let gate = stage.onSuccess {
                self.check(gate.conditions, results: [.rollback, .fail], of: stage, gate: "onSuccess")
            }
            if let gate = stage.onFailure { self.check(gate, of: stage) }
            if index == 0, stage.canRollBack {
                self.refuse(.invalidStageDeclaration, "Stage '\(stage.name)' cannot be rolled back: it has the sources")
            }
        }
    }

    private mutating func check(_ gate: BeforeEntryConditions, of stage: WireStage, at index: Int) {
        if index == 0 {
            let rule = "cannot have 'beforeEntry' conditions: it is the first one"
            self.refuse(.invalidStageDeclaration, "Stage '\(stage.name)' \(rule)")
        }
        self.check(gate.conditions, results: [.fail, .skip], of: stage, gate: "beforeEntry")
        for condition in gate.conditions where condition.result == .skip {
            for rule in condition.rules ?? [] where !Self.skippingProviders.contains(rule.ruleTypeID.provider) {
                let place = "Rule '\(rule.name)' in stage '\(stage.name)'"
                self.refuse(.invalidStageDeclaration, "\(place) cannot be used in a condition with the result SKIP")
            }
        }
    }

    private mutating func check(_ gate: FailureConditions, of stage: WireStage) {
        if gate.result != nil, gate.conditions != nil {
            let rule = "The following stage cannot have a failure exit gate configured with both"
            self.refuse(
                .invalidStageDeclaration,
                "\(rule) top level result and conditions: '\(stage.name)'"
            )
        }
        if gate.rollsBack, self.pipeline.executionMode == .parallel {
            let rule = "Failure conditions with rollback result type cannot be added to a PARALLEL pipeline."
            self.refuse(.invalidStageDeclaration, rule)
        }
        self.check(gate.result, in: [.rollback, .retry], of: stage, gate: "onFailure")
        self.check(gate.conditions ?? [], results: [.rollback, .fail], of: stage, gate: "onFailure")
        if gate.retryConfiguration != nil, gate.result != .retry {
            let rule = "'retryConfiguration' needs the result RETRY"
            self.refuse(.invalidStageDeclaration, "\(rule) in 'onFailure' of stage '\(stage.name)'")
        }
    }

    private mutating func check(
        _ conditions: [Condition],
        results: [WireConditionResult],
        of stage: WireStage,
        gate: String
    ) {
        for condition in conditions {
            self.check(condition.result, in: results, of: stage, gate: gate)
            for rule in condition.rules ?? [] { self.checkKeys(of: rule, in: stage) }
            for name in (condition.rules ?? []).map(\.name).repeated {
                let place = "in '\(gate)' of stage '\(stage.name)'"
                self.refuse(.invalidStageDeclaration, "Rule name '\(name)' is used more than once \(place)")
            }
        }
    }

    /// Values are judged when they are resolved.
    private mutating func checkKeys(of rule: PenstockWire.RuleDeclaration, in stage: WireStage) {
        let provider = rule.ruleTypeID.provider
        guard let type = BuiltInRuleTypes.all.first(where: { $0.id.provider == provider }) else { return }
        let keys = Set((rule.configuration ?? [:]).keys)
        let place = "Rule configuration for rule '\(rule.name)' in stage '\(stage.name)'"
        for property in type.properties where property.isRequired && !keys.contains(property.name) {
            self.refuse(
                .invalidStageDeclaration, "\(place) is missing required configuration '\(property.name)'")
        }
        for key in keys.subtracting(type.properties.map(\.name)).sorted() {
            self.refuse(.invalidStageDeclaration, "\(place) contains unknown configuration '\(key)'")
        }
    }

    private mutating func check(
        _ result: WireConditionResult?,
        in allowed: [WireConditionResult],
        of stage: WireStage,
        gate: String
    ) {
        guard let result, !allowed.contains(result) else { return }
        let place = "'\(gate)' of stage '\(stage.name)'"
        let choices = allowed.map(\.rawValue).joined(separator: ", ")
        self.refuse(
            .invalidStageDeclaration, "The result \(result) is not allowed in \(place); allowed are: \(choices)")
    }

    /// Source: AWS CodePipeline User Guide, Configure conditions for a stage.
    private static let skippingProviders = ["LambdaInvoke", "VariableCheck"]
}

extension PenstockWire.StageDeclaration {
    fileprivate var canRollBack: Bool {
        self.onFailure?.rollsBack == true || self.onSuccess?.conditions.contains { $0.result == .rollback } == true
    }
}

extension PenstockWire.FailureConditions {
    fileprivate var rollsBack: Bool {
        self.result == .rollback || self.conditions?.contains { $0.result == .rollback } == true
    }
}
