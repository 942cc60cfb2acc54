// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

// MARK: - Action types

extension PostgresTransaction {
    /// Stands for the account in the key of partner types, which are unique in their region.
    private static let anyAccount = ""

    private static let typeColumns =
        "region, account, definition, document, tags, created, is_deleted"

    func customActionType(_ id: ActionTypeID, in scope: Scope) throws -> ActionTypeRow? {
        try self.actionType(id, heldBy: scope.account.rawValue, in: scope.region)
    }

    func partnerActionType(_ id: ActionTypeID, in region: Region) throws -> ActionTypeRow? {
        try self.actionType(id, heldBy: Self.anyAccount, in: region)
    }

    /// What an earlier transaction has read is used, and compared with what the database has before anything is committed:
    /// if that has changed, the body runs again and asks.
    func jobType(_ id: ActionTypeID, in scope: Scope) throws -> ActionTypeDefinition? {
        let holder = id.owner == .custom ? scope.account.rawValue : Self.anyAccount
        let key = RememberedTypes.Key(region: scope.region, holder: holder, id: id)
        let place = "FROM action_type WHERE region = $1 AND holder = $2 AND type_id = $3 AND NOT is_deleted"
        if self.recalls, let known = self.types.entry(key) {
            try self.gatherCheck(
                "SELECT 1 \(place) AND definition = $4", [scope.region, holder, id.description, known.stored],
                orAgain: "the action type \(id) has changed"
            )
            return known.definition
        }
        let stored = try self.first("SELECT definition \(place)", [scope.region, holder, id.description]) {
            try $0.bytes()
        }
        guard let stored else {
            self.types.forget(key)
            return nil
        }
        let definition = try ActionTypeDefinition(storedBytes: stored)
        self.types.keep(RememberedTypes.Entry(stored: stored, definition: definition), as: key)
        return definition
    }

    private func actionType(_ id: ActionTypeID, heldBy holder: String, in region: Region) throws
        -> ActionTypeRow?
    {
        try self.first(
            "SELECT \(Self.typeColumns) FROM action_type WHERE region = $1 AND holder = $2 AND type_id = $3",
            [region, holder, id.description],
            Self.actionType
        )
    }

    func actionTypes(in scope: Scope) throws -> [ActionTypeRow] {
        try self.rows(
            """
            SELECT \(Self.typeColumns) FROM action_type
            WHERE region = $1 AND holder IN ($2, '') AND NOT is_deleted ORDER BY type_id
            """,
            [scope.region, scope.account],
            Self.actionType
        )
    }

    func customActionTypeCount(in scope: Scope) throws -> Int {
        try self.first(
            "SELECT count(*) FROM action_type WHERE region = $1 AND holder = $2 AND NOT is_deleted",
            [scope.region, scope.account]
        ) { try $0.int() } ?? 0
    }

    func putActionType(_ row: ActionTypeRow) throws {
        let id = row.definition.id
        try self.gather(
            """
            INSERT INTO action_type (region, holder, type_id, account, definition, document, tags, created, is_deleted)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (region, holder, type_id) DO UPDATE SET account = excluded.account,
                definition = excluded.definition, document = excluded.document, tags = excluded.tags,
                created = excluded.created, is_deleted = excluded.is_deleted
            """,
            [
                row.region, id.owner == .custom ? row.account.rawValue : Self.anyAccount, id.description,
                row.account,
                row.definition.storedBytes(format: self.format), row.document,
                row.tags.storedBytes(format: self.format), row.created,
                row.isDeleted,
            ]
        )
    }

    private static func actionType(_ row: inout PostgresRow) throws -> ActionTypeRow {
        ActionTypeRow(
            region: try row.parsed { Region($0) },
            account: try row.parsed { AccountID($0) },
            definition: try row.stored(),
            document: try row.bytes(),
            tags: try row.storedList(),
            created: try row.timestamp(),
            isDeleted: try row.bool()
        )
    }
}

// MARK: - Connections and keys

extension PostgresTransaction {
    static let connectionColumns = """
        client, account, region, pipeline_name, stage, action, token_hash, created, bound_type, previous_token_hash, \
        previous_expires, rotated, revoked
        """

    func connection(_ id: ClientID) throws -> ConnectionRow? {
        try self.first(
            "SELECT \(Self.connectionColumns) FROM connection WHERE client = $1", [id], Self.connectionRow
        )
    }

    func lockConnection(_ id: ClientID) throws -> ConnectionRow? {
        try self.first(
            "SELECT \(Self.connectionColumns) FROM connection WHERE client = $1\(self.lock("FOR UPDATE"))",
            [id],
            Self.connectionRow
        )
    }

    func bindConnection(_ id: ClientID, to type: ActionTypeID) throws {
        try self.gather(
            "UPDATE connection SET bound_type = $2 WHERE client = $1 AND bound_type IS NULL",
            [id, type.storedBytes(format: self.format)]
        )
    }

    func liveConnection(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String
    ) throws -> ConnectionRow? {
        try self.first(
            """
            SELECT \(Self.connectionColumns) FROM connection
            WHERE account = $1 AND region = $2 AND pipeline_name = $3 AND stage = $4 AND action = $5
                AND revoked IS NULL
            """,
            [scope.account, scope.region, pipelineName, stageName, actionName],
            Self.connectionRow
        )
    }

    func connections(in scope: Scope) throws -> [ConnectionRow] {
        try self.rows(
            """
            SELECT \(Self.connectionColumns) FROM connection WHERE account = $1 AND region = $2
            ORDER BY created, client
            """,
            [scope.account, scope.region],
            Self.connectionRow
        )
    }

    func putConnection(_ row: ConnectionRow) throws {
        try self.gather(
            """
            INSERT INTO connection (\(Self.connectionColumns))
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            ON CONFLICT (client) DO UPDATE SET account = excluded.account, region = excluded.region,
                pipeline_name = excluded.pipeline_name, stage = excluded.stage, action = excluded.action,
                token_hash = excluded.token_hash, created = excluded.created, bound_type = excluded.bound_type,
                previous_token_hash = excluded.previous_token_hash, previous_expires = excluded.previous_expires,
                rotated = excluded.rotated, revoked = excluded.revoked
            """,
            [
                row.clientID, row.scope.account, row.scope.region, row.pipelineName, row.stageName,
                row.actionName,
                row.tokenHash, row.created, row.boundType?.storedBytes(format: self.format), row.previousTokenHash,
                row.previousExpires,
                row.rotated, row.revoked,
            ]
        )
    }

    static func connectionRow(_ row: inout PostgresRow) throws -> ConnectionRow {
        var connection = ConnectionRow(
            clientID: try row.id(),
            scope: try row.scope(),
            pipelineName: try row.text(),
            stageName: try row.text(),
            actionName: try row.text(),
            tokenHash: try row.bytes(),
            created: try row.timestamp()
        )
        connection.boundType = try row.bytesIfPresent().map { try ActionTypeID(storedBytes: $0) }
        connection.previousTokenHash = row.bytesIfPresent()
        connection.previousExpires = try row.timestampIfPresent()
        connection.rotated = try row.timestampIfPresent()
        connection.revoked = try row.timestampIfPresent()
        return connection
    }

    private static let keyColumns =
        "id, account, principal_name, is_administrator, sealed_secret, policies, created, is_disabled"

    func accessKey(_ id: String) throws -> AccessKeyRow? {
        try self.first(
            "SELECT \(Self.keyColumns) FROM access_key WHERE id = $1", [id], Self.accessKeyRow)
    }

    func accessKeys(of account: AccountID) throws -> [AccessKeyRow] {
        try self.rows(
            "SELECT \(Self.keyColumns) FROM access_key WHERE account = $1 ORDER BY created, id",
            [account],
            Self.accessKeyRow
        )
    }

    func putAccessKey(_ row: AccessKeyRow) throws {
        try self.gather(
            """
            INSERT INTO access_key (\(Self.keyColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (id) DO UPDATE SET account = excluded.account, principal_name = excluded.principal_name,
                is_administrator = excluded.is_administrator, sealed_secret = excluded.sealed_secret,
                policies = excluded.policies, created = excluded.created, is_disabled = excluded.is_disabled
            """,
            [
                row.accessKeyID, row.account, row.principalName, row.isAdministrator, row.sealedSecret,
                row.policies.storedBytes(format: self.format), row.created, row.isDisabled,
            ]
        )
    }

    private static func accessKeyRow(_ row: inout PostgresRow) throws -> AccessKeyRow {
        AccessKeyRow(
            accessKeyID: try row.text(),
            account: try row.parsed { AccountID($0) },
            principalName: try row.text(),
            isAdministrator: try row.bool(),
            sealedSecret: try row.bytes(),
            policies: try row.storedList(),
            created: try row.timestamp(),
            isDisabled: try row.bool()
        )
    }
}

// MARK: - Settings and the audit log

extension PostgresTransaction {
    func setting(_ name: String) throws -> [UInt8]? {
        try self.first("SELECT value FROM setting WHERE name = $1", [name]) { try $0.bytes() }
    }

    func insertSetting(_ name: String, _ value: [UInt8]) throws -> Bool {
        try self.change(
            "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [name, value]
        ) == 1
    }

    func putSetting(_ name: String, _ value: [UInt8]) throws {
        try self.gather(
            "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [name, value]
        )
    }

    func auditEntries(of account: AccountID, limit: Int) throws -> [AuditRow] {
        try self.rows(
            """
            SELECT at, account, region, principal, operation, resource, outcome, request_id FROM audit_entry
            WHERE account = $1 ORDER BY at DESC, number DESC LIMIT $2
            """,
            [account, limit]
        ) { row in
            AuditRow(
                at: try row.timestamp(),
                scope: try row.scope(),
                principal: try row.text(),
                operation: try row.text(),
                resource: try row.text(),
                outcome: try row.text(),
                requestID: try row.text()
            )
        }
    }

    func insertAuditEntry(_ row: AuditRow) throws {
        try self.gather(
            """
            INSERT INTO audit_entry (at, account, region, principal, operation, resource, outcome, request_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            """,
            [
                row.at, row.scope.account, row.scope.region, row.principal, row.operation, row.resource,
                row.outcome,
                row.requestID,
            ]
        )
    }

    func deleteAuditEntries(before instant: Timestamp, after number: Int64, limit: Int) throws -> Int64? {
        // By the last number and not by all of them, which a plan for a limit that is not known would join with the table.
        let deleted = try self.rows(
            """
            DELETE FROM audit_entry WHERE at < $1 AND number > $2 AND number <= coalesce(
                (SELECT number FROM audit_entry WHERE number > $2 ORDER BY number LIMIT 1 OFFSET $3), \(Int64.max))
            RETURNING number
            """,
            [instant, number, limit - 1]
        ) { try $0.int64() }
        return deleted.max()
    }
}
