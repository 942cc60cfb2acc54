// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// A new version: who waits is cancelled, who runs may finish the actions under way.
extension PipelineStep {
    mutating func update(to declaration: PipelineDeclaration) throws(PipelineInterruption) {
        precondition(declaration.version == self.state.head.version + 1, "versions are consecutive")
        let gates = self.state.head.gates
        for gate in gates {
            for id in gate.waiting { try self.cancelWaiting(id, at: gate.name, version: declaration.version) }
        }
        for owner in (gates + self.state.head.removedGates).compactMap(\.owner) {
            try self.cancelRunning(owner, version: declaration.version)
        }
        let held = gates.filter { declaration.stageIndex(named: $0.name) == nil }
        self.replaceGates(by: declaration)
        self.state.head.version = declaration.version
        self.state.add(declaration)
        // Whom only the transition of a stage that is gone held up goes on.
        for gate in held { for id in gate.held { try self.arrive(id, at: gate.name) } }
    }

    private mutating func cancelWaiting(
        _ id: PipelineExecutionID,
        at stage: String,
        version: Int
    ) throws(PipelineInterruption) {
        try self.change(id) { execution in
            execution.status = .cancelled
            execution.position = .finished
            execution.statusSummary = Self.cancellationSummary(version: version)
        }
        self.removeWaiting(id, at: stage, as: .cancelled)
        try self.announce(.canceled, of: id)
    }

    /// Lets a live execution start nothing more; one that is being stopped or cancelled already goes on with that.
    private mutating func cancelRunning(_ id: PipelineExecutionID, version: Int) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        if execution.status == .inProgress, execution.cancelledByVersion == nil {
            try self.change(id) { execution in
                execution.cancelledByVersion = version
                execution.statusSummary = "The pipeline was updated; waiting for running actions"
            }
        }
        try self.giveUpCondition(of: id, as: .cancelled, by: nil)
        try self.abandonActions(of: id, by: nil, announcing: .canceled) { $0.isApproval }
    }

    static func cancellationSummary(version: Int) -> String {
        "The pipeline was updated to version \(version) before the execution completed"
    }

    /// Keeps the gates of stages that keep their name, and the locks of removed stages that are still held.
    private mutating func replaceGates(by declaration: PipelineDeclaration) {
        let removed = self.state.head.gates.filter { declaration.stageIndex(named: $0.name) == nil }
        let known = self.state.head.gates + self.state.head.removedGates
        self.state.head.gates = declaration.stages.map { stage in
            var gate = known.first { $0.name == stage.name } ?? StageGate(name: stage.name)
            gate.lastSuccess = nil
            return gate
        }
        self.state.head.removedGates = known.compactMap { gate in
            guard gate.owner != nil, declaration.stageIndex(named: gate.name) == nil else { return nil }
            var lock = StageGate(name: gate.name)
            lock.owner = gate.owner
            return lock
        }
        self.effects += removed.map { .forgetStage($0.name) }
    }
}
