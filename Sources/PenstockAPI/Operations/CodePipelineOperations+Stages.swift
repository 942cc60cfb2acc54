// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

// What people do to the stages of a running pipeline: retry them, close and open the ways between them, answer.
extension CodePipelineOperations {
    func retryStageExecution(
        _ input: RetryStageExecutionInput,
        _ call: APICall
    ) async throws -> RetryStageExecutionOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("RetryStageExecution", on: .stage(input.stageName, of: key))
        let id = try PipelineExecutionID(checked: input.pipelineExecutionID)
        try await self.pipelines.retryStage(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            execution: id,
            mode: input.retryMode == .allActions ? .allActions : .failedActions
        )
        return RetryStageExecutionOutput(pipelineExecutionID: id.description)
    }

    func enableStageTransition(_ input: EnableStageTransitionInput, _ call: APICall) async throws -> NoOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("EnableStageTransition", on: .stage(input.stageName, of: key))
        try await self.pipelines.setTransition(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            side: TransitionSide(input.transitionType),
            disabledReason: nil
        )
        return NoOutput()
    }

    func disableStageTransition(_ input: DisableStageTransitionInput, _ call: APICall) async throws -> NoOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("DisableStageTransition", on: .stage(input.stageName, of: key))
        try await self.pipelines.setTransition(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            side: TransitionSide(input.transitionType),
            disabledReason: input.reason
        )
        return NoOutput()
    }

    func putApprovalResult(_ input: PutApprovalResultInput, _ call: APICall) async throws -> PutApprovalResultOutput {
        let key = call.context.pipeline(input.pipelineName)
        try await call.require("PutApprovalResult", on: .action(input.actionName, stage: input.stageName, of: key))
        guard let token = ActionExecutionID(input.token) else {
            throw Rejection(.invalidApprovalToken, "The approval token is not valid")
        }
        let approvedAt = try await self.pipelines.answerApproval(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            action: input.actionName,
            token: token,
            isApproved: input.result.status == .approved,
            summary: input.result.summary
        )
        return PutApprovalResultOutput(approvedAt: WireTimestamp(approvedAt))
    }
}

extension TransitionSide {
    fileprivate init(_ wire: StageTransitionType) { self = wire == .outbound ? .outbound : .inbound }
}
