// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
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
        /// The rule fails for want of time.
        case ruleDeadline(RuleExecutionID)
        /// What the rule waits for is so: its window opens.
        case ruleOpening(RuleExecutionID)
        /// The execution has waited at a disabled transition for as long as one may.
        case waitLimit(PipelineExecutionID)

        /// Unique text.
        package var text: String {
            switch self {
            case .actionDeadline(let id): "action/\(id)"
            case .jobDeadline(let id): "job/\(id)"
            case .ruleDeadline(let id): "rule/\(id)"
            case .ruleOpening(let id): "window/\(id)"
            case .waitLimit(let id): "wait/\(id)"
            }
        }

        /// Parses ``text``; `nil` for everything else.
        package init?(text: some StringProtocol) {
            if let id = text.afterPrefix("action/").flatMap({ ActionExecutionID($0) }) {
                self = .actionDeadline(id)
            } else if let id = text.afterPrefix("job/").flatMap({ JobID($0) }) {
                self = .jobDeadline(id)
            } else if let id = text.afterPrefix("rule/").flatMap({ RuleExecutionID($0) }) {
                self = .ruleDeadline(id)
            } else if let id = text.afterPrefix("window/").flatMap({ RuleExecutionID($0) }) {
                self = .ruleOpening(id)
            } else if let id = text.afterPrefix("wait/").flatMap({ PipelineExecutionID($0) }) {
                self = .waitLimit(id)
            } else {
                return nil
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

extension EffectRow {
    /// What is owed for a change of an object. The same change always has the same id, so that it is owed once.
    package init(owing change: ObjectChange) {
        var id = UniqueID(high: 0, low: 0)
        for (index, byte) in SHA256.hash(data: change.storedBytes()).prefix(16).enumerated() {
            if index < 8 { id.high = id.high << 8 | UInt64(byte) } else { id.low = id.low << 8 | UInt64(byte) }
        }
        self.init(id: id, kind: .objectChanged(change), createdAt: change.at)
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

/// A source action that changes of an object start, or once started. Unique by (`pipelineID`, `actionName`).
package struct SourceWatchRow: Sendable, Hashable {
    package var bucket: String
    package var objectKey: String
    package var pipelineID: PipelineID
    package var pipelineKey: PipelineKey
    package var actionName: String
    /// Whether the declaration wants changes to start the pipeline. A watch that is switched off keeps its cursor.
    package var polls: Bool
    /// When polling stopped for want of executions; `nil` while it did not.
    package var disabledAt: Timestamp?
    /// The revision seen last, by whatever trigger; `nil` while none was seen.
    package var cursor: String?
    /// How the object is polled; `nil` where the store that has it tells of its changes.
    package var poll: SourcePoll?

    /// Whether a change starts the pipeline.
    package var isActive: Bool { self.polls && self.disabledAt == nil }

    package init(
        bucket: String,
        objectKey: String,
        pipelineID: PipelineID,
        pipelineKey: PipelineKey,
        actionName: String,
        polls: Bool = true,
        disabledAt: Timestamp? = nil,
        cursor: String? = nil,
        poll: SourcePoll? = nil
    ) {
        self.bucket = bucket
        self.objectKey = objectKey
        self.pipelineID = pipelineID
        self.pipelineKey = pipelineKey
        self.actionName = actionName
        self.polls = polls
        self.disabledAt = disabledAt
        self.cursor = cursor
        self.poll = poll
    }
}

/// How far the polling of one object is.
package struct SourcePoll: Sendable, Hashable {
    /// When it is looked at next.
    package var due: Timestamp
    /// When what was seen last had been seen; `nil` before the first look.
    package var lookedAt: Timestamp?
    /// Why the object could not be had then.
    package var failure: FailureDetails?

    package init(due: Timestamp, lookedAt: Timestamp? = nil, failure: FailureDetails? = nil) {
        self.due = due
        self.lookedAt = lookedAt
        self.failure = failure
    }
}

extension StringProtocol {
    /// What follows the prefix; `nil` when the text does not start with it.
    fileprivate func afterPrefix(_ prefix: String) -> SubSequence? {
        self.hasPrefix(prefix) ? self.dropFirst(prefix.count) : nil
    }
}
