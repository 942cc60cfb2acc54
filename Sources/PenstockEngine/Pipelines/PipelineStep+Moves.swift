// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// What an execution that is inside a stage does next.
extension PipelineStep {
    private enum Move {
        case start([Int])
        case check(ConditionGate)
        case retry(StageRetryMode)
        case skip
        case complete
        case fail(rollsBack: Bool)
        /// Stopped or cancelled, once nothing runs any more.
        case leave(Departure)
    }

    /// Why an execution leaves a stage that it has not completed.
    private enum Departure {
        case stopped
        case cancelled(version: Int)
    }

    /// Takes the next move of an execution, if the step changed it; who did not change has none.
    mutating func advance(_ owner: PipelineExecutionID?) throws(PipelineInterruption) -> Bool {
        guard let id = owner, self.touched.contains(id), let move = try self.nextMove(of: id) else { return false }
        switch move {
        case .start(let actions):
            for index in actions { try self.startAction(index, of: id) }
        case .check(let gate): try self.startCondition(gate, of: id)
        case .retry(let mode): try self.retryAutomatically(id, mode)
        case .skip: try self.skip(id)
        case .complete: try self.complete(id)
        case .fail(let rollsBack): try self.fail(id, rollsBack: rollsBack)
        case .leave(.stopped): try self.end(id, stage: .stopped, .stopped, announcing: .stopped, summary: nil)
        case .leave(.cancelled(let version)):
            let summary = Self.cancellationSummary(version: version)
            try self.end(id, stage: .cancelled, .cancelled, announcing: .canceled, summary: summary)
        }
        return true
    }

    private func nextMove(of id: PipelineExecutionID) throws(PipelineInterruption) -> Move? {
        let execution = try self.execution(id)
        guard execution.position == .inside, let run = execution.stageRun else { return nil }
        if execution.status == .stopping { return run.hasRunningAction ? nil : .leave(.stopped) }
        if let version = execution.cancelledByVersion {
            return run.hasRunningAction ? nil : .leave(.cancelled(version: version))
        }
        switch run.need(try self.terms(of: execution, in: run)) {
        case .wait: return nil
        case .start(let actions): return .start(actions)
        case .check(let gate): return .check(gate)
        case .retry(let mode): return .retry(mode)
        case .skip: return .skip
        case .fail(let rollsBack): return .fail(rollsBack: rollsBack)
        case .succeed: return .complete
        }
    }

    private func terms(
        of execution: PipelineExecution,
        in run: StageRun
    ) throws(PipelineInterruption) -> StageRun.Terms {
        StageRun.Terms(
            stage: try self.declaredStage(run.stageName, ofVersionOf: execution.id),
            isRollback: execution.isRollback,
            maximumRunningActions: execution.mode == .parallel ? PipelineHead.maximumParallelActions : nil
        )
    }

    // MARK: Ends of a stage

    private mutating func complete(_ id: PipelineExecutionID) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        guard let stage = execution.stageRun?.stageName else { preconditionFailure("who completes a stage is inside") }
        try self.change(id) { execution in
            execution.stageRun?.status = .succeeded
            execution.succeededStages.append(stage)
        }
        try self.recordStage(of: id)
        self.effects.append(.recordStageSuccess(id, stage: stage))
        try self.announceStage(.succeeded, of: id)
        if let gate = self.state.head.gateIndex(named: stage), !execution.isRollback, execution.mode != .parallel {
            self.state.head.gates[gate].lastSuccess = id
        }
        try self.goOn(id, from: stage)
    }

    private mutating func skip(_ id: PipelineExecutionID) throws(PipelineInterruption) {
        guard let stage = try self.execution(id).stageRun?.stageName else {
            preconditionFailure("who skips a stage is inside")
        }
        try self.change(id) { execution in
            execution.stageRun?.status = .skipped
            execution.skippedStages.append(stage)
        }
        try self.recordStage(of: id)
        try self.announceStage(.skipped, of: id)
        try self.goOn(id, from: stage)
    }

    /// Takes an execution on to the next stage, or to its end.
    private mutating func goOn(_ id: PipelineExecutionID, from stage: String) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        let declaration = try self.declaration(version: execution.pipelineVersion)
        let next = declaration.stageIndex(named: stage).map { declaration.stages[($0 + 1)...] }?.first
        self.releaseLock(of: id)
        if let next, !execution.isRollback { return try self.arrive(id, at: next.name) }
        try self.change(id) { execution in
            execution.status = .succeeded
            execution.position = .finished
        }
        try self.announce(.succeeded, of: id)
    }

    /// Ends stage and execution as failed; a rollback takes the lock before anybody who waits.
    private mutating func fail(_ id: PipelineExecutionID, rollsBack: Bool) throws(PipelineInterruption) {
        let run = try self.execution(id).stageRun
        let summary = run.flatMap { Self.failureSummary(of: $0) }
        try self.end(id, stage: .failed, .failed, announcing: .failed, summary: summary)
        if rollsBack, let run { try self.rollBackAutomatically(stage: run.stageName, after: id) }
    }

    private mutating func end(
        _ id: PipelineExecutionID,
        stage stageStatus: StageExecutionStatus,
        _ status: PipelineExecutionStatus,
        announcing state: StateChange.State,
        summary: String?
    ) throws(PipelineInterruption) {
        try self.change(id) { execution in
            execution.stageRun?.status = stageStatus
            execution.status = status
            execution.statusSummary = summary
            execution.position = .finished
        }
        self.releaseLock(of: id)
        try self.announceStage(state, of: id)
        try self.announce(state, of: id)
    }

    private static func failureSummary(of run: StageRun) -> String? {
        if let action = run.firstFailure {
            guard let failure = action.attempt?.failure else {
                return "Action '\(action.name)' in stage '\(run.stageName)' was rejected"
            }
            return "Action '\(action.name)' in stage '\(run.stageName)' failed: \(failure.message)"
        }
        let gate = ConditionGate.allCases.first { run[$0]?.hasFailed == true }
        return gate.map { gate in
            "The \(gate.words) condition of stage '\(run.stageName)' failed: \(run[gate]?.summary ?? "")"
        }
    }
}

extension ConditionGate {
    fileprivate var words: String {
        switch self {
        case .beforeEntry: "entry"
        case .onSuccess: "success"
        case .onFailure: "failure"
        }
    }
}
