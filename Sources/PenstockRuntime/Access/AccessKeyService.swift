// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
package import PenstockModel
package import PenstockSigning
package import PenstockStore

/// Access keys of accounts. A change is seen by the next request of this process, and within a second by others'.
package struct AccessKeyService: Sendable {
    let context: RuntimeContext

    package init(context: RuntimeContext) {
        self.context = context
    }

    /// A key with its secret, which is told this once.
    package struct Issued: Sendable {
        package var key: AccessKeyRow
        package var secret: SecretAccessKey
    }

    /// Makes a key. Whether the caller may make it is the API's to decide.
    ///
    /// - Parameter policies: What the key may do; an administrator's key has none.
    package func create(
        _ call: CallContext,
        account: AccountID,
        principalName: String,
        isAdministrator: Bool,
        policies: [PolicyDocument]
    ) async throws -> Issued {
        let now = self.context.clock.now
        let limit = self.context.settings.maximumAccessKeys
        let issued = try self.issue(account, principalName, isAdministrator, policies, at: now)
        return try await self.context.store.write { transaction in
            try transaction.lock(.accessKeys(account))
            guard try transaction.accessKeys(of: account).count < limit else {
                throw Rejection(.limitExceeded, "Account '\(account)' has exceeded the limit of \(limit) access keys")
            }
            try transaction.putAccessKey(issued.key)
            transaction.signal(.accessChanged(account))
            try call.audit("CreateKey", "access-key/\(issued.key.accessKeyID)", at: now, in: transaction)
            return issued
        }
    }

    /// The keys of an account by (`created`, `accessKeyID`), the disabled ones included.
    package func list(of account: AccountID) async throws -> [AccessKeyRow] {
        try await self.context.store.read { try $0.accessKeys(of: account) }
    }

    /// The key; `nil` when there is none of this id.
    package func key(_ id: String) async throws -> AccessKeyRow? {
        try await self.context.store.read { try $0.accessKey(id) }
    }

    /// Disables a key for good. One that is disabled stays so, and the operator keeps at least one administrator.
    package func disable(_ call: CallContext, _ id: String) async throws {
        let now = self.context.clock.now
        let operatorAccount = self.context.settings.operatorAccount
        try await self.context.store.write { transaction in
            guard let known = try transaction.accessKey(id) else { return }
            // Of two calls that disable the last two administrators one is first.
            try transaction.lock(.accessKeys(known.account))
            guard var row = try transaction.accessKey(id), !row.isDisabled else { return }
            if row.isAdministrator, row.account == operatorAccount {
                let administrators = try transaction.accessKeys(of: row.account).filter {
                    $0.isAdministrator && !$0.isDisabled
                }
                guard administrators.count > 1 else {
                    throw Rejection(
                        .conflict,
                        "The access key '\(id)' is the last one of an administrator of account '\(row.account)';"
                            + " create another before you disable it"
                    )
                }
            }
            row.isDisabled = true
            try transaction.putAccessKey(row)
            transaction.signal(.accessChanged(row.account))
            try call.audit("DisableKey", "access-key/\(id)", at: now, in: transaction)
        }
    }

    private func issue(
        _ account: AccountID,
        _ principalName: String,
        _ isAdministrator: Bool,
        _ policies: [PolicyDocument],
        at now: Timestamp
    ) throws -> Issued {
        var generator = self.context.entropy
        let id = AccessKeyGenerator.makeKeyID(using: &generator)
        let secret = AccessKeyGenerator.makeSecret(using: &generator)
        let key = AccessKeyRow(
            accessKeyID: id,
            account: account,
            principalName: principalName,
            isAdministrator: isAdministrator,
            sealedSecret: try self.context.sealer
                .seal(Array(secret.utf8), context: AccessKeyRecord.sealingContext(accessKeyID: id)),
            policies: policies.map(\.source),
            created: now
        )
        return Issued(key: key, secret: SecretAccessKey(secret))
    }
}
