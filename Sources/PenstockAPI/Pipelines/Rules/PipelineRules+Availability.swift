// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

// What is valid but would not be carried out: refused, so that nobody relies on what does not happen.
extension PipelineRules {
    mutating func checkAvailability() {
        if self.pipeline.triggers?.isEmpty == false { self.refuseUnavailable("Triggers are", at: "pipeline.triggers") }
        for stage in self.pipeline.stages {
            self.checkRules(of: stage.beforeEntry?.conditions, at: "beforeEntry", of: stage)
            self.checkRules(of: stage.onSuccess?.conditions, at: "onSuccess", of: stage)
            self.checkRules(of: stage.onFailure?.conditions, at: "onFailure", of: stage)
        }
    }

    /// Refuses rules of types that nothing evaluates.
    private mutating func checkRules(of conditions: [Condition]?, at gate: String, of stage: WireStage) {
        for rule in (conditions ?? []).flatMap({ $0.rules ?? [] }) {
            let id = PenstockModel.RuleTypeID(
                provider: rule.ruleTypeID.provider, version: rule.ruleTypeID.version ?? "1")
            guard !BuiltInRuleTypes.evaluated.contains(id) else { continue }
            let isOtherVersion = BuiltInRuleTypes.evaluated.contains { $0.provider == id.provider }
            let type = isOtherVersion ? "\(id.provider) of version \(id.version)" : id.provider
            self.refuseUnavailable("Rules of type \(type) are", at: gate, of: stage)
        }
    }

    private mutating func refuseUnavailable(_ what: String, at member: String, of stage: WireStage? = nil) {
        let place = stage.map { "'\(member)' of stage '\($0.name)'" } ?? "'\(member)'"
        self.refuse(.invalidStructure, "\(what) not available in this version of Penstock; remove \(place)")
    }
}
