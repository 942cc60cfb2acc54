// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package struct ListDeadLettersInput: WireStructure {
    /// Optional; those of one target.
    package var targetName: String?
    /// Optional; 1 to 2048 characters.
    package var nextToken: String?
    /// Optional; 1 to 1000, otherwise 100.
    package var maxResults: Int?

    /// Creates a value; nothing is checked before a service reads it.
    package init(targetName: String? = nil, nextToken: String? = nil, maxResults: Int? = nil) {
        self.targetName = targetName
        self.nextToken = nextToken
        self.maxResults = maxResults
    }

    private static let members = WireMembers(["targetName", "nextToken", "maxResults"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.targetName = try reader.string(.eventTarget)
            case 1: self.nextToken = try reader.string(.nextToken)
            default: self.maxResults = try reader.integer(.administrationPage)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("targetName", self.targetName)
        writer.member("nextToken", self.nextToken)
        writer.member("maxResults", self.maxResults)
        writer.endObject()
    }
}

package struct ListDeadLettersOutput: WireStructure {
    package var deadLetters: [DeadLetter]?
    /// What asks for the next page; `nil` after the last one.
    package var nextToken: String?

    /// Creates a value.
    package init(deadLetters: [DeadLetter]? = nil, nextToken: String? = nil) {
        self.deadLetters = deadLetters
        self.nextToken = nextToken
    }

    private static let members = WireMembers(["deadLetters", "nextToken"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.deadLetters = try reader.list(of: DeadLetter.self)
            default: self.nextToken = try reader.string(.nextToken)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("deadLetters", self.deadLetters)
        writer.member("nextToken", self.nextToken)
        writer.endObject()
    }
}

/// An event that its target did not take.
package struct DeadLetter: WireStructure {
    package var deadLetterID: String?
    package var targetName: String?
    package var eventID: String?
    package var detailType: String?
    /// What happened, as in `shop/Build FAILED`.
    package var subject: String?
    /// The ARN of the pipeline.
    package var resource: String?
    /// When what it tells happened.
    package var time: WireTimestamp?
    /// When it was given up.
    package var died: WireTimestamp?
    package var attempts: Int?
    /// What went wrong last.
    package var reason: String?
    /// The event as the target would have got it, as JSON. A request for approval has none: its token is a right.
    package var event: String?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "deadLetterId", "targetName", "eventId", "detailType", "subject", "resource", "time", "died", "attempts",
        "reason", "event",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.deadLetterID = try reader.string()
            case 1: self.targetName = try reader.string()
            case 2: self.eventID = try reader.string()
            case 3: self.detailType = try reader.string()
            case 4: self.subject = try reader.string()
            case 5: self.resource = try reader.string()
            case 6: self.time = try reader.timestamp()
            case 7: self.died = try reader.timestamp()
            case 8: self.attempts = try reader.integer()
            case 9: self.reason = try reader.string()
            default: self.event = try reader.string()
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("deadLetterId", self.deadLetterID)
        writer.member("targetName", self.targetName)
        writer.member("eventId", self.eventID)
        writer.member("detailType", self.detailType)
        writer.member("subject", self.subject)
        writer.member("resource", self.resource)
        writer.member("time", self.time)
        writer.member("died", self.died)
        writer.member("attempts", self.attempts)
        writer.member("reason", self.reason)
        writer.member("event", self.event)
        writer.endObject()
    }
}
