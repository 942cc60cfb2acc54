// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockClient
internal import PenstockWire

/// An approval that waits for its answer.
struct WaitingApproval {
    var pipeline: String
    var stage: String
    var action: String
    var token: String
    var execution: String?
    /// Known in PARALLEL mode alone.
    var since: WireTimestamp?

    /// The approvals of a pipeline that wait now.
    ///
    /// - Parameter mode: The pipeline's, which is asked for when it is `nil`.
    static func all(
        in pipeline: String, mode: ExecutionMode? = nil, _ client: CodePipelineClient
    ) async throws -> [Self] {
        let mode: ExecutionMode? =
            if let mode { mode } else { try await client.getPipeline(name: pipeline).pipeline?.executionMode }
        guard mode == .parallel else { return try await self.ofStages(in: pipeline, client) }
        return try await self.ofExecutions(in: pipeline, client)
    }

    /// The one approval of a pipeline that waits and is what is said of it.
    static func one(
        in pipeline: String, stage: String?, action: String?, token: String?, _ client: CodePipelineClient
    ) async throws -> Self {
        let pending = try await self.all(in: pipeline, client).filter { each in
            (stage ?? each.stage) == each.stage && (action ?? each.action) == each.action
                && (token ?? each.token) == each.token
        }
        guard let one = pending.first else { throw CommandFailure("no such approval waits in \(pipeline)") }
        guard pending.count == 1 else {
            throw CommandFailure(
                "\(pending.count) approvals wait in \(pipeline): name --stage and --action, or --token")
        }
        return one
    }

    /// Where a stage holds one execution at a time, its state has the token.
    private static func ofStages(in pipeline: String, _ client: CodePipelineClient) async throws -> [Self] {
        let state = try await client.getPipelineState(name: pipeline)
        return (state.stageStates ?? []).flatMap { stage in
            (stage.actionStates ?? []).compactMap { action in
                guard let latest = action.latestExecution, let token = latest.token else { return nil }
                return Self(
                    pipeline: pipeline, stage: stage.stageName ?? "", action: action.actionName ?? "", token: token,
                    execution: stage.latestExecution?.pipelineExecutionID)
            }
        }
    }

    /// In PARALLEL mode stages have no state; what the actions of each execution do is in its history.
    ///
    /// Source: AWS CodePipeline User Guide, Set or change the pipeline execution mode.
    private static func ofExecutions(in pipeline: String, _ client: CodePipelineClient) async throws -> [Self] {
        var pending: [Self] = []
        let executions = ListPipelineExecutionsInput(pipelineName: pipeline)
        for try await execution in client.listPipelineExecutionsPages(executions).items {
            guard let id = execution.pipelineExecutionID, [.inProgress, .stopping].contains(execution.status) else {
                continue
            }
            let filter = ActionExecutionFilter(pipelineExecutionID: id)
            let actions = ListActionExecutionsInput(pipelineName: pipeline, filter: filter)
            for try await action in client.listActionExecutionsPages(actions).items {
                if let approval = Self(action, of: pipeline) { pending.append(approval) }
            }
        }
        return pending
    }
}

extension WaitingApproval {
    /// `nil` unless the action is an approval that waits.
    fileprivate init?(_ action: ActionExecutionDetail, of pipeline: String) {
        let type = action.input?.actionTypeID
        guard action.status == .inProgress, type?.category == .approval, type?.owner == .aws,
            let token = action.output?.executionResult?.externalExecutionID
        else { return nil }
        self.init(
            pipeline: pipeline, stage: action.stageName ?? "", action: action.actionName ?? "", token: token,
            execution: action.pipelineExecutionID, since: action.startTime)
    }
}

extension WaitingApproval: WireEncodable {
    /// The members that PutApprovalResult is asked with, named as there, and those of an action execution.
    func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("pipelineName", self.pipeline)
        writer.member("stageName", self.stage)
        writer.member("actionName", self.action)
        writer.member("token", self.token)
        writer.member("pipelineExecutionId", self.execution)
        writer.member("startTime", self.since)
        writer.endObject()
    }
}

/// Approvals as a script reads them.
struct WaitingApprovals: WireEncodable {
    var approvals: [WaitingApproval]

    func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("approvals", self.approvals)
        writer.endObject()
    }
}
