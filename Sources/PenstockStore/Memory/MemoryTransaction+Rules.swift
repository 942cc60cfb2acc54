// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockEngine
import PenstockModel

extension MemoryTransaction {
    func ruleExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: RuleExecutionCursor?,
        limit: Int
    ) -> [RuleExecutionRow] {
        guard let pipeline = self.rows.pipelines[pipeline] else { return [] }
        let rows = pipeline.ruleExecutions.values.filter { row in
            switch selection {
            case .all: break
            case .execution(let id): guard row.start.executionID == id else { return false }
            case .latest(let id):
                guard row.start.executionID == id, !pipeline.replacedRules.contains(row.start.id) else { return false }
            }
            guard let after else { return true }
            return (row.start.startedAt, row.start.id) < (after.startedAt, after.id)
        }
        let sorted = rows.sorted { ($0.start.startedAt, $0.start.id) > ($1.start.startedAt, $1.start.id) }
        return Array(sorted.prefix(limit))
    }

    func insertRuleExecution(_ row: RuleExecutionRow) throws {
        let id = row.start.id
        guard self.rows.ruleExecutions[id] == nil else { throw constraint("a run of a rule is written once") }
        try self.change(row.pipelineID) {
            $0.ruleExecutions[id] = row
            if let replaced = row.start.replaces { $0.replacedRules.insert(replaced) }
        }
        self.rows.ruleExecutions[id] = row.pipelineID
    }

    func updateRuleExecution(_ run: RuleRun) throws {
        guard let pipeline = self.rows.ruleExecutions[run.id] else { throw constraint("the run has no entry") }
        try self.change(pipeline) { $0.ruleExecutions[run.id]?.run = run }
    }
}
