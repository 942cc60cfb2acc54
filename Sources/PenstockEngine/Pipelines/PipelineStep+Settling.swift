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
            for id in self.touched where self.state.executions[id]?.mode == .parallel {
                changed = try self.advance(id) || changed
            }
        }
    }

    /// Lets the head of the waiting point enter if the stage is free and open, and all whom only a disabled transition
    /// has held up.
    private mutating func admit(at index: Int) throws(PipelineInterruption) -> Bool {
        guard self.isOpen(at: index) else { return false }
        let gate = self.state.head.gates[index]
        self.state.head.gates[index].held = []
        for id in gate.held { try self.enter(id, stage: gate.name) }
        guard gate.owner == nil, let id = gate.waiting.first else { return !gate.held.isEmpty }
        self.state.head.gates[index].waiting.removeFirst()
        try self.enter(id, stage: gate.name)
        return true
    }

    /// Puts an execution into a stage; one of a mode with locks takes the stage's.
    private mutating func enter(_ id: PipelineExecutionID, stage name: String) throws(PipelineInterruption) {
        let stage = try self.declaredStage(name, ofVersionOf: id)
        try self.takeLock(of: name, for: id)
        let run = StageRun(entering: stage, at: self.at)
        try self.change(id) { execution in
            execution.position = .inside
            execution.stageRun = run
        }
        try self.announceStage(.started, of: id)
    }

    /// Whether both sides of the way into the stage are enabled.
    func isOpen(at index: Int) -> Bool {
        let (inbound, outbound) = self.transitions(into: index)
        return inbound.isEnabled && outbound?.isEnabled != false
    }

    /// Both sides of the way into the stage; the first stage has only one.
    func transitions(into index: Int) -> (inbound: StageTransition, outbound: StageTransition?) {
        let gates = self.state.head.gates
        return (gates[index].inbound, index > 0 ? gates[index - 1].outbound : nil)
    }

    /// Brings an execution to the waiting point in front of a stage.
    mutating func arrive(_ id: PipelineExecutionID, at stage: String) throws(PipelineInterruption) {
        let mode = try self.execution(id).mode
        guard let index = self.state.head.gateIndex(named: stage) else {
            precondition(mode == .parallel, "an execution of an older version is cancelled before it goes on")
            return try self.enter(id, stage: stage)
        }
        let isOpen = self.isOpen(at: index)
        switch mode {
        case .parallel:
            if isOpen { return try self.enter(id, stage: stage) }
            self.releaseLock(of: id)
            self.state.head.gates[index].held.append(id)
        case .superseded:
            for waiting in self.state.head.gates[index].waiting { try self.supersede(waiting, by: id) }
            self.state.head.gates[index].waiting = [id]
        case .queued: self.state.head.gates[index].waiting.append(id)
        }
        self.state.head.gates[index].departed = nil
        let at = self.at
        try self.change(id) { execution in
            execution.position = .waiting(stage: stage)
            execution.waitingSince = at
        }
        if !isOpen { self.effects.append(.limitWait(id, since: at)) }
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
        try self.announce(.superseded, of: id)
    }

    // MARK: Locks

    /// Notes that the execution is inside the stage; in a mode with locks nobody else can be.
    mutating func takeLock(of stage: String, for id: PipelineExecutionID) throws(PipelineInterruption) {
        if try self.execution(id).mode == .parallel {
            if !self.state.head.parallel.contains(id) { self.state.head.parallel.append(id) }
            return
        }
        guard let index = self.state.head.gateIndex(named: stage) else {
            preconditionFailure("only stages of the current version are entered")
        }
        self.state.head.gates[index].owner = id
        self.state.head.gates[index].latest = id
    }

    /// Notes that the execution is inside no stage any more.
    mutating func releaseLock(of id: PipelineExecutionID) {
        for index in self.state.head.gates.indices where self.state.head.gates[index].owner == id {
            self.state.head.gates[index].owner = nil
        }
        self.state.head.removedGates.removeAll { $0.owner == id }
        self.state.head.parallel.removeAll { $0 == id }
    }
}
