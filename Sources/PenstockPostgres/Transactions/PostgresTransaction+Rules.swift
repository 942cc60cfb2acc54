// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension PostgresTransaction {
    func ruleExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: RuleExecutionCursor?,
        limit: Int
    ) throws -> [RuleExecutionRow] {
        // Without a cursor the page begins below the greatest instant there is, which no rule starts at.
        let startedAt = after?.startedAt.millisecondsSinceEpoch ?? .max
        let id = after?.id.value ?? UniqueID(high: 0, low: 0)
        guard let execution = selection.execution else {
            return try self.rows(
                """
                SELECT pipeline, start, run FROM rule_execution
                WHERE pipeline = $1 AND (started_at, id) < ($2, $3) ORDER BY started_at DESC, id DESC LIMIT $4
                """,
                [pipeline, startedAt, id, limit],
                Self.ruleExecution
            )
        }
        // `true` is spelled out where all are wanted, so that both are texts of their own to prepare.
        let isWanted = selection == .latest(execution) ? "NOT is_replaced" : "true"
        return try self.rows(
            """
            SELECT pipeline, start, run FROM rule_execution
            WHERE pipeline = $1 AND execution = $2 AND (started_at, id) < ($3, $4) AND \(isWanted)
            ORDER BY started_at DESC, id DESC LIMIT $5
            """,
            [pipeline, execution, startedAt, id, limit],
            Self.ruleExecution
        )
    }

    func insertRuleExecution(_ row: RuleExecutionRow) throws {
        try self.gather(
            """
            INSERT INTO rule_execution (id, pipeline, execution, started_at, status, start, run)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                row.start.id, row.pipelineID, row.start.executionID, row.start.startedAt, row.run.status.rawValue,
                row.start.storedBytes(format: self.format), row.run.storedBytes(format: self.format),
            ]
        )
        if let replaced = row.start.replaces {
            try self.gather("UPDATE rule_execution SET is_replaced = true WHERE id = $1", [replaced])
        }
    }

    func updateRuleExecution(_ run: RuleRun) throws {
        try self.gather(
            "UPDATE rule_execution SET status = $2, run = $3 WHERE id = $1",
            [run.id, run.status.rawValue, run.storedBytes(format: self.format)],
            orElse: "the run has no entry"
        )
    }

    private static func ruleExecution(_ row: inout PostgresRow) throws -> RuleExecutionRow {
        RuleExecutionRow(pipelineID: try row.id(), start: try row.stored(), run: try row.stored())
    }
}
