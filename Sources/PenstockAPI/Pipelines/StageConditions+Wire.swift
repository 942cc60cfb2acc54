// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockWire

extension PenstockModel.StageDeclaration {
    /// What the engine acts on of a stage; its conditions are valid by ``PipelineRules``.
    init(_ wire: WireStage) {
        self.init(
            name: wire.name,
            actions: wire.actions.map { .init($0) },
            beforeEntry: wire.beforeEntry?.conditions.first.map { ConditionDeclaration($0) },
            onSuccess: wire.onSuccess?.conditions.first.map { ConditionDeclaration($0) },
            onFailure: wire.onFailure.flatMap { FailureHandling($0) }
        )
    }
}

extension FailureHandling {
    /// `nil` for a stage that only fails.
    fileprivate init?(_ wire: FailureConditions) {
        if let condition = wire.conditions?.first {
            self = .condition(ConditionDeclaration(condition))
        } else if wire.result == .rollback {
            self = .rollback
        } else if wire.result == .retry {
            self = .retry(wire.retryConfiguration?.retryMode == .allActions ? .allActions : .failedActions)
        } else {
            return nil
        }
    }
}

extension ConditionDeclaration {
    fileprivate init(_ wire: Condition) {
        self.init(
            result: wire.result.flatMap { .init(rawValue: $0.rawValue) } ?? .fail,
            rules: (wire.rules ?? []).map { .init($0) }
        )
    }
}

extension PenstockModel.RuleDeclaration {
    fileprivate init(_ wire: PenstockWire.RuleDeclaration) {
        self.init(
            name: wire.name,
            typeID: PenstockModel.RuleTypeID(
                provider: wire.ruleTypeID.provider, version: wire.ruleTypeID.version ?? "1"),
            configuration: (wire.configuration ?? [:]).sorted { $0.key < $1.key }.map { KeyedValue($0.key, $0.value) },
            commands: wire.commands ?? [],
            inputArtifacts: (wire.inputArtifacts ?? []).map(\.name),
            roleARN: wire.roleARN,
            region: wire.region,
            timeoutInMinutes: wire.timeoutInMinutes
        )
    }
}
