// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockModel

/// One step under way: the state as far as it has changed, and what the step has called for so far.
struct PipelineStep {
    var state: PipelineState
    let at: Timestamp
    private var identifiers: ArraySlice<UniqueID>
    var effects: [PipelineEffect] = []
    /// Executions that the step changed; only these can have anything left to do.
    var touched: OrderedSet<PipelineExecutionID> = []
    var started: PipelineExecutionID?

    init(state: PipelineState, at: Timestamp, identifiers: [UniqueID]) {
        self.state = state
        self.at = at
        self.identifiers = identifiers[...]
    }

    mutating func apply(_ event: PipelineEvent) throws(PipelineInterruption) {
        switch event {
        case .start(let request): try self.start(request)
        case .stop(let id, let request): try self.stop(id, request)
        case .retryStage(let stage, let id, let mode): try self.retry(stage: stage, id, mode)
        case .setTransition(let stage, let side, let reason, let by):
            try self.setTransition(stage: stage, side, reason: reason, by: by)
        case .answerApproval(let answer): try self.answer(answer)
        case .update(let declaration): try self.update(to: declaration)
        case .actionProgressed(let id, let action, let progress):
            try self.changeAttempt(action, of: id) { attempt, at in attempt.report(progress, at: at) }
        case .actionSucceeded(let id, let action, let success): try self.succeed(action, of: id, success)
        case .actionFailed(let id, let action, let failure, let externalExecutionID):
            try self.fail(action, of: id, failure, externalExecutionID: externalExecutionID)
        case .actionTimedOut(let id, let action): try self.timeOut(action, of: id)
        }
    }

    /// Records the stages of the executions that the step changed.
    mutating func finish() {
        for id in self.touched {
            guard let run = self.state.executions[id]?.stageRun else { continue }
            guard let gate = self.state.head.gateIndex(named: run.stageName) else { continue }
            if self.state.head.gates[gate].latest == id { self.effects.append(.recordStage(id, run)) }
        }
    }

    // MARK: Access

    /// The execution, which the caller of the step must have loaded.
    func execution(_ id: PipelineExecutionID) throws(PipelineInterruption) -> PipelineExecution {
        guard let execution = self.state.executions[id] else { throw .needs(.execution(id)) }
        return execution
    }

    func declaration(version: Int) throws(PipelineInterruption) -> PipelineDeclaration {
        guard let declaration = self.state.declarations[version] else { throw .needs(.declaration(version: version)) }
        return declaration
    }

    /// Changes an execution and notes that it changed now.
    mutating func change<Result>(
        _ id: PipelineExecutionID,
        _ body: (inout PipelineExecution) -> Result
    ) throws(PipelineInterruption) -> Result {
        var execution = try self.execution(id)
        let result = body(&execution)
        execution.updatedAt = self.at
        self.state.executions[id] = execution
        self.touched.append(id)
        return result
    }

    mutating func nextIdentifier() throws(PipelineInterruption) -> UniqueID {
        guard let identifier = self.identifiers.popFirst() else { throw .needs(.identifiers) }
        return identifier
    }

    // MARK: Settling

    /// Repeats until nothing changes: later stages first, so that a lock released now is used now.
    mutating func settle() throws(PipelineInterruption) {
        var changed = true
        while changed {
            changed = false
            for index in self.state.head.gates.indices.reversed() {
                if let owner = self.state.head.gates[index].owner, self.touched.contains(owner) {
                    changed = try self.advance(owner) || changed
                }
                changed = try self.admit(at: index) || changed
            }
            for id in self.touched {
                let execution = try self.execution(id)
                guard execution.position == .inside, let run = execution.stageRun else { continue }
                if self.state.head.gateIndex(named: run.stageName) == nil { changed = try self.advance(id) || changed }
            }
        }
    }

    /// Lets the head of the waiting point enter, if the stage is free and open.
    private mutating func admit(at index: Int) throws(PipelineInterruption) -> Bool {
        let gate = self.state.head.gates[index]
        let isOpen =
            gate.inbound.isEnabled && (index == 0 || self.state.head.gates[index - 1].outbound.isEnabled)
        guard gate.owner == nil, isOpen, let id = gate.waiting.first else { return false }
        let execution = try self.execution(id)
        let declaration = try self.declaration(version: execution.pipelineVersion)
        guard let stageIndex = declaration.stageIndex(named: gate.name) else {
            preconditionFailure("an execution waits only in front of stages of its own version")
        }
        self.state.head.gates[index].waiting.removeFirst()
        self.state.head.gates[index].owner = id
        self.state.head.gates[index].latest = id
        let at = self.at
        try self.change(id) { execution in
            execution.position = .inside
            execution.stageRun = StageRun(entering: declaration.stages[stageIndex], at: at)
        }
        return true
    }

    /// Brings an execution to the waiting point in front of a stage.
    mutating func arrive(_ id: PipelineExecutionID, at index: Int) throws(PipelineInterruption) {
        let name = self.state.head.gates[index].name
        let mode = try self.execution(id).mode
        if mode == .superseded {
            for waiting in self.state.head.gates[index].waiting {
                try self.change(waiting) { execution in
                    execution.status = .superseded
                    execution.statusSummary = "Superseded by pipeline execution \(id)"
                    execution.position = .finished
                }
            }
            self.state.head.gates[index].waiting = []
        }
        self.state.head.gates[index].waiting.append(id)
        self.state.head.gates[index].departed = nil
        try self.change(id) { $0.position = .waiting(stage: name) }
    }

    /// Takes the next move of an execution that is inside a stage.
    private mutating func advance(_ id: PipelineExecutionID) throws(PipelineInterruption) -> Bool {
        let execution = try self.execution(id)
        guard execution.position == .inside, let run = execution.stageRun else { return false }
        if execution.status == .stopping {
            guard !run.hasRunningAction else { return false }
            try self.leave(id, stageStatus: .stopped, status: .stopped, summary: nil)
            return true
        }
        if let version = execution.cancelledByVersion {
            guard !run.hasRunningAction else { return false }
            let summary = "The pipeline was updated to version \(version) before the execution completed"
            try self.leave(id, stageStatus: .cancelled, status: .cancelled, summary: summary)
            return true
        }
        switch run.need {
        case .wait: return false
        case .start(let actions):
            for index in actions { try self.startAction(index, of: id) }
            return true
        case .fail:
            try self.leave(id, stageStatus: .failed, status: .failed, summary: Self.failureSummary(of: run))
            return true
        case .succeed:
            try self.complete(id, run)
            return true
        }
    }

    private static func failureSummary(of run: StageRun) -> String? {
        guard let action = run.firstFailure else { return nil }
        guard let failure = action.attempt?.failure else {
            return "Action '\(action.name)' in stage '\(run.stageName)' was rejected"
        }
        return "Action '\(action.name)' in stage '\(run.stageName)' failed: \(failure.message)"
    }

    /// Ends an execution where it is and frees its stage.
    private mutating func leave(
        _ id: PipelineExecutionID,
        stageStatus: StageExecutionStatus,
        status: PipelineExecutionStatus,
        summary: String?
    ) throws(PipelineInterruption) {
        try self.change(id) { execution in
            execution.stageRun?.status = stageStatus
            execution.status = status
            execution.statusSummary = summary
            execution.position = .finished
        }
        self.release(id)
    }

    /// Takes a stage that succeeded to its end: on to the next one, or to the end of the execution.
    private mutating func complete(_ id: PipelineExecutionID, _ run: StageRun) throws(PipelineInterruption) {
        let declaration = try self.declaration(version: try self.execution(id).pipelineVersion)
        guard let stage = declaration.stageIndex(named: run.stageName) else {
            preconditionFailure("an execution is inside a stage of its own version")
        }
        let completed = try self.change(id) { execution -> StageRun? in
            execution.stageRun?.status = .succeeded
            return execution.stageRun
        }
        if let completed, let gate = self.state.head.gateIndex(named: run.stageName),
            self.state.head.gates[gate].latest == id
        {
            self.effects.append(.recordStage(id, completed))
        }
        self.effects.append(.recordStageSuccess(id, stage: run.stageName))
        self.release(id)
        guard stage + 1 < declaration.stages.count else {
            try self.change(id) { execution in
                execution.status = .succeeded
                execution.position = .finished
            }
            return
        }
        guard let next = self.state.head.gateIndex(named: declaration.stages[stage + 1].name) else {
            preconditionFailure("an execution of an older version is cancelled before it goes on")
        }
        try self.arrive(id, at: next)
    }

    private mutating func release(_ id: PipelineExecutionID) {
        for index in self.state.head.gates.indices where self.state.head.gates[index].owner == id {
            self.state.head.gates[index].owner = nil
        }
    }
}
