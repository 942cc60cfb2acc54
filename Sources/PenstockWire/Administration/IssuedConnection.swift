// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// A connection with its client token, which is told this once and kept as a hash.
package struct IssuedConnection: WireStructure {
    /// What polls name the customer by.
    package var clientID: String
    /// What the partner proves with that the customer has connected.
    package var clientToken: Sensitive
    package var pipelineName: String
    package var stageName: String
    package var actionName: String
    /// Until when the token before is good too; `nil` for a new connection.
    package var previousTokenExpires: WireTimestamp?

    /// Creates a value.
    package init(
        clientID: String, clientToken: Sensitive, pipelineName: String, stageName: String, actionName: String,
        previousTokenExpires: WireTimestamp? = nil
    ) {
        self.clientID = clientID
        self.clientToken = clientToken
        self.pipelineName = pipelineName
        self.stageName = stageName
        self.actionName = actionName
        self.previousTokenExpires = previousTokenExpires
    }

    private static let members = WireMembers(
        ["clientId", "clientToken", "pipelineName", "stageName", "actionName", "previousTokenExpires"],
        required: [0, 1, 2, 3, 4])

    package init?(from reader: inout WireReader) throws(WireError) {
        var clientID: String?
        var clientToken: Sensitive?
        var pipelineName: String?
        var stageName: String?
        var actionName: String?
        var previousTokenExpires: WireTimestamp?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: clientID = try reader.string(.clientID)
            case 1: clientToken = try reader.sensitive(.clientToken)
            case 2: pipelineName = try reader.string(.pipelineName)
            case 3: stageName = try reader.string(.stageName)
            case 4: actionName = try reader.string(.actionName)
            default: previousTokenExpires = try reader.timestamp()
            }
        }
        guard let clientID, let clientToken, let pipelineName, let stageName, let actionName else { return nil }
        self.init(
            clientID: clientID, clientToken: clientToken, pipelineName: pipelineName, stageName: stageName,
            actionName: actionName, previousTokenExpires: previousTokenExpires)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("clientId", self.clientID)
        writer.member("clientToken", self.clientToken)
        writer.member("pipelineName", self.pipelineName)
        writer.member("stageName", self.stageName)
        writer.member("actionName", self.actionName)
        writer.member("previousTokenExpires", self.previousTokenExpires)
        writer.endObject()
    }
}
