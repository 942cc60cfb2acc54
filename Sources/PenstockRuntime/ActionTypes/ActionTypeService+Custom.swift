// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore

extension ActionTypeService {
    /// Makes a custom type of the account, or brings back one that was deleted and is defined again as it was.
    ///
    /// - Parameters:
    ///   - definition: Checked by the API before.
    ///   - document: The definition as the API answers it.
    package func createCustom(
        _ call: CallContext,
        _ definition: ActionTypeDefinition,
        document: [UInt8],
        tags: [KeyedValue]
    ) async throws {
        let now = self.context.clock.now
        let limit = self.context.settings.maximumCustomActionTypes
        try await self.context.store.write { transaction in
            try transaction.lock(.customActionTypes(call.scope))
            if let existing = try transaction.customActionType(definition.id, in: call.scope) {
                guard existing.isDeleted else { throw Rejection(.validation, Self.exists(definition.id)) }
                guard existing.definition == definition else {
                    throw Rejection(.validation, Self.wasDeleted(definition.id))
                }
            }
            guard try transaction.customActionTypeCount(in: call.scope) < limit else {
                throw Rejection(
                    .limitExceeded,
                    "Account '\(call.scope.account)' has exceeded the limit of \(limit) custom action types"
                )
            }
            try transaction.putActionType(
                ActionTypeRow(
                    region: call.scope.region,
                    account: call.scope.account,
                    definition: definition,
                    document: document,
                    tags: tags,
                    created: now
                )
            )
            try call.audit("CreateCustomActionType", "actiontype:\(definition.id)", at: now, in: transaction)
        }
        self.context.catalog.invalidate()
    }

    /// Marks a custom type of the account as deleted; jobs under way may still be ended.
    ///
    /// A type that does not exist, or no more, is no error: the service has no exception for it.
    package func deleteCustom(_ call: CallContext, _ id: ActionTypeID) async throws {
        let now = self.context.clock.now
        try await self.context.store.write { transaction in
            try transaction.lock(.customActionTypes(call.scope))
            guard var row = try transaction.customActionType(id, in: call.scope), !row.isDeleted else { return }
            row.isDeleted = true
            try transaction.putActionType(row)
            try call.audit("DeleteCustomActionType", "actiontype:\(id)", at: now, in: transaction)
        }
        self.context.catalog.invalidate()
    }

    private static func exists(_ id: ActionTypeID) -> String {
        "ActionType \(ActionTypeRejections.place(id)) already exists"
    }

    private static func wasDeleted(_ id: ActionTypeID) -> String {
        "ActionType \(ActionTypeRejections.place(id)) was deleted and had another definition; use a new version"
    }
}
