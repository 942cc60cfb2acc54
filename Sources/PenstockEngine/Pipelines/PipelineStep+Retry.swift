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
        let execution = try self.checkLatest(id, in: stage)
        if let problem = self.retryProblem(execution, stage: stage, mode) { throw .rejected(problem) }
        try self.giveUpCondition(of: id, as: .abandoned, by: nil)
        let hadEnded = execution.position == .finished
        try self.resume(id, in: stage)
        try self.prepareRetry(of: id, mode, by: .manual)
        guard hadEnded else { return }
        try self.announce(.resumed, of: id)
        try self.announceStage(.resumed, of: id)
    }

    /// Runs a failed stage again without letting go of its lock.
    mutating func retryAutomatically(
        _ id: PipelineExecutionID,
        _ mode: StageRetryMode
    ) throws(PipelineInterruption) {
        try self.announceStage(.failed, of: id)
        try self.prepareRetry(of: id, mode, by: .automatic)
        try self.announceStage(.resumed, of: id)
    }

    private mutating func prepareRetry(
        of id: PipelineExecutionID,
        _ mode: StageRetryMode,
        by trigger: RetryTrigger
    ) throws(PipelineInterruption) {
        let at = self.at
        try self.change(id) { execution in
            execution.attempt += 1
            execution.retriedAt = at
            execution.stageRun?.prepareRetry(mode, by: trigger, at: at)
        }
    }

    /// Puts an execution that ended in a stage back into it.
    mutating func resume(_ id: PipelineExecutionID, in stage: String) throws(PipelineInterruption) {
        try self.takeLock(of: stage, for: id)
        try self.change(id) { execution in
            execution.status = .inProgress
            execution.statusSummary = nil
            execution.stop = nil
            execution.position = .inside
        }
    }

    /// The execution, if it is the one that entered the stage last. In PARALLEL mode none comes after another.
    func checkLatest(
        _ id: PipelineExecutionID,
        in stage: String
    ) throws(PipelineInterruption) -> PipelineExecution {
        guard let gate = self.state.head.gateIndex(named: stage) else {
            throw .rejected(.stageNotFound(stage, in: self.state.key.name))
        }
        if self.state.head.gates[gate].latest == id { return try self.execution(id) }
        guard try self.declaration(version: self.state.head.version).executionMode == .parallel else {
            throw .rejected(.notLatest(id, in: stage))
        }
        let execution = try self.execution(id)
        guard execution.mode == .parallel else { throw .rejected(.notLatest(id, in: stage)) }
        return execution
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
        guard execution.status != .stopping else { return .pipelineIsBusy }
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
