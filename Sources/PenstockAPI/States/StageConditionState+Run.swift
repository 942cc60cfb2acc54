// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockWire

extension StageConditionState {
    /// The newest evaluation of a gate's condition. A gate has one condition, so that both stand alike.
    init(_ run: ConditionRun) {
        let status = PenstockWire.ConditionExecutionStatus(rawValue: run.status.rawValue)
        self.init(
            latestExecution: StageConditionsExecution(status: status, summary: run.summary),
            conditionStates: [
                ConditionState(
                    latestExecution: ConditionExecution(
                        status: status, summary: run.summary, lastStatusChange: WireTimestamp(run.changedAt)),
                    ruleStates: run.rules.map { RuleState($0) }
                )
            ]
        )
    }
}

extension RuleState {
    fileprivate init(_ run: RuleRun) {
        self.init(
            ruleName: run.name,
            latestExecution: RuleExecution(
                ruleExecutionID: run.id.description,
                status: PenstockWire.RuleExecutionStatus(rawValue: run.status.rawValue),
                summary: run.summary,
                lastStatusChange: WireTimestamp(run.changedAt),
                lastUpdatedBy: run.updatedBy,
                externalExecutionID: run.externalExecutionID,
                errorDetails: run.failure.map { ErrorDetails($0) }
            )
        )
    }
}
