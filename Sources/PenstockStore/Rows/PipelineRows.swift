// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockEngine
package import PenstockModel

/// A pipeline. Unique by `id`, and by `key` among those that exist.
package struct PipelineRow: Sendable, Hashable {
    package var id: PipelineID
    package var key: PipelineKey
    package var created: Timestamp
    /// When the definition was last updated.
    package var updated: Timestamp
    package var pipelineType: PipelineType
    package var executionMode: ExecutionMode
    /// Sorted by key.
    package var tags: [KeyedValue]
    package var head: PipelineHead

    package init(
        id: PipelineID,
        key: PipelineKey,
        created: Timestamp,
        updated: Timestamp,
        pipelineType: PipelineType,
        executionMode: ExecutionMode,
        tags: [KeyedValue],
        head: PipelineHead
    ) {
        self.id = id
        self.key = key
        self.created = created
        self.updated = updated
        self.pipelineType = pipelineType
        self.executionMode = executionMode
        self.tags = tags
        self.head = head
    }
}

/// What ListPipelines and other reads need of a pipeline, without the engine's state.
package struct PipelineSummaryRow: Sendable, Hashable {
    package var id: PipelineID
    package var key: PipelineKey
    package var version: Int
    package var created: Timestamp
    package var updated: Timestamp
    package var pipelineType: PipelineType
    package var executionMode: ExecutionMode

    package init(
        id: PipelineID,
        key: PipelineKey,
        version: Int,
        created: Timestamp,
        updated: Timestamp,
        pipelineType: PipelineType,
        executionMode: ExecutionMode
    ) {
        self.id = id
        self.key = key
        self.version = version
        self.created = created
        self.updated = updated
        self.pipelineType = pipelineType
        self.executionMode = executionMode
    }

    /// What reads need of the pipeline.
    package init(_ row: PipelineRow) {
        self.init(
            id: row.id,
            key: row.key,
            version: row.head.version,
            created: row.created,
            updated: row.updated,
            pipelineType: row.pipelineType,
            executionMode: row.executionMode
        )
    }
}

/// One version of a declaration, which never changes. Unique by (`pipelineID`, `declaration.version`).
package struct PipelineVersionRow: Sendable, Hashable {
    package var pipelineID: PipelineID
    package var declaration: PipelineDeclaration
    /// The declaration as the API answers it: normalised JSON with secrets masked.
    package var document: [UInt8]
    /// The secret configuration values, sealed under the master key; `nil` when there are none.
    package var sealedSecrets: [UInt8]?

    package init(pipelineID: PipelineID, declaration: PipelineDeclaration, document: [UInt8], sealedSecrets: [UInt8]?) {
        self.pipelineID = pipelineID
        self.declaration = declaration
        self.document = document
        self.sealedSecrets = sealedSecrets
    }
}

/// What GetPipelineState shows of the way into a stage. Unique by (pipeline, `stageName`).
package struct StageEntranceRow: Sendable, Hashable, StateCodable {
    package var stageName: String
    package var inbound: StageTransition
    /// Of the stage itself: it holds up the way into the next one.
    package var outbound: StageTransition
    package var waiting: [PipelineExecutionID]
    package var departed: DepartedExecution?

    package init(_ gate: StageGate) {
        self.stageName = gate.name
        self.inbound = gate.inbound
        self.outbound = gate.outbound
        self.waiting = gate.waiting
        self.departed = gate.departed
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.stageName = try reader.readString()
        self.inbound = try reader.read()
        self.outbound = try reader.read()
        self.waiting = try reader.readArray()
        self.departed = try reader.readOptional()
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.stageName)
        writer.write(self.inbound)
        writer.write(self.outbound)
        writer.write(self.waiting)
        writer.write(self.departed)
    }
}

/// What GetPipelineState shows of the last execution that entered a stage. Unique by (pipeline, `run.stageName`).
package struct StageRunRow: Sendable, Hashable, StateCodable {
    package var executionID: PipelineExecutionID
    package var run: StageRun
    package var isRollback: Bool

    package init(executionID: PipelineExecutionID, run: StageRun, isRollback: Bool = false) {
        self.executionID = executionID
        self.run = run
        self.isRollback = isRollback
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.executionID = try reader.read()
        self.run = try reader.read()
        self.isRollback = reader.format < 2 ? false : try reader.read()
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.executionID)
        writer.write(self.run)
        writer.write(self.isRollback)
    }
}

/// The revision shown beside an action. Unique by (pipeline, `stageName`, `actionName`).
package struct CurrentRevisionRow: Sendable, Hashable, StateCodable {
    package var stageName: String
    package var actionName: String
    package var revision: SourceRevision

    package init(stageName: String, actionName: String, revision: SourceRevision) {
        self.stageName = stageName
        self.actionName = actionName
        self.revision = revision
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.stageName = try reader.readString()
        self.actionName = try reader.readString()
        self.revision = try reader.read()
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.stageName)
        writer.write(self.actionName)
        writer.write(self.revision)
    }
}

/// What reads show of an execution. Unique by (pipeline, `id`), and by (pipeline, `sequence`).
package struct ExecutionRow: Sendable, Hashable, StateCodable {
    package var id: PipelineExecutionID
    package var sequence: Int
    package var pipelineVersion: Int
    package var mode: ExecutionMode
    package var status: PipelineExecutionStatus
    package var statusSummary: String?
    package var trigger: Trigger
    package var startedAt: Timestamp
    package var updatedAt: Timestamp
    package var stop: StopRequest?
    package var variables: [KeyedValue]
    package var sourceRevisions: [ActionRevision]
    /// What a rollback goes back to.
    package var rollbackTarget: PipelineExecutionID?

    package init(_ execution: PipelineExecution) {
        self.id = execution.id
        self.sequence = execution.sequence
        self.pipelineVersion = execution.pipelineVersion
        self.mode = execution.mode
        self.status = execution.status
        self.statusSummary = execution.statusSummary
        self.trigger = execution.trigger
        self.startedAt = execution.startedAt
        self.updatedAt = execution.updatedAt
        self.stop = execution.stop
        self.variables = execution.variables
        self.sourceRevisions = execution.sourceRevisions
        self.rollbackTarget = execution.rollbackTarget
    }

    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.id = try reader.read()
        self.sequence = try reader.read()
        self.pipelineVersion = try reader.read()
        self.mode = try reader.read()
        self.status = try reader.read()
        self.statusSummary = try reader.readOptional()
        self.trigger = try reader.read()
        self.startedAt = try reader.read()
        self.updatedAt = try reader.read()
        self.stop = try reader.readOptional()
        self.variables = try reader.readArray()
        self.sourceRevisions = try reader.readArray()
        self.rollbackTarget = reader.format < 2 ? nil : try reader.readOptional()
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.sequence)
        writer.write(self.pipelineVersion)
        writer.write(self.mode)
        writer.write(self.status)
        writer.write(self.statusSummary)
        writer.write(self.trigger)
        writer.write(self.startedAt)
        writer.write(self.updatedAt)
        writer.write(self.stop)
        writer.write(self.variables)
        writer.write(self.sourceRevisions)
        writer.write(self.rollbackTarget)
    }
}

/// An execution that ended, among those of all pipelines. Unique by (`pipelineID`, `id`).
package struct EndedExecutionRow: Sendable, Hashable {
    package var pipelineID: PipelineID
    package var pipelineKey: PipelineKey
    package var id: PipelineExecutionID
    package var endedAt: Timestamp

    package init(pipelineID: PipelineID, pipelineKey: PipelineKey, id: PipelineExecutionID, endedAt: Timestamp) {
        self.pipelineID = pipelineID
        self.pipelineKey = pipelineKey
        self.id = id
        self.endedAt = endedAt
    }
}

/// One attempt of an action in the history. Unique by `start.id`.
package struct ActionExecutionRow: Sendable, Hashable {
    package var pipelineID: PipelineID
    /// Written once, when the attempt starts.
    package var start: ActionStart
    /// How the attempt stands now; `attempt.id` equals `start.id`.
    package var attempt: ActionAttempt
    package var outputVariables: [KeyedValue]

    package init(
        pipelineID: PipelineID,
        start: ActionStart,
        attempt: ActionAttempt,
        outputVariables: [KeyedValue] = []
    ) {
        self.pipelineID = pipelineID
        self.start = start
        self.attempt = attempt
        self.outputVariables = outputVariables
    }
}

/// Which entries of a pipeline's history are listed: attempts of actions, or runs of rules.
package enum HistorySelection: Sendable, Hashable {
    case all
    case execution(PipelineExecutionID)
    /// Of each action or rule of the execution the one that started last.
    case latest(PipelineExecutionID)

    package var execution: PipelineExecutionID? {
        switch self {
        case .all: nil
        case .execution(let id), .latest(let id): id
        }
    }
}
