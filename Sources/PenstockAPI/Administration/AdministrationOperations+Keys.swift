// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockSigning
internal import PenstockStore
internal import PenstockWire

extension AdministrationOperations {
    func createKey(_ input: CreateKeyInput, _ call: APICall) async throws -> IssuedKey {
        let account = try self.account(input.accountID, call)
        let isAdministrator = input.administrator ?? false
        let user = Principal(account: account, name: input.principalName, kind: .administrator).arn
        try await call.require("CreateKey", on: .arn(user))
        try self.requireReach("CreateKey", on: user, in: account, ofAdministrator: isAdministrator, call)
        let policies = try Self.policies(of: input)
        guard policies.isEmpty || !isAdministrator else {
            throw Rejection(.validation, "An administrator may do everything, so a policy would have no meaning")
        }
        let issued = try await self.keys.create(
            call.context,
            account: account,
            principalName: input.principalName,
            isAdministrator: isAdministrator,
            policies: policies
        )
        return IssuedKey(
            accessKeyID: issued.key.accessKeyID,
            secretAccessKey: Sensitive(issued.secret.revealed),
            accountID: "\(account)",
            principalName: input.principalName
        )
    }

    func listKeys(_ input: ListKeysInput, _ call: APICall) async throws -> ListKeysOutput {
        let account = try self.account(input.accountID, call)
        try await call.require("ListKeys", on: .everything)
        try self.requireReach("ListKeys", on: "*", in: account, ofAdministrator: false, call)
        let tokens = PageTokens("ListKeys", call, filters: ["\(account)"], context: self.context)
        let cursor = try tokens.cursor(of: input.nextToken, as: CreationCursor.self)
        let rows = try await self.keys.list(of: account).filter {
            cursor?.precedes($0.created, $0.accessKeyID) ?? true
        }
        let page = try tokens.page(of: rows, limit: input.maxResults ?? Self.defaultPageSize) {
            CreationCursor(created: $0.created, id: $0.accessKeyID)
        }
        return ListKeysOutput(keys: page.rows.map { KeySummary($0) }, nextToken: page.nextToken)
    }

    func disableKey(_ input: DisableKeyInput, _ call: APICall) async throws -> NoOutput {
        // Whose key it is, and so what right is needed, only the key tells.
        guard let row = try await self.keys.key(input.accessKeyID), self.reaches(row.account, call) else {
            throw Rejection(
                .resourceNotFound, "Account '\(call.scope.account)' has no access key '\(input.accessKeyID)'")
        }
        let user = Principal(account: row.account, name: row.principalName, kind: .administrator).arn
        try await call.require("DisableKey", on: .arn(user))
        try self.requireReach("DisableKey", on: user, in: row.account, ofAdministrator: row.isAdministrator, call)
        try await self.keys.disable(call.context, input.accessKeyID)
        return NoOutput()
    }

    private func account(_ text: String?, _ call: APICall) throws -> AccountID {
        guard let text else { return call.scope.account }
        guard let account = AccountID(text) else { throw Rejection(.validation, "An account id has twelve digits") }
        return account
    }

    /// Whether the caller's keys may say anything about keys of the account.
    private func reaches(_ account: AccountID, _ call: APICall) -> Bool {
        account == call.scope.account
            || (call.isAdministrator && call.scope.account == self.context.settings.operatorAccount)
    }

    /// Refuses what no policy can allow: keys of other accounts, but to the operator's administrators, and keys of
    /// administrators, but to administrators.
    private func requireReach(
        _ action: String,
        on resource: String,
        in account: AccountID,
        ofAdministrator isAdministrator: Bool,
        _ call: APICall
    ) throws {
        guard self.reaches(account, call), call.isAdministrator || !isAdministrator else {
            throw AccessDenial(
                principalARN: call.context.principal,
                action: "\(Administration.service):\(action)",
                resource: resource,
                isExplicit: false
            )
        }
    }

    private static func policies(of input: CreateKeyInput) throws -> [PolicyDocument] {
        var policies: [PolicyDocument] = []
        if let name = input.managedPolicyName {
            guard let policy = ManagedPolicies.document(named: name) else {
                throw Rejection(
                    .resourceNotFound,
                    "There is no managed policy '\(name)'; there are \(ManagedPolicies.names.joined(separator: ", "))"
                )
            }
            policies.append(policy)
        }
        if let source = input.policyDocument {
            do {
                policies.append(try PolicyDocument(parsing: source))
            } catch {
                throw Rejection(.validation, "The policy document is refused: \(error)")
            }
        }
        return policies
    }
}

extension KeySummary {
    fileprivate init(_ row: AccessKeyRow) {
        self.init()
        self.accessKeyID = row.accessKeyID
        self.accountID = "\(row.account)"
        self.principalName = row.principalName
        self.administrator = row.isAdministrator
        self.policyDocuments = row.policies
        self.created = WireTimestamp(row.created)
        self.disabled = row.isDisabled
    }
}
