// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import PenstockRuntime

extension PipelineEngine {
    /// What a step came to, for a mutation to spoil.
    struct Result {
        let before: PipelineState
        let event: PipelineEvent
        var after: PipelineState
        var outcome: PipelineOutcome
    }

    /// An engine whose results are spoiled.
    static func spoiling(_ spoil: @escaping @Sendable (inout Result) throws(PipelineInterruption) -> Void) -> Self {
        Self { state, event, at, identifiers throws(PipelineInterruption) in
            var after = state
            let outcome = try after.apply(event, at: at, identifiers: identifiers)
            var result = Result(before: state, event: event, after: after, outcome: outcome)
            try spoil(&result)
            state = result.after
            return result.outcome
        }
    }

    /// An engine that loses effects.
    static func losing(_ isLost: @escaping @Sendable (PipelineEffect) -> Bool) -> Self {
        .spoiling { result in result.outcome.effects.removeAll(where: isLost) }
    }

    /// An engine that is given another state, or told another event, than there is.
    static func deceived(
        _ deceive: @escaping @Sendable (inout PipelineState, inout PipelineEvent) -> Void,
        restore: @escaping @Sendable (inout PipelineState, _ before: PipelineState) -> Void = { _, _ in }
    ) -> Self {
        Self { state, event, at, identifiers throws(PipelineInterruption) in
            var (after, told) = (state, event)
            deceive(&after, &told)
            let outcome = try after.apply(told, at: at, identifiers: identifiers)
            restore(&after, state)
            state = after
            return outcome
        }
    }
}

extension PipelineEngine.Result {
    /// Changes an execution behind the engine's back.
    mutating func change(
        _ id: PipelineExecutionID, _ body: (inout PipelineExecution) -> Void
    ) throws(PipelineInterruption) {
        guard var execution = self.after.executions[id] else { throw .needs(.execution(id)) }
        body(&execution)
        self.after.add(execution)
        if !self.outcome.changedExecutions.contains(id) { self.outcome.changedExecutions.append(id) }
    }

    func gateBefore(_ name: String) -> StageGate? { self.before.head.gates.first { $0.name == name } }
}

extension PipelineState {
    /// Changes the head behind the engine's back.
    mutating func changeHead(_ body: (inout PipelineHead) -> Void) {
        var head = self.head
        body(&head)
        self.rebuild(head: head, declarations: Array(self.declarations.values))
    }

    mutating func rebuild(head: PipelineHead, declarations: [PipelineDeclaration]) {
        var state = PipelineState(key: self.key, head: head)
        for execution in self.executions.values { state.add(execution) }
        for declaration in declarations { state.add(declaration) }
        self = state
    }
}
