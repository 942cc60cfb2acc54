// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Administration {
    /// Connects an action of a pipeline, which need not exist yet, to the partner who works for it.
    package enum CreateConnection: WireOperation {
        package typealias Input = CreateConnectionInput
        package typealias Output = IssuedConnection

        package static let name = "CreateConnection"
        package static let exceptions: [ExceptionCode] = [.validation, .conflict]
    }

    /// Gives a connection a new client token; the one before is good for a while.
    package enum RotateConnection: WireOperation {
        package typealias Input = ConnectionInput
        package typealias Output = IssuedConnection

        package static let name = "RotateConnection"
        package static let exceptions: [ExceptionCode] = [.validation, .resourceNotFound]
    }

    /// Ends a connection; jobs under way may still be ended with its token.
    package enum RevokeConnection: WireOperation {
        package typealias Input = ConnectionInput
        package typealias Output = NoOutput

        package static let name = "RevokeConnection"
        package static let exceptions: [ExceptionCode] = [.validation, .resourceNotFound]
    }
}

/// Which action ``Administration/CreateConnection`` connects.
package struct CreateConnectionInput: WireStructure {
    /// Required; as a pipeline's name is written.
    package var pipelineName: String
    /// Required; as a stage's name is written.
    package var stageName: String
    /// Required; as an action's name is written.
    package var actionName: String

    /// Creates a value; nothing is checked before a service reads it.
    package init(pipelineName: String, stageName: String, actionName: String) {
        self.pipelineName = pipelineName
        self.stageName = stageName
        self.actionName = actionName
    }

    private static let members = WireMembers(["pipelineName", "stageName", "actionName"], required: [0, 1, 2])

    package init?(from reader: inout WireReader) throws(WireError) {
        var pipelineName: String?
        var stageName: String?
        var actionName: String?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: pipelineName = try reader.string(.pipelineName)
            case 1: stageName = try reader.string(.stageName)
            default: actionName = try reader.string(.actionName)
            }
        }
        guard let pipelineName, let stageName, let actionName else { return nil }
        self.init(pipelineName: pipelineName, stageName: stageName, actionName: actionName)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("pipelineName", self.pipelineName)
        writer.member("stageName", self.stageName)
        writer.member("actionName", self.actionName)
        writer.endObject()
    }
}

/// Which connection is meant.
package struct ConnectionInput: WireStructure {
    /// Required; a UUID.
    package var clientID: String

    /// Creates a value; nothing is checked before a service reads it.
    package init(clientID: String) { self.clientID = clientID }

    private static let members = WireMembers(["clientId"], required: [0])

    package init?(from reader: inout WireReader) throws(WireError) {
        var clientID: String?
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil { clientID = try reader.string(.clientID) }
        guard let clientID else { return nil }
        self.init(clientID: clientID)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("clientId", self.clientID)
        writer.endObject()
    }
}
