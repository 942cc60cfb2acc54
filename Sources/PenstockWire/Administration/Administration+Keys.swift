// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension StringConstraints {
    /// The name of a principal.
    static let principalName = StringConstraints(minimum: 1, maximum: 64, pattern: .name)
    /// The id of an access key.
    static let accessKeyID = StringConstraints(minimum: 16, maximum: 128, pattern: .environmentVariableName)
    /// A policy document, as JSON.
    static let policyDocument = StringConstraints(minimum: 1, maximum: 10_240)
    /// The name of a policy that every installation has.
    static let managedPolicyName = StringConstraints(minimum: 1, maximum: 128, pattern: .name)
}

extension Administration {
    /// Makes an access key of a principal.
    ///
    /// Administrators alone make keys of administrators, and those of the operator's account alone make keys of other
    /// accounts.
    package enum CreateKey: WireOperation {
        package typealias Input = CreateKeyInput
        package typealias Output = IssuedKey

        package static let name = "CreateKey"
        package static let exceptions: [ExceptionCode] = [.validation, .resourceNotFound, .limitExceeded]
    }

    /// Disables an access key for good; the next request signed with it is refused.
    package enum DisableKey: WireOperation {
        package typealias Input = DisableKeyInput
        package typealias Output = NoOutput

        package static let name = "DisableKey"
        package static let exceptions: [ExceptionCode] = [.validation, .resourceNotFound, .conflict]
    }
}

/// Whose key ``Administration/CreateKey`` makes, and what it may do. Without a policy it may do nothing.
package struct CreateKeyInput: WireStructure {
    /// Required; 1 to 64 characters.
    package var principalName: String
    /// Optional; 12 digits, otherwise the caller's account.
    package var accountID: String?
    /// Optional; whether the key may do everything in its account.
    package var administrator: Bool?
    /// Optional; a policy as JSON.
    package var policyDocument: String?
    /// Optional; a policy that every installation has, such as `AWSCodePipeline_ReadOnlyAccess`.
    package var managedPolicyName: String?

    /// Creates a value; nothing is checked before a service reads it.
    package init(
        principalName: String, accountID: String? = nil, administrator: Bool? = nil, policyDocument: String? = nil,
        managedPolicyName: String? = nil
    ) {
        self.principalName = principalName
        self.accountID = accountID
        self.administrator = administrator
        self.policyDocument = policyDocument
        self.managedPolicyName = managedPolicyName
    }

    private static let members = WireMembers(
        ["principalName", "accountId", "administrator", "policyDocument", "managedPolicyName"], required: [0])

    package init?(from reader: inout WireReader) throws(WireError) {
        var principalName: String?
        var accountID: String?
        var administrator: Bool?
        var policyDocument: String?
        var managedPolicyName: String?
        var object = try reader.beginObject(Self.members)
        while let member = try reader.nextMember(in: &object) {
            switch member {
            case 0: principalName = try reader.string(.principalName)
            case 1: accountID = try reader.string(.accountID)
            case 2: administrator = try reader.boolean()
            case 3: policyDocument = try reader.string(.policyDocument)
            default: managedPolicyName = try reader.string(.managedPolicyName)
            }
        }
        guard let principalName else { return nil }
        self.init(
            principalName: principalName, accountID: accountID, administrator: administrator,
            policyDocument: policyDocument, managedPolicyName: managedPolicyName)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("principalName", self.principalName)
        writer.member("accountId", self.accountID)
        writer.member("administrator", self.administrator)
        writer.member("policyDocument", self.policyDocument)
        writer.member("managedPolicyName", self.managedPolicyName)
        writer.endObject()
    }
}

/// Which key ``Administration/DisableKey`` disables.
package struct DisableKeyInput: WireStructure {
    /// Required; 16 to 128 letters and digits.
    package var accessKeyID: String

    /// Creates a value; nothing is checked before a service reads it.
    package init(accessKeyID: String) { self.accessKeyID = accessKeyID }

    private static let members = WireMembers(["accessKeyId"], required: [0])

    package init?(from reader: inout WireReader) throws(WireError) {
        var accessKeyID: String?
        var object = try reader.beginObject(Self.members)
        while try reader.nextMember(in: &object) != nil { accessKeyID = try reader.string(.accessKeyID) }
        guard let accessKeyID else { return nil }
        self.init(accessKeyID: accessKeyID)
    }

    package func encode(to writer: inout WireWriter) {
        writer.beginObject()
        writer.member("accessKeyId", self.accessKeyID)
        writer.endObject()
    }
}
