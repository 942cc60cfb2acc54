// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// A reviewer's answer, which only the pending attempt that its token names accepts.
extension PipelineStep {
    mutating func answer(_ answer: ApprovalAnswer) throws(PipelineInterruption) {
        let problem = try self.answerProblem(answer)
        if let problem { throw .rejected(problem) }
        try self.endAttempt(
            answer.actionExecutionID,
            of: answer.executionID,
            answer.isApproved
                ? .approved(summary: answer.summary, by: answer.by) : .rejected(summary: answer.summary, by: answer.by)
        )
    }

    /// Why the answer is refused, if it is.
    private func answerProblem(_ answer: ApprovalAnswer) throws(PipelineInterruption) -> Rejection? {
        let execution = try self.execution(answer.executionID)
        guard let place = try self.place(of: answer.actionExecutionID, in: answer.executionID),
            let attempt = execution.stageRun?.actions[place.index].attempt, attempt.isApproval
        else { return self.staleTokenProblem(answer.actionExecutionID, of: execution) }
        let action = try self.declaredAction(at: place)
        // 1. The timer may still be on its way.
        guard self.at < attempt.startedAt + ActionTimeout.duration(of: action) else { return .approvalAlreadyCompleted }
        // 2. The declaration may ask for words.
        let isSummaryRequired = action.configuration[key: "IsSummaryRequired"]?.lowercased() == "true"
        guard isSummaryRequired, answer.summary.allSatisfy(\.isWhitespace) else { return nil }
        return Rejection(
            .invalidApprovalToken,
            "Action '\(action.name)' in stage '\(place.stage)' requires a summary."
                + " Provide a summary in the approval result and try again."
        )
    }

    private func staleTokenProblem(_ token: ActionExecutionID, of execution: PipelineExecution) -> Rejection {
        if execution.completedApprovals.contains(token) { return .approvalAlreadyCompleted }
        guard execution.pipelineVersion == self.state.head.version else {
            return .outdatedApproval(of: self.state.key.name)
        }
        return .invalidApprovalToken
    }
}
