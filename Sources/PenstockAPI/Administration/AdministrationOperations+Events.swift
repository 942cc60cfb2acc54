// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

/// Targets are told of every account's events, so only the operator's account sees what becomes of them.
extension AdministrationOperations {
    func listEventTargets(_ input: NoOutput, _ call: APICall) async throws -> ListEventTargetsOutput {
        try await self.requireOperator("ListEventTargets", call)
        return ListEventTargetsOutput(targets: try await self.events.targets().map { EventTargetSummary($0) })
    }

    func listDeadLetters(_ input: ListDeadLettersInput, _ call: APICall) async throws -> ListDeadLettersOutput {
        try await self.requireOperator("ListDeadLetters", call)
        let tokens = PageTokens("ListDeadLetters", call, filters: [input.targetName], context: self.context)
        let limit = input.maxResults ?? Self.defaultPageSize
        let cursor = try tokens.cursor(of: input.nextToken, as: Int.self)
        let rows = try await self.events.deadLetters(
            of: input.targetName, after: Int64(cursor ?? 0), limit: limit + 1)
        let page = try tokens.page(of: rows, limit: limit) { Int($0.number) }
        return ListDeadLettersOutput(deadLetters: page.rows.map { DeadLetter($0) }, nextToken: page.nextToken)
    }

    func redeliverDeadLetter(_ input: DeadLetterInput, _ call: APICall) async throws -> NoOutput {
        try await self.requireOperator("RedeliverDeadLetter", call)
        try await self.events.redeliver(call.context, try Self.number(input))
        return NoOutput()
    }

    func dropDeadLetter(_ input: DeadLetterInput, _ call: APICall) async throws -> NoOutput {
        try await self.requireOperator("DropDeadLetter", call)
        try await self.events.drop(call.context, try Self.number(input))
        return NoOutput()
    }

    private static func number(_ input: DeadLetterInput) throws -> Int64 {
        guard let number = Int64(input.deadLetterID), number > 0 else {
            throw Rejection(.validation, "The id of a dead letter is a number, as ListDeadLetters answers it")
        }
        return number
    }
}

extension EventTargetSummary {
    fileprivate init(_ state: EventAdministration.TargetState) {
        self.init()
        self.name = state.name
        self.summary = state.summary
        self.waiting = state.backlog.waiting
        self.pipelines = state.backlog.queues
        self.failing = state.backlog.failing
        self.reason = state.backlog.reason
        self.deadLetters = state.backlog.deadLetters
    }
}

extension DeadLetter {
    fileprivate init(_ row: DeadLetterRow) {
        self.init()
        self.deadLetterID = "\(row.number)"
        self.targetName = row.queue.target
        self.died = WireTimestamp(row.diedAt)
        self.attempts = row.attempts
        self.reason = row.reason
        guard let message = row.event.message else { return }
        self.eventID = "\(message.id)"
        self.detailType = message.detailType
        self.subject = message.subject
        self.resource = message.pipeline.arn
        self.time = WireTimestamp(message.at)
        self.event = message.kind == .approval ? nil : message.document
    }
}
