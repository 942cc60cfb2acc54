// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// What a target is told, as it was when it happened: later changes of the pipeline do not reach it.
package struct EventMessage: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable, StateCodable {
        /// A pipeline, a stage or an action has changed its state.
        case stateChange
        /// Somebody is asked to approve.
        case approval
    }

    /// The same for every target and every attempt, so that who is told twice can know.
    package var id: UniqueID
    package var kind: Kind
    package var pipeline: PipelineKey
    package var at: Timestamp
    /// The kind of event in the words of the field, as in `CodePipeline Stage Execution State Change`.
    package var detailType: String
    /// What happened, for people and listings, as in `shop/Build FAILED`.
    package var subject: String
    /// A JSON object: what the event says in particular.
    package var detail: String
    /// A JSON object: what processed events say besides; `nil` where there is nothing.
    package var additionalAttributes: String?
    /// The ARN that a notification names as its rule; `nil` for an event as buses have it.
    package var notificationRule: String?

    package init(
        id: UniqueID,
        kind: Kind,
        pipeline: PipelineKey,
        at: Timestamp,
        detailType: String,
        subject: String,
        detail: String,
        additionalAttributes: String? = nil,
        notificationRule: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.pipeline = pipeline
        self.at = at
        self.detailType = detailType
        self.subject = subject
        self.detail = detail
        self.additionalAttributes = additionalAttributes
        self.notificationRule = notificationRule
    }
}

extension EventMessage: StateCodable {
    package init(from reader: inout StateReader) throws(StateDecodingError) {
        self.id = UniqueID(high: try reader.readUInt64(), low: try reader.readUInt64())
        self.kind = try reader.read()
        let (account, region) = (try reader.readString(), try reader.readString())
        guard let account = AccountID(account), let region = Region(region) else {
            throw StateDecodingError("an event's scope cannot be read")
        }
        self.pipeline = PipelineKey(scope: Scope(account: account, region: region), name: try reader.readString())
        self.at = try reader.read()
        self.detailType = try reader.readString()
        self.subject = try reader.readString()
        self.detail = try reader.readString()
        self.additionalAttributes = try reader.readOptional()
        self.notificationRule = try reader.readOptional()
    }

    package func encode(to writer: inout StateWriter) {
        writer.write(self.id.high)
        writer.write(self.id.low)
        writer.write(self.kind)
        writer.write(self.pipeline.scope.account.rawValue)
        writer.write(self.pipeline.scope.region.rawValue)
        writer.write(self.pipeline.name)
        writer.write(self.at)
        writer.write(self.detailType)
        writer.write(self.subject)
        writer.write(self.detail)
        writer.write(self.additionalAttributes)
        writer.write(self.notificationRule)
    }
}

/// One queue of events: those of a pipeline that one target has not got yet, in the order of their commits.
///
/// It outlives its pipeline, since what was committed is delivered.
package struct EventQueue: Sendable, Hashable {
    /// The name of the target in the operator's configuration.
    package var target: String
    package var pipelineID: PipelineID

    package init(target: String, pipelineID: PipelineID) {
        self.target = target
        self.pipelineID = pipelineID
    }
}

/// The first event of a queue, the only one that can be claimed.
package struct QueuedEvent: Sendable, Hashable {
    package var queue: EventQueue
    /// Rises with every event of the store.
    package var number: Int64
    package var event: StoredEvent
    package var queuedAt: Timestamp
    /// How often it was claimed.
    package var attempts: Int

    package init(queue: EventQueue, number: Int64, event: StoredEvent, queuedAt: Timestamp, attempts: Int) {
        self.queue = queue
        self.number = number
        self.event = event
        self.queuedAt = queuedAt
        self.attempts = attempts
    }
}

/// An event that a target did not take, or that could not be read, kept for the operator. Unique by `number`.
package struct DeadLetterRow: Sendable, Hashable {
    /// Rises with every dead letter of the store; 0 until it is written.
    package var number: Int64
    package var queue: EventQueue
    package var event: StoredEvent
    package var diedAt: Timestamp
    /// How often it was tried.
    package var attempts: Int
    /// What went wrong last, in words.
    package var reason: String

    package init(
        number: Int64 = 0,
        queue: EventQueue,
        event: StoredEvent,
        diedAt: Timestamp,
        attempts: Int,
        reason: String
    ) {
        self.number = number
        self.queue = queue
        self.event = event
        self.diedAt = diedAt
        self.attempts = attempts
        self.reason = reason
    }
}

/// How one target stands.
package struct EventBacklog: Sendable, Hashable {
    /// Events that wait for the target.
    package var waiting: Int
    /// Pipelines whose events wait.
    package var queues: Int
    /// Of these, those whose first event has failed before.
    package var failing: Int
    /// What went wrong last in one of them, if anything did.
    package var reason: String?
    package var deadLetters: Int

    package init(waiting: Int = 0, queues: Int = 0, failing: Int = 0, reason: String? = nil, deadLetters: Int = 0) {
        self.waiting = waiting
        self.queues = queues
        self.failing = failing
        self.reason = reason
        self.deadLetters = deadLetters
    }
}
