// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime
import PenstockStore

/// Whether a pipeline's rows, and what the services answer from them, say what its model says.
struct RowCheck {
    let model: PipelineModel
    let call: CallContext
    private(set) var violations: [String] = []

    init(_ model: PipelineModel, _ call: CallContext) {
        self.model = model
        self.call = call
    }

    private mutating func check(_ condition: Bool, _ rule: @autoclosure () -> String) {
        if !condition { self.violations.append("\(rule()) (\(self.model.name))") }
    }

    /// What the engine will be given next: the head, and executions that changed, or all of them.
    mutating func checkState(in store: MemoryStore, isWhole: Bool) async throws {
        let model = self.model
        let ids = isWhole ? Array(model.state.executions.keys) : Array(model.changed)
        let (row, stored) = try await store.write { transaction in
            (
                try transaction.lockPipeline(model.state.key),
                try ids.map { try transaction.execution($0, of: model.id) }
            )
        }
        self.check(row?.id == model.id && row?.head == model.state.head, "the head is stored as it is")
        let isStored = zip(ids, stored).allSatisfy { model.state.executions[$0] == $1 }
        self.check(isStored, "executions are stored as they are")
    }

    /// What GetPipelineState is made from.
    mutating func checkView(_ pipelines: PipelineService) async throws {
        let view = try await pipelines.state(self.call, name: self.model.name)
        let (state, ledger) = (self.model.state, self.model.ledger)
        self.check(view.summary.version == state.head.version, "the current version is shown")
        self.check(view.declaration == state.declarations[state.head.version], "the current declaration is shown")
        let entrances = Dictionary(uniqueKeysWithValues: view.entrances.map { ($0.stageName, $0) })
        let gates = Dictionary(uniqueKeysWithValues: state.head.gates.map { ($0.name, StageEntranceRow($0)) })
        self.check(entrances == gates, "the ways into stages are shown as they are")
        self.check(view.runs.count == ledger.stages.count, "stages are shown that somebody entered")
        for row in view.runs {
            let shown = ledger.stages[row.run.stageName]
            self.check(shown?.execution == row.executionID && shown?.run == row.run, "stages are shown as they are")
        }
        let open = Set(view.openJobs.map(\.start.id))
        self.check(open == ledger.openJobs && open.count == view.openJobs.count, "each attempt that runs has one job")
    }

    /// The lists of executions, attempts and rules, from the newest to the oldest.
    mutating func checkHistory(_ pipelines: PipelineService) async throws {
        let (state, ledger) = (self.model.state, self.model.ledger)
        let (call, name) = (self.call, self.model.name)
        let executions = try await pipelines.executions(call, name: name, succeededIn: nil, before: nil, limit: .max)
        let expected = state.executions.values.sorted { $0.sequence > $1.sequence }.map { ExecutionRow($0) }
        self.check(executions == expected, "executions are listed as they are")
        let actions = try await pipelines.actionExecutions(call, name: name, .all, after: nil, limit: .max).rows
        self.check(actions.count == ledger.attempts.count, "every attempt is listed once")
        let starts = Dictionary(uniqueKeysWithValues: ledger.starts.map { ($0.id, $0) })
        for row in actions {
            self.check(ledger.attempts[row.start.id] == row.attempt, "attempts are listed as they are")
            self.check(starts[row.start.id] == row.start, "attempts are listed as they began")
        }
        let rules = try await pipelines.ruleExecutions(call, name: name, .all, after: nil, limit: .max)
        self.check(rules.count == ledger.rules.count, "every rule is listed once")
        for row in rules { self.check(ledger.rules[row.start.id] == row.run, "rules are listed as they are") }
        for gate in state.head.gates {
            let succeeded = try await pipelines.executions(
                call, name: name, succeededIn: gate.name, before: nil, limit: .max)
            let wanted = expected.filter {
                $0.pipelineVersion == state.head.version && ledger.successes[$0.id]?.contains(gate.name) == true
            }
            self.check(succeeded == wanted, "those who succeeded in \(gate.name) are listed")
        }
    }
}
