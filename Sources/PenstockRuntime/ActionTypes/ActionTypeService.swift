// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore

/// Action types: which there are for an account, and how accounts and partners make and change their own.
package struct ActionTypeService: Sendable {
    let context: RuntimeContext

    package init(context: RuntimeContext) {
        self.context = context
    }

    /// The definition of a type that pipelines of the account may declare: the service's own, the account's custom
    /// ones that are not deleted, and partners' that admit the account.
    package func definition(_ id: ActionTypeID, for scope: Scope) async throws -> ActionTypeDefinition? {
        try await self.definitions([id], for: scope)[id]
    }

    /// The definitions of those types that pipelines of the account may declare. They are read, not remembered: what a
    /// type says of secrets decides what becomes of a declaration's values.
    package func definitions(
        _ ids: Set<ActionTypeID>, for scope: Scope
    ) async throws -> [ActionTypeID: ActionTypeDefinition] {
        var found: [ActionTypeID: ActionTypeDefinition] = [:]
        for id in ids { found[id] = BuiltInActionTypes.definitions[id] }
        let others = ids.filter { found[$0] == nil && $0.owner != .aws }
        guard !others.isEmpty else { return found }
        let own = try await self.context.store.read { reader in
            try others.compactMap { id -> ActionTypeDefinition? in
                guard id.owner == .thirdParty else {
                    return try reader.customActionType(id, in: scope).flatMap { $0.isDeleted ? nil : $0.definition }
                }
                return try reader.partnerActionType(id, in: scope.region)
                    .flatMap { $0.mayUse(scope.account) ? $0.definition : nil }
            }
        }
        for definition in own { found[definition.id] = definition }
        return found
    }

    /// Every type that pipelines of the account may declare, by owner (the service, partners, the account), category,
    /// provider and version.
    package func usable(in scope: Scope) async throws -> [ActionTypeDefinition] {
        let rows = try await self.context.store.read { try $0.actionTypes(in: scope) }
        let own = rows.filter { !$0.isDeleted && ($0.definition.id.owner == .custom || $0.mayUse(scope.account)) }
        let all = BuiltInActionTypes.definitions.values + own.map(\.definition)
        return all.sorted { $0.id.sortKey.lexicographicallyPrecedes($1.id.sortKey) }
    }
}

extension ActionTypeRow {
    /// Whether pipelines of the account may use this partner type.
    func mayUse(_ account: AccountID) -> Bool {
        !self.isDeleted && (self.account == account || self.definition.isOpen(to: account))
    }
}

extension ActionTypeDefinition {
    /// Whether the partner lets the account use it; its own may use it in any case.
    func isOpen(to account: AccountID) -> Bool {
        self.allowedAccounts.contains("*") || self.allowedAccounts.contains(account.rawValue)
    }
}

extension ActionTypeID {
    /// Orders listings; also where one of their pages ends.
    package var sortKey: [String] {
        let owner =
            switch self.owner {
            case .aws: "0"
            case .thirdParty: "1"
            case .custom: "2"
            }
        return [owner, self.category.rawValue, self.provider, self.version]
    }
}
