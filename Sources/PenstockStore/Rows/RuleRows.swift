// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// One run of a rule in the history. Unique by `start.id`.
package struct RuleExecutionRow: Sendable, Hashable {
    package var pipelineID: PipelineID
    /// Written once, when the rule starts.
    package var start: RuleStart
    /// How the rule stands now; `run.id` equals `start.id`.
    package var run: RuleRun

    package init(pipelineID: PipelineID, start: RuleStart, run: RuleRun) {
        self.pipelineID = pipelineID
        self.start = start
        self.run = run
    }
}

/// Where a page of a pipeline's history ends.
package struct HistoryCursor<ID: UniqueIdentifier & StateCodable>: Sendable, Hashable, StateCodable {
    package var startedAt: Timestamp
    package var id: ID

    package init(startedAt: Timestamp, id: ID) {
        self.startedAt = startedAt
        self.id = id
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(startedAt: try reader.read(), id: try reader.read())
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.startedAt)
        writer.write(self.id)
    }
}

/// Where a page of the action history ends: rows are ordered by descending (`startedAt`, `id`).
package typealias ActionExecutionCursor = HistoryCursor<ActionExecutionID>

/// Where a page of the rule history ends: rows are ordered by descending (`startedAt`, `id`).
package typealias RuleExecutionCursor = HistoryCursor<RuleExecutionID>
