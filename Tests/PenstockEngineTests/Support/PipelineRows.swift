// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel

/// A pipeline as a store keeps it: steps are given nothing but the head, and whatever they ask for then.
struct PipelineRows {
    private(set) var head: PipelineHead
    private(set) var executions: OrderedDictionary<PipelineExecutionID, PipelineExecution> = [:]
    private(set) var declarations: [Int: PipelineDeclaration]

    init(_ declaration: PipelineDeclaration) {
        self.head = PipelineHead(declaration: declaration)
        self.declarations = [declaration.version: declaration]
    }

    /// Loads, applies and writes, and lists what the step asked for.
    mutating func apply(
        _ event: PipelineEvent,
        at: Timestamp,
        identifiers: [UniqueID]
    ) throws(PipelineInterruption) -> (outcome: PipelineOutcome, needs: [PipelineInterruption.Need]) {
        var state = PipelineState(key: shopKey, head: self.head)
        var needs: [PipelineInterruption.Need] = []
        while true {
            do throws(PipelineInterruption) {
                let outcome = try state.apply(event, at: at, identifiers: identifiers)
                self.write(state, outcome.changedExecutions)
                return (outcome, needs)
            } catch {
                guard case .needs(let need) = error, self.load(need, into: &state) else { throw error }
                needs.append(need)
            }
        }
    }

    /// Adds what was asked for; `false` when there is no such thing.
    private func load(_ need: PipelineInterruption.Need, into state: inout PipelineState) -> Bool {
        switch need {
        case .execution(let id):
            guard let execution = self.executions[id] else { return false }
            state.add(execution)
        case .declaration(let version):
            guard let declaration = self.declarations[version] else { return false }
            state.add(declaration)
        case .identifiers: return false
        }
        return true
    }

    private mutating func write(_ state: PipelineState, _ changed: [PipelineExecutionID]) {
        self.head = state.head
        for id in changed { self.executions[id] = state.executions[id] }
        for (version, declaration) in state.declarations { self.declarations[version] = declaration }
    }

    /// Everything that is stored, in its stored form.
    var bytes: [UInt8] {
        var writer = StateWriter()
        writer.write(self.head)
        writer.write(Array(self.executions.values))
        writer.write(self.declarations.sorted { $0.key < $1.key }.map(\.value))
        return writer.bytes
    }
}

extension PipelineState {
    /// The same bytes as those of rows that had the same history.
    var bytes: [UInt8] {
        var writer = StateWriter()
        writer.write(self.head)
        writer.write(Array(self.executions.values))
        writer.write(self.declarations.values.sorted { $0.version < $1.version })
        return writer.bytes
    }
}
