// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Running a failed or stopped stage again, in the execution that was there last.
extension PipelineStep {
    mutating func retry(
        stage: String,
        _ id: PipelineExecutionID,
        _ mode: StageRetryMode
    ) throws(PipelineInterruption) {
        guard let gate = self.state.head.gateIndex(named: stage) else {
            throw .rejected(.stageNotFound(stage, in: self.state.key.name))
        }
        guard self.state.head.gates[gate].latest == id else {
            throw .rejected(
                Rejection(.notLatestPipelineExecution, "The stage '\(stage)' is not at execution '\(id)'")
            )
        }
        let problem = self.retryProblem(try self.execution(id), stage: stage, mode)
        if let problem { throw .rejected(problem) }
        self.state.head.gates[gate].owner = id
        try self.change(id) { execution in
            execution.status = .inProgress
            execution.statusSummary = nil
            execution.stop = nil
            execution.position = .inside
            execution.attempt += 1
            execution.stageRun?.prepareRetry(mode)
        }
    }

    /// Why the stage cannot be retried, if it cannot, in the order in which the requirements are checked.
    private func retryProblem(_ execution: PipelineExecution, stage: String, _ mode: StageRetryMode) -> Rejection? {
        func refusal(_ reason: String) -> Rejection {
            Rejection(.stageNotRetryable, "The stage '\(stage)' cannot be retried: \(reason)")
        }
        switch execution.status {
        case .superseded, .cancelled, .succeeded: return refusal("the execution is \(execution.status.rawValue)")
        case .inProgress, .stopping, .stopped, .failed: break
        }
        guard execution.pipelineVersion == self.state.head.version else {
            return refusal("the pipeline has been updated since the execution started")
        }
        guard execution.status != .stopping else {
            return Rejection(
                .conflict,
                "Your request cannot be handled because the pipeline is busy handling ongoing activities."
                    + " Try again later."
            )
        }
        guard let run = execution.stageRun, run.stageName == stage else { return refusal("the execution has left it") }
        switch run.status {
        case .failed, .stopped:
            return self.isAtLimit(mode: execution.mode) ? self.limitProblem : nil
        case .inProgress:
            guard run.hasFailedAction else { return refusal("no action has failed") }
            return mode == .allActions ? refusal("an action is still in progress") : nil
        case .stopping, .succeeded, .cancelled, .skipped: return refusal("the stage is \(run.status.rawValue)")
        }
    }
}
