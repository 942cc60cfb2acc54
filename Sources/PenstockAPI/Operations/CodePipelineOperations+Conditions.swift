// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

// The gates of stages, what is known of their rules, and the way back.
extension CodePipelineOperations {
    var conditionHandlers: [OperationHandler] {
        [
            OperationHandler(Operations.RollbackStage.self, self.rollbackStage),
            OperationHandler(Operations.OverrideStageCondition.self, self.overrideStageCondition),
            OperationHandler(Operations.ListRuleExecutions.self, self.listRuleExecutions),
            OperationHandler(Operations.ListRuleTypes.self, self.listRuleTypes),
        ]
    }

    func rollbackStage(_ input: RollbackStageInput, _ call: APICall) async throws -> RollbackStageOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("RollbackStage", on: .stage(input.stageName, of: key))
        let id = try await self.pipelines.rollbackStage(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            target: try PipelineExecutionID(checked: input.targetPipelineExecutionID)
        )
        return RollbackStageOutput(pipelineExecutionID: id.description)
    }

    func overrideStageCondition(_ input: OverrideStageConditionInput, _ call: APICall) async throws -> NoOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("OverrideStageCondition", on: .stage(input.stageName, of: key))
        try await self.pipelines.overrideCondition(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            execution: try PipelineExecutionID(checked: input.pipelineExecutionID),
            gate: input.conditionType == .onSuccess ? .onSuccess : .beforeEntry
        )
        return NoOutput()
    }

    func listRuleExecutions(_ input: ListRuleExecutionsInput, _ call: APICall) async throws -> ListRuleExecutionsOutput
    {
        let name = input.pipelineName
        try await call.require("ListRuleExecutions", on: .pipeline(call.context.pipeline(name)))
        guard let selection = HistorySelection(input.filter) else {
            // The execution that is named first must be there all the same.
            let id = try PipelineExecutionID(checked: input.filter?.pipelineExecutionID ?? "")
            _ = try await self.pipelines.execution(call.context, name: name, id: id)
            return ListRuleExecutionsOutput(ruleExecutionDetails: [])
        }
        let tokens = PageTokens(
            "ListRuleExecutions", call, filters: [name] + selection.tokenFilters, context: self.context)
        let limit = input.maxResults ?? Self.historyPageSize
        let rows = try await self.pipelines.ruleExecutions(
            call.context,
            name: name,
            selection,
            after: try tokens.cursor(of: input.nextToken),
            limit: limit + 1
        )
        let page = try tokens.page(of: rows, limit: limit) { row in
            RuleExecutionCursor(startedAt: row.start.startedAt, id: row.start.id)
        }
        return ListRuleExecutionsOutput(
            ruleExecutionDetails: page.rows.map { RuleExecutionDetail($0, region: call.scope.region) },
            nextToken: page.nextToken
        )
    }

    func listRuleTypes(_ input: ListRuleTypesInput, _ call: APICall) async throws -> ListRuleTypesOutput {
        try await call.require("ListRuleTypes", on: .everything)
        // Only the service's own rules exist, in every region alike.
        guard input.ruleOwnerFilter == nil || input.ruleOwnerFilter == .aws else {
            return ListRuleTypesOutput(ruleTypes: [])
        }
        return ListRuleTypesOutput(ruleTypes: BuiltInRuleTypes.all.map { RuleType($0) })
    }
}
