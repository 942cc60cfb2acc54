// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Administration {
    /// The access keys of an account, the disabled ones included, the oldest first.
    package enum ListKeys: WireOperation {
        package typealias Input = ListKeysInput
        package typealias Output = ListKeysOutput

        package static let name = "ListKeys"
        package static let exceptions: [ExceptionCode] = [.validation, .invalidNextToken]
    }
}

/// Which keys ``Administration/ListKeys`` lists.
package struct ListKeysInput: WireStructure {
    /// Optional; 12 digits, otherwise the caller's account. Another one is for administrators of the operator's account.
    package var accountID: String?
    /// Optional; 1 to 2048 characters.
    package var nextToken: String?
    /// Optional; 1 to 1000, otherwise 100.
    package var maxResults: Int?

    /// Creates a value; nothing is checked before a service reads it.
    package init(accountID: String? = nil, nextToken: String? = nil, maxResults: Int? = nil) {
        self.accountID = accountID
        self.nextToken = nextToken
        self.maxResults = maxResults
    }

    private static let members = WireMembers(["accountId", "nextToken", "maxResults"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.accountID = try reader.string(.accountID)
            case 1: self.nextToken = try reader.string(.nextToken)
            default: self.maxResults = try reader.integer(.administrationPage)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("accountId", self.accountID)
        writer.member("nextToken", self.nextToken)
        writer.member("maxResults", self.maxResults)
        writer.endObject()
    }
}

/// A page of keys.
package struct ListKeysOutput: WireStructure {
    package var keys: [KeySummary]?
    /// What asks for the next page; `nil` after the last one.
    package var nextToken: String?

    /// Creates a value.
    package init(keys: [KeySummary]? = nil, nextToken: String? = nil) {
        self.keys = keys
        self.nextToken = nextToken
    }

    private static let members = WireMembers(["keys", "nextToken"])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.keys = try reader.list(of: KeySummary.self)
            default: self.nextToken = try reader.string(.nextToken)
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("keys", self.keys)
        writer.member("nextToken", self.nextToken)
        writer.endObject()
    }
}

/// An access key without its secret, which nobody can be told again.
package struct KeySummary: WireStructure {
    package var accessKeyID: String?
    package var accountID: String?
    package var principalName: String?
    /// Whether the key may do everything in its account.
    package var administrator: Bool?
    /// What the key may do, as JSON documents in the order in which they were attached.
    package var policyDocuments: [String]?
    package var created: WireTimestamp?
    package var disabled: Bool?

    /// Creates a value without members.
    package init() {}

    private static let members = WireMembers([
        "accessKeyId", "accountId", "principalName", "administrator", "policyDocuments", "created", "disabled",
    ])

    package init?(from reader: inout WireReader) throws(WireError) {
        self.init()
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: self.accessKeyID = try reader.string(.accessKeyID)
            case 1: self.accountID = try reader.string(.accountID)
            case 2: self.principalName = try reader.string(.principalName)
            case 3: self.administrator = try reader.boolean()
            case 4: self.policyDocuments = try reader.strings()
            case 5: self.created = try reader.timestamp()
            default: self.disabled = try reader.boolean()
            }
        }
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("accessKeyId", self.accessKeyID)
        writer.member("accountId", self.accountID)
        writer.member("principalName", self.principalName)
        writer.member("administrator", self.administrator)
        writer.member("policyDocuments", self.policyDocuments)
        writer.member("created", self.created)
        writer.member("disabled", self.disabled)
        writer.endObject()
    }
}
