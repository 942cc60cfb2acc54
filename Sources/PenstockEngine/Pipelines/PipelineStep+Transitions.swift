// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Closing and opening the ways between stages, and what becomes of those who wait where one stays closed.
extension PipelineStep {
    mutating func setTransition(
        stage: String,
        _ side: TransitionSide,
        reason: String?,
        by: String
    ) throws(PipelineInterruption) {
        guard let index = self.state.head.gateIndex(named: stage) else {
            throw .rejected(.stageNotFound(stage, in: self.state.key.name))
        }
        let path: WritableKeyPath<StageGate, StageTransition> = side == .inbound ? \.inbound : \.outbound
        let current = self.state.head.gates[index][keyPath: path]
        if reason == nil, current.isEnabled { return }
        let held = side == .inbound ? index : index + 1
        let closes = self.state.head.gates.indices.contains(held) && self.isOpen(at: held)
        var transition = StageTransition()
        transition.isEnabled = reason == nil
        transition.disabledReason = reason
        transition.lastChangedBy = by
        transition.lastChangedAt = self.at
        transition.closedSince = reason == nil ? nil : current.closedSince ?? self.at
        self.state.head.gates[index][keyPath: path] = transition
        guard closes else { return }
        let gate = self.state.head.gates[held]
        for id in gate.waiting + gate.held { self.effects.append(.limitWait(id, since: self.at)) }
    }

    /// Stops the execution if it has waited at a disabled transition for the limit, without a break; asks to see again
    /// later when it has waited there for less.
    ///
    /// Source: AWS CodePipeline User Guide, Working with stage transitions: after 30 days an execution is not resumed.
    mutating func endWait(of id: PipelineExecutionID, limit: Duration) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        guard case .waiting(let stage) = execution.position, let index = self.state.head.gateIndex(named: stage) else {
            return
        }
        let (inbound, outbound) = self.transitions(into: index)
        guard let closed = [inbound.closedSince, outbound?.closedSince].compactMap({ $0 }).min() else { return }
        let since = max(closed, execution.waitingSince)
        guard self.at >= since + limit else {
            self.effects.append(.limitWait(id, since: since))
            return
        }
        let days = limit.components.seconds / 86400
        try self.change(id) { execution in
            execution.status = .stopped
            execution.position = .finished
            execution.statusSummary = "Waited \(days) days at the disabled transition into stage '\(stage)'"
        }
        self.removeWaiting(id, at: stage, as: .stopped)
        try self.announce(.stopped, of: id)
    }
}
