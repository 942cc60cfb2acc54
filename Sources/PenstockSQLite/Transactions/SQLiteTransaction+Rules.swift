// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension SQLiteTransaction {
    func ruleExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: RuleExecutionCursor?,
        limit: Int
    ) throws -> [RuleExecutionRow] {
        // Without a cursor the page begins below the greatest instant there is, which no rule starts at.
        let startedAt = SQLValue.integer(after?.startedAt.millisecondsSinceEpoch ?? .max)
        let id = SQLValue.id(after?.id.value ?? UniqueID(high: 0, low: 0))
        let (statement, execution): (StatementText, PipelineExecutionID?) =
            switch selection {
            case .all: (.ruleExecutionsOfPipeline, nil)
            case .execution(let execution): (.ruleExecutionsOfExecution, execution)
            case .latest(let execution): (.latestRuleExecutionsOfExecution, execution)
            }
        guard let execution else {
            return try self.connection.rows(
                statement, .id(pipeline), startedAt, id, .integer(limit), map: Self.ruleExecution)
        }
        return try self.connection.rows(
            statement, .id(pipeline), .id(execution), startedAt, id, .integer(limit), map: Self.ruleExecution)
    }

    func insertRuleExecution(_ row: RuleExecutionRow) throws {
        try self.connection.run(
            .insertRuleExecution,
            .id(row.start.id), .id(row.pipelineID), .id(row.start.executionID), .time(row.start.startedAt),
            .text(row.run.status.rawValue), .blob(row.start.storedBytes()), .blob(row.run.storedBytes())
        )
        if let replaced = row.start.replaces { try self.connection.run(.replaceRuleExecution, .id(replaced)) }
    }

    func updateRuleExecution(_ run: RuleRun) throws {
        let changed = try self.connection.run(
            .updateRuleExecution, .id(run.id), .text(run.status.rawValue), .blob(run.storedBytes()))
        guard changed == 1 else { throw self.constraint("the run has no entry") }
    }

    private static func ruleExecution(_ row: SQLRow) throws -> RuleExecutionRow {
        RuleExecutionRow(
            pipelineID: row.id(0),
            start: try RuleStart(storedBytes: row.blob(1)),
            run: try RuleRun(storedBytes: row.blob(2))
        )
    }
}
