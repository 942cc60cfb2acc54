// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
package import PenstockStore

/// What the operator sees of events and does about them. It is about all accounts: targets are the operator's.
package struct EventAdministration: Sendable {
    let context: RuntimeContext

    package init(context: RuntimeContext) { self.context = context }

    /// How one target stands.
    package struct TargetState: Sendable, Hashable {
        package var name: String
        /// `nil` for one that is configured no more; its events wait until it is again.
        package var summary: String?
        package var backlog: EventBacklog
    }

    /// The configured targets in the order of the configuration, then those that events wait for all the same.
    package func targets() async throws -> [TargetState] {
        let configured = self.context.settings.eventTargets
        return try await self.context.store.read { reader in
            var states = try configured.map { target in
                TargetState(
                    name: target.name, summary: target.summary, backlog: try reader.eventBacklog(of: target.name))
            }
            var last = ""
            while let name = try reader.eventTarget(after: last) {
                last = name
                guard !configured.contains(where: { $0.name == name }) else { continue }
                states.append(TargetState(name: name, summary: nil, backlog: try reader.eventBacklog(of: name)))
            }
            return states
        }
    }

    /// Dead letters in the order in which they died, those after the number, at most `limit`.
    package func deadLetters(of target: String?, after number: Int64, limit: Int) async throws -> [DeadLetterRow] {
        try await self.context.store.read { try $0.deadLetters(of: target, after: number, limit: limit) }
    }

    /// Puts the event behind what waits for its target now; it is tried as often as a new one.
    ///
    /// - Throws: ``Rejection`` when there is no such dead letter, when it cannot be read, or when the queue is full.
    package func redeliver(_ call: CallContext, _ number: Int64) async throws {
        let now = self.context.clock.now
        let targets = self.context.settings.eventTargets
        try await self.context.store.write { transaction in
            let row = try Self.take(number, in: transaction)
            guard let message = row.event.message else {
                throw Rejection(.conflict, "The event of dead letter '\(number)' cannot be read by this version")
            }
            let limits = targets.first { $0.name == row.queue.target }?.limits ?? EventLimits()
            // Who adds to a queue holds the pipeline, if that is still there, so that the order is one of commits.
            _ = try transaction.lockPipelineID(message.pipeline)
            let isQueued = try transaction.enqueueEvent(
                row.event, in: row.queue, at: now, maximumLength: limits.maximumQueueLength)
            guard isQueued else {
                throw Rejection(
                    .limitExceeded,
                    "\(limits.maximumQueueLength) events of the pipeline wait for '\(row.queue.target)' already")
            }
            transaction.signal(.eventQueued)
            try call.audit("RedeliverDeadLetter", row.resource, at: now, in: transaction)
        }
    }

    /// Forgets the event.
    ///
    /// - Throws: ``Rejection`` when there is no such dead letter.
    package func drop(_ call: CallContext, _ number: Int64) async throws {
        let now = self.context.clock.now
        try await self.context.store.write { transaction in
            let row = try Self.take(number, in: transaction)
            try call.audit("DropDeadLetter", row.resource, at: now, in: transaction)
        }
    }

    private static func take(_ number: Int64, in transaction: any StoreTransaction) throws -> DeadLetterRow {
        guard let row = try transaction.deadLetter(number), try transaction.deleteDeadLetter(number) else {
            throw Rejection(.resourceNotFound, "There is no dead letter '\(number)'")
        }
        return row
    }
}

extension DeadLetterRow {
    /// What the audit trail names: the event, or the dead letter where that cannot be read.
    fileprivate var resource: String {
        "event/\(self.queue.target)/\(self.event.message?.id.description ?? "\(self.number)")"
    }
}
