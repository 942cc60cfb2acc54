// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

extension CodePipelineOperations {
    var executionHandlers: [OperationHandler] {
        [
            OperationHandler(Operations.StartPipelineExecution.self, self.startPipelineExecution),
            OperationHandler(Operations.StopPipelineExecution.self, self.stopPipelineExecution),
            OperationHandler(Operations.GetPipelineExecution.self, self.getPipelineExecution),
            OperationHandler(Operations.ListPipelineExecutions.self, self.listPipelineExecutions),
            OperationHandler(Operations.ListActionExecutions.self, self.listActionExecutions),
            OperationHandler(Operations.GetPipelineState.self, self.getPipelineState),
            OperationHandler(Operations.RetryStageExecution.self, self.retryStageExecution),
            OperationHandler(Operations.EnableStageTransition.self, self.enableStageTransition),
            OperationHandler(Operations.DisableStageTransition.self, self.disableStageTransition),
            OperationHandler(Operations.PutApprovalResult.self, self.putApprovalResult),
            OperationHandler(Operations.PutActionRevision.self, self.putActionRevision),
        ]
    }

    /// Executions and attempts on a page, where the request does not say. Source: AWS CodePipeline API Reference.
    static let historyPageSize = 100

    // MARK: Starting and stopping

    func startPipelineExecution(
        _ input: StartPipelineExecutionInput,
        _ call: APICall
    ) async throws -> StartPipelineExecutionOutput {
        try await call.require("StartPipelineExecution", on: .pipeline(call.context.pipeline(input.name)))
        let id = try await self.pipelines.start(
            call.context,
            name: input.name,
            trigger: Trigger(type: .startPipelineExecution, detail: call.context.principal),
            token: input.clientRequestToken,
            variables: (input.variables ?? []).map { KeyedValue($0.name, $0.value) },
            overrides: (input.sourceRevisions ?? []).compactMap { RevisionOverride($0) }
        )
        return StartPipelineExecutionOutput(pipelineExecutionID: id.description)
    }

    func putActionRevision(
        _ input: PutActionRevisionInput,
        _ call: APICall
    ) async throws -> PutActionRevisionOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("PutActionRevision", on: .action(input.actionName, stage: input.stageName, of: key))
        let revision = input.actionRevision
        let answer = try await self.pipelines.putActionRevision(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            action: input.actionName,
            revision: PenstockModel.SourceRevision(
                revisionID: revision.revisionID,
                changeID: revision.revisionChangeID,
                created: Timestamp(millisecondsSinceEpoch: revision.created.millisecondsSinceEpoch)
            )
        )
        return PutActionRevisionOutput(newRevision: answer.isNew, pipelineExecutionID: answer.execution.description)
    }

    func stopPipelineExecution(
        _ input: StopPipelineExecutionInput,
        _ call: APICall
    ) async throws -> StopPipelineExecutionOutput {
        try await call.require("StopPipelineExecution", on: .pipeline(call.context.pipeline(input.pipelineName)))
        let id = try PipelineExecutionID(checked: input.pipelineExecutionID)
        try await self.pipelines.stop(
            call.context,
            name: input.pipelineName,
            execution: id,
            abandon: input.abandon ?? false,
            reason: input.reason
        )
        return StopPipelineExecutionOutput(pipelineExecutionID: id.description)
    }

    // MARK: Reading

    func getPipelineExecution(
        _ input: GetPipelineExecutionInput,
        _ call: APICall
    ) async throws -> GetPipelineExecutionOutput {
        try await call.require("GetPipelineExecution", on: .pipeline(call.context.pipeline(input.pipelineName)))
        let id = try PipelineExecutionID(checked: input.pipelineExecutionID)
        let found = try await self.pipelines.execution(call.context, name: input.pipelineName, id: id)
        return GetPipelineExecutionOutput(pipelineExecution: .init(found.execution, of: input.pipelineName))
    }

    func listPipelineExecutions(
        _ input: ListPipelineExecutionsInput,
        _ call: APICall
    ) async throws -> ListPipelineExecutionsOutput {
        try await call.require("ListPipelineExecutions", on: .pipeline(call.context.pipeline(input.pipelineName)))
        let stage = input.filter?.succeededInStage?.stageName
        let tokens = PageTokens(
            "ListPipelineExecutions", call, filters: [input.pipelineName, stage], context: self.context)
        let limit = input.maxResults ?? Self.historyPageSize
        let rows = try await self.pipelines.executions(
            call.context,
            name: input.pipelineName,
            succeededIn: stage,
            before: try tokens.cursor(of: input.nextToken),
            limit: limit + 1
        )
        let page = try tokens.page(of: rows, limit: limit) { $0.sequence }
        return ListPipelineExecutionsOutput(
            pipelineExecutionSummaries: page.rows.map { PipelineExecutionSummary($0) },
            nextToken: page.nextToken
        )
    }
}

extension PipelineExecutionID {
    /// The constraints of the wire allow UUIDs alone.
    init(checked text: String) throws {
        guard let id = Self(text) else { throw Rejection(.validation, "'\(text)' is not a pipeline execution id") }
        self = id
    }
}

extension RevisionOverride {
    /// `nil` for a type that this version does not know, which reading a request rules out.
    fileprivate init?(_ wire: SourceRevisionOverride) {
        guard let kind = Kind(rawValue: wire.revisionType.rawValue) else { return nil }
        self.init(actionName: wire.actionName, kind: kind, value: wire.revisionValue)
    }
}
