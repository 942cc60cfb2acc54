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
        try await self.change(call, name, "PutApprovalResult") { commit in
            guard let attempt = try commit.transaction.actionExecutionRow(token), attempt.pipelineID == commit.row.id,
                attempt.start.stageName == stage, attempt.start.action.name == action,
                attempt.start.action.typeID == .manualApproval
            else {
                try Self.checkPlace(stage: stage, action: action, try commit.currentDeclaration())
                throw Rejection.invalidApprovalToken
            }
            if let refusal = Self.refusal(of: attempt, name, version: commit.row.head.version) { throw refusal }
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

    /// Why an approval that is pending no more takes no answer; the engine judges the pending ones.
    private static func refusal(of attempt: ActionExecutionRow, _ name: String, version: Int) -> Rejection? {
        switch attempt.attempt.status {
        case .inProgress: return nil
        case .succeeded, .failed: return .approvalAlreadyCompleted
        case .abandoned:
            return attempt.start.pipelineVersion == version ? .invalidApprovalToken : .outdatedApproval(of: name)
        }
    }

    /// Names the part of the pipeline that the call got wrong, if it is one.
    static func checkPlace(stage: String, action: String, _ declaration: PipelineDeclaration) throws {
        guard let declared = declaration.stages.first(where: { $0.name == stage }) else {
            throw Rejection.stageNotFound(stage, in: declaration.name)
        }
        guard let found = declared.actions.first(where: { $0.name == action }) else {
            throw PipelineRejections.actionNotFound(action, stage: stage, in: declaration.name)
        }
        guard found.typeID == .manualApproval else {
            throw Rejection(.validation, "Action '\(action)' in stage '\(stage)' is not a manual approval")
        }
    }
}
