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
        switch id.owner {
        case .aws: return BuiltInActionTypes.definitions[id]
        case .custom:
            let row = try await self.context.catalog.customType(id, in: scope, store: self.context.store)
            return row.flatMap { $0.isDeleted ? nil : $0.definition }
        case .thirdParty:
            if let builtIn = BuiltInActionTypes.definitions[id] { return builtIn }
            let row = try await self.context.catalog.partnerType(id, in: scope.region, store: self.context.store)
            return row.flatMap { $0.mayUse(scope.account) ? $0.definition : nil }
        }
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
        let allowed = self.definition.allowedAccounts
        return !self.isDeleted
            && (self.account == account || allowed.contains("*") || allowed.contains(account.rawValue))
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
