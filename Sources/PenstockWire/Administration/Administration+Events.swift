// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension StringConstraints {
    /// The name of a target in the operator's configuration.
    static let eventTarget = StringConstraints(minimum: 1, maximum: 64, pattern: .name)
    /// The number of a dead letter.
    static let deadLetterID = StringConstraints(minimum: 1, maximum: 19)
}

extension Administration {
    /// Who is told of events, and how far behind each of them is.
    package enum ListEventTargets: WireOperation {
        package typealias Input = NoOutput
        package typealias Output = ListEventTargetsOutput

        package static let name = "ListEventTargets"
        package static let exceptions: [ExceptionCode] = []
    }

    /// Events that their target did not take, the one that was given up first before the others.
    package enum ListDeadLetters: WireOperation {
        package typealias Input = ListDeadLettersInput
        package typealias Output = ListDeadLettersOutput

        package static let name = "ListDeadLetters"
        package static let exceptions: [ExceptionCode] = [.validation, .invalidNextToken]
    }

    /// Puts a dead letter behind what waits for its target now.
    package enum RedeliverDeadLetter: WireOperation {
        package typealias Input = DeadLetterInput
        package typealias Output = NoOutput

        package static let name = "RedeliverDeadLetter"
        package static let exceptions: [ExceptionCode] = [.validation, .resourceNotFound, .limitExceeded, .conflict]
    }

    /// Forgets a dead letter.
    package enum DropDeadLetter: WireOperation {
        package typealias Input = DeadLetterInput
        package typealias Output = NoOutput

        package static let name = "DropDeadLetter"
        package static let exceptions: [ExceptionCode] = [.validation, .resourceNotFound]
    }
}

package struct ListEventTargetsOutput: WireStructure {
    package var targets: [EventTargetSummary]?

    /// Creates a value.
    package init(targets: [EventTargetSummary]? = nil) { self.targets = targets }

    private static let members = WireMembers(["targets"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil { self.targets = try reader.list(of: EventTargetSummary.self) }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("targets", self.targets)
        writer.endObject()
    }
}

package struct EventTargetSummary: WireStructure {
    package var name: String?
    /// What it is and where, without secrets; `nil` for one that is configured no more.
    package var summary: String?
    /// Events that wait for it.
    package var waiting: Int?
    /// Pipelines whose events wait.
    package var pipelines: Int?
    /// Of these, those whose first event has failed before.
    package var failing: Int?
    /// What went wrong last in one of them.
    package var reason: String?
    package var deadLetters: Int?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "name", "summary", "waiting", "pipelines", "failing", "reason", "deadLetters",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.name = try reader.string()
            case 1: self.summary = try reader.string()
            case 2: self.waiting = try reader.integer()
            case 3: self.pipelines = try reader.integer()
            case 4: self.failing = try reader.integer()
            case 5: self.reason = try reader.string()
            default: self.deadLetters = try reader.integer()
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("name", self.name)
        writer.member("summary", self.summary)
        writer.member("waiting", self.waiting)
        writer.member("pipelines", self.pipelines)
        writer.member("failing", self.failing)
        writer.member("reason", self.reason)
        writer.member("deadLetters", self.deadLetters)
        writer.endObject()
    }
}

package struct DeadLetterInput: WireStructure {
    /// Required; as ListDeadLetters answers it.
    package var deadLetterID: String

    /// Creates a value; nothing is checked before a service reads it.
    package init(deadLetterID: String) { self.deadLetterID = deadLetterID }

    private static let members = WireMembers(["deadLetterId"], required: [0])

    package init?(from reader: inout WireReader) throws(WireError) {
        var deadLetterID: String?
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil { deadLetterID = try reader.string(.deadLetterID) }
        guard let deadLetterID else { return nil }
        self.init(deadLetterID: deadLetterID)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("deadLetterId", self.deadLetterID)
        writer.endObject()
    }
}
