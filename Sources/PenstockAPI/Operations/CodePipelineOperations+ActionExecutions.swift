// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

// What GetPipelineState shows now, and what ListActionExecutions remembers.
extension CodePipelineOperations {
    func getPipelineState(_ input: GetPipelineStateInput, _ call: APICall) async throws -> GetPipelineStateOutput {
        try await call.require("GetPipelineState", on: .pipeline(call.context.pipeline(input.name)))
        let view = try await self.pipelines.state(call.context, name: input.name)
        return GetPipelineStateOutput(
            view, settings: self.context.settings, publicURL: self.context.publicAddress.url
        )
    }

    func listActionExecutions(
        _ input: ListActionExecutionsInput,
        _ call: APICall
    ) async throws -> ListActionExecutionsOutput {
        let name = input.pipelineName
        try await call.require("ListActionExecutions", on: .pipeline(call.context.pipeline(name)))
        guard let selection = HistorySelection(input.filter) else {
            // The execution that is named first must be there all the same.
            let id = try PipelineExecutionID(checked: input.filter?.pipelineExecutionID ?? "")
            _ = try await self.pipelines.execution(call.context, name: name, id: id)
            return ListActionExecutionsOutput(actionExecutionDetails: [])
        }
        let tokens = PageTokens(
            "ListActionExecutions", call, filters: [name] + selection.tokenFilters, context: self.context)
        let limit = input.maxResults ?? Self.historyPageSize
        let found = try await self.pipelines.actionExecutions(
            call.context,
            name: name,
            selection,
            after: try tokens.cursor(of: input.nextToken),
            limit: limit + 1
        )
        let page = try tokens.page(of: found.rows, limit: limit) { row in
            ActionExecutionCursor(startedAt: row.start.startedAt, id: row.start.id)
        }
        let ids = Set(page.rows.map(\.start.action.typeID))
        let types = try await self.pipelines.actionTypes(ids, in: call.scope)
        return ListActionExecutionsOutput(
            actionExecutionDetails: page.rows.map { row in
                ActionExecutionDetail(
                    row,
                    region: call.scope.region,
                    type: types[row.start.action.typeID],
                    mode: found.summary.executionMode
                )
            },
            nextToken: page.nextToken
        )
    }
}
