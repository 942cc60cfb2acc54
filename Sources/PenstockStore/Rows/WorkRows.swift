// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
package import PenstockModel

/// Something that must happen at an instant. Unique by `key`; setting it again moves it.
package struct TimerRow: Sendable, Hashable {
    /// What a timer is for, and of what.
    package enum Key: Sendable, Hashable {
        /// The attempt fails for want of time.
        case actionDeadline(ActionExecutionID)
        /// The job fails for want of time.
        case jobDeadline(JobID)

        /// Unique text.
        package var text: String {
            switch self {
            case .actionDeadline(let id): "action/\(id)"
            case .jobDeadline(let id): "job/\(id)"
            }
        }
    }

    package var key: Key
    package var due: Timestamp
    package var pipelineID: PipelineID
    package var pipelineKey: PipelineKey
    package var executionID: PipelineExecutionID

    package init(
        key: Key,
        due: Timestamp,
        pipelineID: PipelineID,
        pipelineKey: PipelineKey,
        executionID: PipelineExecutionID
    ) {
        self.key = key
        self.due = due
        self.pipelineID = pipelineID
        self.pipelineKey = pipelineKey
        self.executionID = executionID
    }
}

/// Something owed to the outside, carried out at least once. Unique by `id`, which is also its idempotency key.
package struct EffectRow: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// Pipelines whose source watches the object are to be started.
        case objectChanged(ObjectChange)
    }

    package var id: UniqueID
    package var kind: Kind
    package var createdAt: Timestamp
    /// How often it was claimed.
    package var attempts: Int

    package init(id: UniqueID, kind: Kind, createdAt: Timestamp, attempts: Int = 0) {
        self.id = id
        self.kind = kind
        self.createdAt = createdAt
        self.attempts = attempts
    }
}

/// A timer or effect that the caller holds until the lease ends.
package struct Leased<Row: Sendable & Hashable>: Sendable, Hashable {
    package var row: Row
    /// Rises with each claim; who comes with an older one holds it no more.
    package var fence: Int64

    package init(row: Row, fence: Int64) {
        self.row = row
        self.fence = fence
    }
}

/// A source action that is started by changes of an object. Unique by (`pipelineID`, `actionName`).
package struct SourceWatchRow: Sendable, Hashable {
    package var bucket: String
    package var objectKey: String
    package var pipelineID: PipelineID
    package var pipelineKey: PipelineKey
    package var actionName: String
    /// The revision seen last, by whatever trigger; `nil` while none was seen.
    package var cursor: String?

    package init(
        bucket: String,
        objectKey: String,
        pipelineID: PipelineID,
        pipelineKey: PipelineKey,
        actionName: String,
        cursor: String? = nil
    ) {
        self.bucket = bucket
        self.objectKey = objectKey
        self.pipelineID = pipelineID
        self.pipelineKey = pipelineKey
        self.actionName = actionName
        self.cursor = cursor
    }
}
