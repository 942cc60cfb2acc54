// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// Puts what a step announces into the queues of those who want to know, in the transaction of the step.
///
/// Where nobody is configured it does nothing.
struct EventQueueing {
    let context: RuntimeContext
    let transaction: any StoreTransaction
    let row: PipelineRow
    let now: Timestamp
    /// Attempts that have started and have no history entry yet.
    let starting: [ActionExecutionID: ActionStart]

    private var targets: [EventTarget] { self.context.settings.eventTargets }

    func announce(_ change: StateChange) throws {
        let wanting = self.targets.filter { $0.filter.selects(change, of: self.row.key) }
        guard !wanting.isEmpty else { return }
        let message = EventMessage(
            change,
            of: self.row.key,
            id: self.context.identifiers(1)[0],
            executionURL: try self.executionURL(of: change)
        )
        try self.enqueue(message, for: wanting.filter { $0.form == .event })
        let notified = wanting.filter { $0.form == .notification }
        guard !notified.isEmpty else { return }
        var notification = message
        if notification.additionalAttributes == nil {
            notification.additionalAttributes = try self.circumstances(of: change)?.rendered
        }
        for target in notified {
            notification.notificationRule = target.notificationRule(in: self.row.key.scope)
            try self.enqueue(notification, for: [target])
        }
    }

    /// Tells the topic of an approval that somebody is wanted.
    ///
    /// - Returns: Why the action fails at once: topics are configured, and the one that it names is not among them. Where
    ///   the operator has configured none, nobody is told and the approval waits all the same.
    ///   Source: captured behaviour of the live service, for the failure.
    func requestApproval(_ start: ActionStart) throws -> FailureDetails? {
        guard let topic = start.resolvedConfiguration[key: "NotificationArn"], !topic.isEmpty else { return nil }
        let told = self.targets.filter { $0.topics.contains(topic) }
        let wanting = told.isEmpty ? self.targets.filter { $0.topics.contains("*") } : told
        guard !wanting.isEmpty else {
            guard self.targets.contains(where: { !$0.topics.isEmpty }) else { return nil }
            return FailureDetails(
                type: .configurationError,
                message: "The notification topic '\(topic)' of the approval is not configured"
            )
        }
        let waiting = self.row.head.gates.first { $0.name == start.stageName }?.waiting ?? []
        let request = try ApprovalRequest(
            start, of: self.row.id, self.row.key, waiting: waiting, in: self.transaction)
        let message = request.message(
            id: self.context.identifiers(1)[0],
            at: self.now,
            publicURL: self.context.publicAddress.url
        )
        try self.enqueue(message, for: wanting)
        return nil
    }

    private func enqueue(_ message: EventMessage, for targets: [EventTarget]) throws {
        guard !targets.isEmpty else { return }
        let event = StoredEvent.message(message)
        for target in targets {
            let queue = EventQueue(target: target.name, pipelineID: self.row.id)
            let limit = target.limits.maximumQueueLength
            guard try !self.transaction.enqueueEvent(event, in: queue, at: self.now, maximumLength: limit) else {
                continue
            }
            try self.transaction.insertDeadLetter(
                DeadLetterRow(
                    queue: queue, event: event, diedAt: self.now, attempts: 0,
                    reason: "\(limit) events of the pipeline wait for the target already"))
        }
        self.transaction.signal(.eventQueued)
    }

    /// Where the work of an action that has ended can be looked at, if its type has such a link.
    private func executionURL(of change: StateChange) throws -> String? {
        guard case .action(let action) = change.subject, change.state != .started,
            let type = try self.definition(of: action.declaration.typeID), type.urls.execution != nil
        else { return nil }
        let configuration =
            type.urls.showConfiguration
            ? try self.transaction.actionExecutionRow(action.attempt.id)?.start.resolvedConfiguration : nil
        let links = ActionLinks(type, configuration: configuration ?? action.declaration.configuration)
        return links.execution(externalExecutionID: action.attempt.externalExecutionID)
    }

    private func definition(of type: ActionTypeID) throws -> ActionTypeDefinition? {
        switch type.owner {
        case .aws: BuiltInActionTypes.definitions[type]
        case .custom: try self.transaction.customActionType(type, in: self.row.key.scope)?.definition
        case .thirdParty: try self.transaction.partnerActionType(type, in: self.row.key.scope.region)?.definition
        }
    }
}
