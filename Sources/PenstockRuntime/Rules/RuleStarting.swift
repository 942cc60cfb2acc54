// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// Turns the start of a rule into its check: a verdict at once, an instant to wait for, or a deadline alone.
struct RuleStarting {
    let transaction: any StoreTransaction
    let row: PipelineRow
    let now: Timestamp

    /// Starts the check.
    ///
    /// - Returns: What the engine is to be told of it in the same transaction.
    func start(_ start: RuleStart) throws -> [PipelineEvent] {
        switch BuiltInRules.evaluate(start, at: self.now) {
        case .verdict(let verdict): return [.ruleEnded(start.executionID, start.id, verdict)]
        case .unavailable:
            let problem = "Rule type \(start.rule.typeID) is not available: nothing here evaluates its rules"
            return [.ruleEnded(start.executionID, start.id, .errored(problem))]
        case .opens(let instant, let summary):
            if instant < start.deadline { try self.setTimer(.ruleOpening(start.id), due: instant, for: start) }
            try self.setTimer(.ruleDeadline(start.id), due: start.deadline, for: start)
            return [.ruleProgressed(start.executionID, start.id, summary: summary)]
        case .never(let summary):
            try self.setTimer(.ruleDeadline(start.id), due: start.deadline, for: start)
            return [.ruleProgressed(start.executionID, start.id, summary: summary)]
        }
    }

    /// Drops what is still to be done about a rule that has ended.
    func end(_ id: RuleExecutionID) throws {
        try self.transaction.deleteTimer(.ruleOpening(id))
        try self.transaction.deleteTimer(.ruleDeadline(id))
    }

    private func setTimer(_ key: TimerRow.Key, due: Timestamp, for start: RuleStart) throws {
        try self.transaction.putTimer(
            TimerRow(
                key: key,
                due: due,
                pipelineID: self.row.id,
                pipelineKey: self.row.key,
                executionID: start.executionID
            )
        )
        self.transaction.signal(.timerSet(due))
    }
}
