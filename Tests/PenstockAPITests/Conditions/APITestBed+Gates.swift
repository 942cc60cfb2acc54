// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

extension APITestBed {
    @discardableResult
    func rollBack(_ stage: String, to target: String) async throws -> String {
        let input = RollbackStageInput(pipelineName: "shop", stageName: stage, targetPipelineExecutionID: target)
        return try await self.call(Operations.RollbackStage.self, input).pipelineExecutionID
    }

    func override(_ gate: ConditionType, of stage: String, _ execution: String) async throws {
        let input = OverrideStageConditionInput(
            pipelineName: "shop", stageName: stage, pipelineExecutionID: execution, conditionType: gate)
        try await self.call(Operations.OverrideStageCondition.self, input)
    }

    func ruleRuns(
        of execution: String? = nil,
        latestIn other: String? = nil
    ) async throws -> [RuleExecutionDetail] {
        let latest = other.map { LatestInPipelineExecutionFilter(pipelineExecutionID: $0, startTimeRange: .latest) }
        let filter = RuleExecutionFilter(pipelineExecutionID: execution, latestInPipelineExecution: latest)
        let input = ListRuleExecutionsInput(pipelineName: "shop", filter: filter)
        return try await self.call(Operations.ListRuleExecutions.self, input).ruleExecutionDetails ?? []
    }
}
