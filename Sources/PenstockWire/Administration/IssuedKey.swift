// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An access key with its secret, which is told this once and kept sealed.
package struct IssuedKey: WireStructure {
    package var accessKeyID: String
    package var secretAccessKey: Sensitive
    package var accountID: String
    package var principalName: String

    /// Creates a value.
    package init(accessKeyID: String, secretAccessKey: Sensitive, accountID: String, principalName: String) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.accountID = accountID
        self.principalName = principalName
    }

    private static let members = WireMembers(
        ["accessKeyId", "secretAccessKey", "accountId", "principalName"], required: [0, 1, 2, 3])

    package init?(from reader: inout WireReader) throws(WireError) {
        var accessKeyID: String?
        var secretAccessKey: Sensitive?
        var accountID: String?
        var principalName: String?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: accessKeyID = try reader.string(.accessKeyID)
            case 1: secretAccessKey = try reader.sensitive()
            case 2: accountID = try reader.string(.accountID)
            default: principalName = try reader.string(.principalName)
            }
        }
        guard let accessKeyID, let secretAccessKey, let accountID, let principalName else { return nil }
        self.init(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, accountID: accountID,
            principalName: principalName)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("accessKeyId", self.accessKeyID)
        writer.member("secretAccessKey", self.secretAccessKey)
        writer.member("accountId", self.accountID)
        writer.member("principalName", self.principalName)
        writer.endObject()
    }
}
