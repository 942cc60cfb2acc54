// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockModel

extension MemoryTransaction {
    func customActionType(_ id: ActionTypeID, in scope: Scope) -> ActionTypeRow? {
        self.rows.actionTypes[.init(region: scope.region, account: scope.account, id: id)]
    }

    func partnerActionType(_ id: ActionTypeID, in region: Region) -> ActionTypeRow? {
        self.rows.actionTypes[.init(region: region, account: nil, id: id)]
    }

    func actionTypes(in scope: Scope) -> [ActionTypeRow] {
        let types = self.rows.actionTypes.filter { key, row in
            key.region == scope.region && (key.account == nil || key.account == scope.account) && !row.isDeleted
        }
        return types.values.sorted { precedes($0.definition.id.description, $1.definition.id.description) }
    }

    func customActionTypeCount(in scope: Scope) -> Int {
        self.rows.actionTypes.count { key, row in
            key.region == scope.region && key.account == scope.account && !row.isDeleted
        }
    }

    func connection(_ id: ClientID) -> ConnectionRow? { self.rows.connections[id] }

    func lockConnection(_ id: ClientID) -> ConnectionRow? { self.connection(id) }

    func bindConnection(_ id: ClientID, to type: ActionTypeID) throws {
        guard var row = self.connection(id), row.boundType == nil else { return }
        row.boundType = type
        try self.putConnection(row)
    }

    func liveConnection(
        scope: Scope,
        pipelineName: String,
        stageName: String,
        actionName: String
    ) -> ConnectionRow? {
        self.rows.connections.values.first {
            $0.revoked == nil && $0.scope == scope && $0.pipelineName == pipelineName && $0.stageName == stageName
                && $0.actionName == actionName
        }
    }

    func connections(in scope: Scope) -> [ConnectionRow] {
        self.rows.connections.values.filter { $0.scope == scope }
            .sorted { ($0.created, $0.clientID) < ($1.created, $1.clientID) }
    }

    func accessKey(_ id: String) -> AccessKeyRow? { self.rows.accessKeys[id] }

    func accessKeys(of account: AccountID) -> [AccessKeyRow] {
        self.rows.accessKeys.values.filter { $0.account == account }
            .sorted { ($0.created, $0.accessKeyID) < ($1.created, $1.accessKeyID) }
    }

    func setting(_ name: String) -> [UInt8]? { self.rows.settings[name] }

    func auditEntries(of account: AccountID, limit: Int) -> [AuditRow] {
        let entries = self.rows.auditEntries.filter { $0.value.scope.account == account }
        let newest = entries.sorted { ($0.value.at, $0.key) > ($1.value.at, $1.key) }
        return newest.prefix(limit).map(\.value)
    }

    func putActionType(_ row: ActionTypeRow) {
        let account = row.definition.id.owner == .custom ? row.account : nil
        self.rows.actionTypes[.init(region: row.region, account: account, id: row.definition.id)] = row
    }

    func putConnection(_ row: ConnectionRow) throws {
        let live = self.liveConnection(
            scope: row.scope,
            pipelineName: row.pipelineName,
            stageName: row.stageName,
            actionName: row.actionName
        )
        if row.revoked == nil, let live, live.clientID != row.clientID {
            throw constraint("an action has one connection that is not revoked")
        }
        self.rows.connections[row.clientID] = row
    }

    func putAccessKey(_ row: AccessKeyRow) { self.rows.accessKeys[row.accessKeyID] = row }

    func putSetting(_ name: String, _ value: [UInt8]) { self.rows.settings[name] = value }

    func insertSetting(_ name: String, _ value: [UInt8]) -> Bool {
        guard self.rows.settings[name] == nil else { return false }
        self.rows.settings[name] = value
        return true
    }

    func insertAuditEntry(_ row: AuditRow) {
        self.rows.lastAuditEntry += 1
        self.rows.auditEntries[self.rows.lastAuditEntry] = row
    }

    func deleteAuditEntries(before instant: Timestamp, after number: Int64, limit: Int) -> Int64? {
        let first = self.rows.auditEntries.filter { $0.key > number }.sorted { $0.key < $1.key }.prefix(limit)
        let old = first.filter { $0.value.at < instant }.map(\.key)
        for number in old { self.rows.auditEntries[number] = nil }
        return old.last
    }
}
