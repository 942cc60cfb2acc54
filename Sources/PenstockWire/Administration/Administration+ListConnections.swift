// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Administration {
    /// The account's connections, the revoked ones included, the oldest first.
    package enum ListConnections: WireOperation {
        package typealias Input = ListingInput
        package typealias Output = ListConnectionsOutput

        package static let name = "ListConnections"
        package static let exceptions: [ExceptionCode] = [.validation, .invalidNextToken]
    }
}

/// A page of connections.
package struct ListConnectionsOutput: WireStructure {
    package var connections: [ConnectionSummary]?
    /// What asks for the next page; `nil` after the last one.
    package var nextToken: String?

    /// Creates a value.
    package init(connections: [ConnectionSummary]? = nil, nextToken: String? = nil) {
        self.connections = connections
        self.nextToken = nextToken
    }

    private static let members = WireMembers(["connections", "nextToken"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.connections = try reader.list(of: ConnectionSummary.self)
            default: self.nextToken = try reader.string(.nextToken)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("connections", self.connections)
        writer.member("nextToken", self.nextToken)
        writer.endObject()
    }
}

/// A connection without its token, which nobody can be told again.
package struct ConnectionSummary: WireStructure {
    package var clientID: String?
    package var pipelineName: String?
    package var stageName: String?
    package var actionName: String?
    /// The type of the action; `nil` until the first job under the connection was handed out.
    package var actionTypeID: ActionTypeID?
    package var created: WireTimestamp?
    /// When the token was changed last.
    package var rotated: WireTimestamp?
    /// Until when the token before the last change is good too.
    package var previousTokenExpires: WireTimestamp?
    /// When the connection ended.
    package var revoked: WireTimestamp?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "clientId", "pipelineName", "stageName", "actionName", "actionTypeId", "created", "rotated",
        "previousTokenExpires", "revoked",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.clientID = try reader.string(.clientID)
            case 1: self.pipelineName = try reader.string(.pipelineName)
            case 2: self.stageName = try reader.string(.stageName)
            case 3: self.actionName = try reader.string(.actionName)
            case 4: self.actionTypeID = try reader.structure(ActionTypeID.self)
            case 5: self.created = try reader.timestamp()
            case 6: self.rotated = try reader.timestamp()
            case 7: self.previousTokenExpires = try reader.timestamp()
            default: self.revoked = try reader.timestamp()
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("clientId", self.clientID)
        writer.member("pipelineName", self.pipelineName)
        writer.member("stageName", self.stageName)
        writer.member("actionName", self.actionName)
        writer.member("actionTypeId", self.actionTypeID)
        writer.member("created", self.created)
        writer.member("rotated", self.rotated)
        writer.member("previousTokenExpires", self.previousTokenExpires)
        writer.member("revoked", self.revoked)
        writer.endObject()
    }
}
