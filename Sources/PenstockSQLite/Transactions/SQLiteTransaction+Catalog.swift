// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

// MARK: - Action types

extension SQLiteTransaction {
    /// Stands for the account in the key of partner types, which are unique in their region.
    private static let anyAccount = ""

    func customActionType(_ id: ActionTypeID, in scope: Scope) throws -> ActionTypeRow? {
        try self.connection.first(
            .actionType,
            .text(scope.region.rawValue), .text(scope.account.rawValue), .text(id.description),
            map: Self.actionType
        )
    }

    func partnerActionType(_ id: ActionTypeID, in region: Region) throws -> ActionTypeRow? {
        try self.connection.first(
            .actionType,
            .text(region.rawValue), .text(Self.anyAccount), .text(id.description),
            map: Self.actionType
        )
    }

    func actionTypes(in scope: Scope) throws -> [ActionTypeRow] {
        try self.connection.rows(
            .actionTypes, .text(scope.region.rawValue), .text(scope.account.rawValue), map: Self.actionType
        )
    }

    func customActionTypeCount(in scope: Scope) throws -> Int {
        try self.connection.first(.actionTypeCount, .text(scope.region.rawValue), .text(scope.account.rawValue)) {
            Int($0.integer(0))
        } ?? 0
    }

    func putActionType(_ row: ActionTypeRow) throws {
        let id = row.definition.id
        try self.connection.run(
            .putActionType,
            .text(row.region.rawValue), .text(id.owner == .custom ? row.account.rawValue : Self.anyAccount),
            .text(id.description), .text(row.account.rawValue), .blob(row.definition.storedBytes()),
            .blob(row.document), .blob(row.tags.storedBytes()), .time(row.created), .bool(row.isDeleted)
        )
    }

    private static func actionType(_ row: SQLRow) throws -> ActionTypeRow {
        let scope = try row.scope(account: 1, region: 0)
        return ActionTypeRow(
            region: scope.region,
            account: scope.account,
            definition: try ActionTypeDefinition(storedBytes: row.blob(2)),
            document: row.blob(3),
            tags: try [KeyedValue](storedBytes: row.blob(4)),
            created: row.time(5),
            isDeleted: row.bool(6)
        )
    }
}

// MARK: - Connections and keys

extension SQLiteTransaction {
    func connection(_ id: ClientID) throws -> ConnectionRow? {
        try self.connection.first(.connection, .id(id), map: Self.connectionRow)
    }

    func lockConnection(_ id: ClientID) throws -> ConnectionRow? { try self.connection(id) }

    func bindConnection(_ id: ClientID, to type: ActionTypeID) throws {
        try self.connection.run(.bindConnection, .id(id), .blob(type.storedBytes()))
    }

    func liveConnection(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String
    ) throws -> ConnectionRow? {
        try self.connection.first(
            .liveConnection,
            .text(scope.account.rawValue), .text(scope.region.rawValue), .text(pipelineName), .text(stageName),
            .text(actionName),
            map: Self.connectionRow
        )
    }

    func connections(in scope: Scope) throws -> [ConnectionRow] {
        try self.connection.rows(
            .connections, .text(scope.account.rawValue), .text(scope.region.rawValue), map: Self.connectionRow
        )
    }

    func putConnection(_ row: ConnectionRow) throws {
        try self.connection.run(
            .putConnection,
            .id(row.clientID), .text(row.scope.account.rawValue), .text(row.scope.region.rawValue),
            .text(row.pipelineName), .text(row.stageName), .text(row.actionName),
            .blob(row.boundType?.storedBytes()), .blob(row.tokenHash), .blob(row.previousTokenHash),
            .time(row.previousExpires), .time(row.created), .time(row.rotated), .time(row.revoked)
        )
    }

    func accessKey(_ id: String) throws -> AccessKeyRow? {
        try self.connection.first(.accessKey, .text(id), map: Self.accessKeyRow)
    }

    func accessKeys(of account: AccountID) throws -> [AccessKeyRow] {
        try self.connection.rows(.accessKeys, .text(account.rawValue), map: Self.accessKeyRow)
    }

    func putAccessKey(_ row: AccessKeyRow) throws {
        try self.connection.run(
            .putAccessKey,
            .text(row.accessKeyID), .text(row.account.rawValue), .text(row.principalName), .bool(row.isAdministrator),
            .blob(row.sealedSecret), .blob(row.policies.storedBytes()), .time(row.created), .bool(row.isDisabled)
        )
    }

    private static func connectionRow(_ row: SQLRow) throws -> ConnectionRow {
        var connection = ConnectionRow(
            clientID: row.id(0),
            scope: try row.scope(account: 1, region: 2),
            pipelineName: row.text(3),
            stageName: row.text(4),
            actionName: row.text(5),
            tokenHash: row.blob(7),
            created: row.time(10)
        )
        connection.boundType = try row.optionalBlob(6).map { try ActionTypeID(storedBytes: $0) }
        connection.previousTokenHash = row.optionalBlob(8)
        connection.previousExpires = row.optionalTime(9)
        connection.rotated = row.optionalTime(11)
        connection.revoked = row.optionalTime(12)
        return connection
    }

    private static func accessKeyRow(_ row: SQLRow) throws -> AccessKeyRow {
        guard let account = AccountID(row.text(1)) else {
            throw StoreError(.corrupt, "a stored account cannot be read")
        }
        return AccessKeyRow(
            accessKeyID: row.text(0),
            account: account,
            principalName: row.text(2),
            isAdministrator: row.bool(3),
            sealedSecret: row.blob(4),
            policies: try [String](storedBytes: row.blob(5)),
            created: row.time(6),
            isDisabled: row.bool(7)
        )
    }
}

// MARK: - Settings and the audit log

extension SQLiteTransaction {
    func setting(_ name: String) throws -> [UInt8]? {
        try self.connection.first(.setting, .text(name)) { $0.blob(0) }
    }

    func insertSetting(_ name: String, _ value: [UInt8]) throws -> Bool {
        try self.connection.run(.insertSetting, .text(name), .blob(value)) == 1
    }

    func putSetting(_ name: String, _ value: [UInt8]) throws {
        try self.connection.run(.putSetting, .text(name), .blob(value))
    }

    func auditEntries(of account: AccountID, limit: Int) throws -> [AuditRow] {
        try self.connection.rows(.auditEntries, .text(account.rawValue), .integer(limit)) { row in
            AuditRow(
                at: row.time(0),
                scope: try row.scope(account: 1, region: 2),
                principal: row.text(3),
                operation: row.text(4),
                resource: row.text(5),
                outcome: row.text(6),
                requestID: row.text(7)
            )
        }
    }

    func insertAuditEntry(_ row: AuditRow) throws {
        try self.connection.run(
            .insertAuditEntry,
            .time(row.at), .text(row.scope.account.rawValue), .text(row.scope.region.rawValue), .text(row.principal),
            .text(row.operation), .text(row.resource), .text(row.outcome), .text(row.requestID)
        )
    }

    func deleteAuditEntries(before instant: Timestamp, after number: Int64, limit: Int) throws -> Int64? {
        let deleted = try self.connection.rows(
            .deleteAuditEntries, .time(instant), .integer(number), .integer(limit - 1)
        ) { $0.integer(0) }
        return deleted.max()
    }
}
