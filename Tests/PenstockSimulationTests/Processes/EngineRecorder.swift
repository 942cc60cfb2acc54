// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Synchronization

/// One call of the engine, with all that it was given and what it answered.
struct EngineStep: Sendable {
    let key: PipelineKey
    /// Known once the transaction is about to commit.
    var pipeline: PipelineID?
    let event: PipelineEvent
    let at: Timestamp
    let identifiers: [UniqueID]
    let outcome: PipelineOutcome
    /// Executions as the step left them, of those that it was given or made.
    let executions: [PipelineExecution]
}

/// Notes the steps of transactions that commit.
final class EngineRecorder: Sendable {
    private struct State {
        var pending: [EngineStep] = []
        var committed: [EngineStep] = []
        var failures: [String] = []
    }

    private let state = Mutex(State())

    /// The engine, with a note of every step that it applies.
    func noting(_ engine: PipelineEngine) -> PipelineEngine {
        PipelineEngine { state, event, at, identifiers throws(PipelineInterruption) in
            let outcome = try engine.apply(&state, event, at, identifiers)
            let step = EngineStep(
                key: state.key,
                event: event,
                at: at,
                identifiers: identifiers,
                outcome: outcome,
                executions: outcome.changedExecutions.compactMap { state.executions[$0] }
            )
            self.state.withLock { $0.pending.append(step) }
            return outcome
        }
    }

    func begin() { self.state.withLock { $0.pending = [] } }

    /// Looks up which pipelines the steps are of.
    func resolve(_ find: (PipelineKey) throws -> PipelineID?) throws -> [EngineStep] {
        try self.state.withLock { state in
            for index in state.pending.indices { state.pending[index].pipeline = try find(state.pending[index].key) }
            return state.pending
        }
    }

    func commit() {
        self.state.withLock { state in
            state.committed += state.pending
            state.pending = []
        }
    }

    /// Drops the steps. An error that no transaction may end with is kept.
    func rollBack(_ error: any Error) {
        self.state.withLock { state in
            state.pending = []
            if !(error is Rejection) { state.failures.append("a transaction failed: \(error)") }
        }
    }

    /// The steps that were committed since the last call.
    func take() -> (steps: [EngineStep], failures: [String]) {
        self.state.withLock { state in
            defer {
                state.committed = []
                state.failures = []
            }
            return (state.committed, state.failures)
        }
    }
}
