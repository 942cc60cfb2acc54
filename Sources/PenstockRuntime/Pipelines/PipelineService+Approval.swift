// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockModel
import PenstockStore

extension PipelineService {
    /// Answers a pending approval.
    ///
    /// The token is what counts: it names the attempt that the answer is for, also when the pipeline has changed since.
    ///
    /// - Returns: When the answer took effect.
    package func answerApproval(
        _ call: CallContext,
        name: String,
        stage: String,
        action: String,
        token: ActionExecutionID,
        isApproved: Bool,
        summary: String
    ) async throws -> Timestamp {
        let context = self.context
        return try await self.change(call, name, "PutApprovalResult") { commit in
            let attempt = try commit.transaction.actionExecutionRow(token)
            guard let attempt, attempt.pipelineID == commit.row.id, attempt.start.stageName == stage,
                attempt.start.action.name == action
            else {
                try Self.checkPlace(stage: stage, action: action, commit, context)
                throw Rejection(.invalidApprovalToken, "The approval token is not valid")
            }
            if attempt.start.pipelineVersion != commit.row.head.version {
                throw Rejection(
                    .invalidApprovalToken,
                    "The pipeline \(name) has been updated, and the approval request you responded to is now out of date."
                )
            }
            switch attempt.attempt.status {
            case .inProgress: break
            case .abandoned: throw Rejection(.invalidApprovalToken, "The approval token is not valid")
            case .succeeded, .failed:
                let problem = "The approval request that you responded to is already complete or has expired."
                throw Rejection(.approvalAlreadyCompleted, problem)
            }
            if attempt.start.deadline <= commit.now {
                let problem = "The approval request that you responded to is already complete or has expired."
                throw Rejection(.approvalAlreadyCompleted, problem)
            }
            let answer = ApprovalAnswer(
                executionID: attempt.start.executionID,
                actionExecutionID: token,
                isApproved: isApproved,
                summary: summary,
                by: call.principal
            )
            try commit.apply(.answerApproval(answer))
            return commit.now
        }
    }

    /// Names the part of the pipeline that the call got wrong, if it is one.
    private static func checkPlace(
        stage: String,
        action: String,
        _ commit: PipelineCommit,
        _ context: RuntimeContext
    ) throws {
        let name = commit.row.key.name
        let version = try context.declarations.version(
            commit.row.head.version,
            of: commit.row.id,
            in: commit.transaction
        )
        guard let declared = version?.declaration.stages.first(where: { $0.name == stage }) else {
            throw PipelineRejections.stageNotFound(stage, in: name)
        }
        guard let found = declared.actions.first(where: { $0.name == action }) else {
            throw PipelineRejections.actionNotFound(action, stage: stage, in: name)
        }
        guard found.typeID == .manualApproval else {
            throw Rejection(.validation, "Action '\(action)' in stage '\(stage)' is not a manual approval")
        }
    }
}
