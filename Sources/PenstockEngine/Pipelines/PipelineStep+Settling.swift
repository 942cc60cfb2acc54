// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockModel

// What follows from a change at the same instant: stages end, locks pass on, waiting executions enter, actions start.
extension PipelineStep {
    /// Repeats until nothing changes: later stages first, so that a lock released now is used now.
    mutating func settle() throws(PipelineInterruption) {
        var changed = true
        while changed {
            changed = false
            for index in self.state.head.gates.indices.reversed() {
                changed = try self.advance(self.state.head.gates[index].owner) || changed
                changed = try self.admit(at: index) || changed
            }
            for gate in self.state.head.removedGates { changed = try self.advance(gate.owner) || changed }
        }
    }

    /// Lets the head of the waiting point enter, if the stage is free and open.
    private mutating func admit(at index: Int) throws(PipelineInterruption) -> Bool {
        guard self.state.head.gates[index].owner == nil, self.isOpen(at: index),
            let id = self.state.head.gates[index].waiting.first
        else { return false }
        let stage = try self.declaredStage(self.state.head.gates[index].name, ofVersionOf: id)
        self.state.head.gates[index].waiting.removeFirst()
        self.state.head.gates[index].owner = id
        self.state.head.gates[index].latest = id
        let run = StageRun(entering: stage, at: self.at)
        try self.change(id) { execution in
            execution.position = .inside
            execution.stageRun = run
        }
        return true
    }

    /// Whether both sides of the way into the stage are enabled.
    func isOpen(at index: Int) -> Bool { self.transitions(into: index).allSatisfy(\.isEnabled) }

    /// Both sides of the way into the stage; the first stage has only one.
    func transitions(into index: Int) -> [StageTransition] {
        let gates = self.state.head.gates
        return [gates[index].inbound] + (index > 0 ? [gates[index - 1].outbound] : [])
    }

    /// Brings an execution to the waiting point in front of a stage.
    mutating func arrive(_ id: PipelineExecutionID, at index: Int) throws(PipelineInterruption) {
        let name = self.state.head.gates[index].name
        if try self.execution(id).mode == .superseded {
            for waiting in self.state.head.gates[index].waiting { try self.supersede(waiting, by: id) }
            self.state.head.gates[index].waiting = []
        }
        self.state.head.gates[index].waiting.append(id)
        self.state.head.gates[index].departed = nil
        let at = self.at
        try self.change(id) { execution in
            execution.position = .waiting(stage: name)
            execution.waitingSince = at
        }
        if !self.isOpen(at: index) { self.effects.append(.limitWait(id, since: at)) }
    }

    private mutating func supersede(
        _ id: PipelineExecutionID,
        by newer: PipelineExecutionID
    ) throws(PipelineInterruption) {
        try self.change(id) { execution in
            execution.status = .superseded
            execution.statusSummary = "Superseded by pipeline execution \(newer)"
            execution.position = .finished
        }
    }

    // MARK: Moves

    /// What an execution that is inside a stage does next.
    private enum Move {
        case start([Int])
        case complete(stage: String)
        case leave(StageExecutionStatus, PipelineExecutionStatus, summary: String?)
    }

    /// Takes the next move of a stage's owner, if the step changed it; who did not change has none.
    private mutating func advance(_ owner: PipelineExecutionID?) throws(PipelineInterruption) -> Bool {
        guard let id = owner, self.touched.contains(id), let move = try self.nextMove(of: id) else { return false }
        switch move {
        case .start(let actions):
            for index in actions { try self.startAction(index, of: id) }
        case .complete(let stage): try self.complete(id, stage: stage)
        case .leave(let stageStatus, let status, let summary):
            try self.change(id) { execution in
                execution.stageRun?.status = stageStatus
                execution.status = status
                execution.statusSummary = summary
                execution.position = .finished
            }
            self.release(id)
        }
        return true
    }

    private func nextMove(of id: PipelineExecutionID) throws(PipelineInterruption) -> Move? {
        let execution = try self.execution(id)
        guard execution.position == .inside, let run = execution.stageRun else { return nil }
        if execution.status == .stopping {
            return run.hasRunningAction ? nil : .leave(.stopped, .stopped, summary: nil)
        }
        if let version = execution.cancelledByVersion {
            guard !run.hasRunningAction else { return nil }
            return .leave(.cancelled, .cancelled, summary: Self.cancellationSummary(version: version))
        }
        switch run.need {
        case .wait: return nil
        case .start(let actions): return .start(actions)
        case .fail: return .leave(.failed, .failed, summary: Self.failureSummary(of: run))
        case .succeed: return .complete(stage: run.stageName)
        }
    }

    private static func failureSummary(of run: StageRun) -> String? {
        guard let action = run.firstFailure else { return nil }
        guard let failure = action.attempt?.failure else {
            return "Action '\(action.name)' in stage '\(run.stageName)' was rejected"
        }
        return "Action '\(action.name)' in stage '\(run.stageName)' failed: \(failure.message)"
    }

    /// Takes a stage that succeeded to its end: on to the next one, or to the end of the execution.
    private mutating func complete(_ id: PipelineExecutionID, stage: String) throws(PipelineInterruption) {
        let declaration = try self.declaration(version: try self.execution(id).pipelineVersion)
        try self.change(id) { $0.stageRun?.status = .succeeded }
        try self.recordStage(of: id)
        self.effects.append(.recordStageSuccess(id, stage: stage))
        self.release(id)
        let next = declaration.stageIndex(named: stage).map { declaration.stages[($0 + 1)...] }?.first
        guard let next else {
            try self.change(id) { execution in
                execution.status = .succeeded
                execution.position = .finished
            }
            return
        }
        guard let gate = self.state.head.gateIndex(named: next.name) else {
            preconditionFailure("an execution of an older version is cancelled before it goes on")
        }
        try self.arrive(id, at: gate)
    }

    private mutating func release(_ id: PipelineExecutionID) {
        for index in self.state.head.gates.indices where self.state.head.gates[index].owner == id {
            self.state.head.gates[index].owner = nil
        }
        self.state.head.removedGates.removeAll { $0.owner == id }
    }
}
