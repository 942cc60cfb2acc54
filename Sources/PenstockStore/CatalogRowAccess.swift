// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

package protocol CatalogReader {
    /// The custom type of the account, deleted ones included.
    func customActionType(_ id: ActionTypeID, in scope: Scope) throws -> ActionTypeRow?

    /// The partner type of the region, whoever registered it.
    func partnerActionType(_ id: ActionTypeID, in region: Region) throws -> ActionTypeRow?

    /// The definition of a type of the account's or of a partner's, unless it is deleted: for a job that this transaction
    /// creates. A store may answer from memory: where the type has changed it runs the body again.
    func jobType(_ id: ActionTypeID, in scope: Scope) throws -> ActionTypeDefinition?

    /// The account's custom types and all partner types of the region, deleted ones left out, by ascending
    /// `definition.id.description`.
    func actionTypes(in scope: Scope) throws -> [ActionTypeRow]

    /// How many custom types that are not deleted the account has in the region.
    func customActionTypeCount(in scope: Scope) throws -> Int

    func connection(_ id: ClientID) throws -> ConnectionRow?

    /// The connection of the action that is not revoked.
    func liveConnection(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String
    ) throws -> ConnectionRow?

    /// The connections of a scope, revoked ones included, by ascending (`created`, `clientID`).
    func connections(in scope: Scope) throws -> [ConnectionRow]

    func accessKey(_ id: String) throws -> AccessKeyRow?

    /// The keys of an account, by ascending (`created`, `accessKeyID`).
    func accessKeys(of account: AccountID) throws -> [AccessKeyRow]

    /// A value of the service itself, such as the check value of the master key.
    func setting(_ name: String) throws -> [UInt8]?

    /// The newest entries of an account first, at most `limit`.
    func auditEntries(of account: AccountID, limit: Int) throws -> [AuditRow]
}

package protocol CatalogWriter {
    /// Inserts the type, or replaces the one of its identity.
    func putActionType(_ row: ActionTypeRow) throws

    /// The connection, which nobody else changes until the transaction ends: it is rewritten whole, so whoever changes it
    /// reads it this way first.
    func lockConnection(_ id: ClientID) throws -> ConnectionRow?

    /// Notes which type the connection is for, if it is there and that was not noted before.
    func bindConnection(_ id: ClientID, to type: ActionTypeID) throws

    /// Inserts the connection, or replaces the one of its id.
    func putConnection(_ row: ConnectionRow) throws

    /// Inserts the key, or replaces the one of its id.
    func putAccessKey(_ row: AccessKeyRow) throws

    func putSetting(_ name: String, _ value: [UInt8]) throws

    /// - Returns: `false`, with nothing written, when there is a value already; whoever writes it at the same time is waited
    ///   for.
    func insertSetting(_ name: String, _ value: [UInt8]) throws -> Bool

    func insertAuditEntry(_ row: AuditRow) throws

    /// Looks at the `limit` entries, of all accounts, that arrived first after the number, and deletes those of them that
    /// are older than the instant.
    ///
    /// Entries are in the order of their arrival, so it looks at no more than it may delete. The clocks of servers may
    /// differ: newer entries are passed over, and what is behind `limit` of them in a row waits until those are old too.
    ///
    /// - Parameter number: Of the last entry that was deleted before in the same go, 0 at its beginning: what was deleted is
    ///   not passed over again.
    /// - Returns: The number to go on after; `nil` when it deleted nothing, and no more is to be done.
    func deleteAuditEntries(before instant: Timestamp, after number: Int64, limit: Int) throws -> Int64?
}

extension CatalogReader {
    package func jobType(_ id: ActionTypeID, in scope: Scope) throws -> ActionTypeDefinition? {
        let row =
            id.owner == .custom
            ? try self.customActionType(id, in: scope) : try self.partnerActionType(id, in: scope.region)
        return row.flatMap { $0.isDeleted ? nil : $0.definition }
    }
}
