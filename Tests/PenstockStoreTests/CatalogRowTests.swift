// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore
import Testing

@Suite struct `The catalog in every store` {
    private func type(
        _ provider: String, _ owner: ActionOwner = .custom, account: AccountID = .default
    ) -> ActionTypeRow {
        let id = ActionTypeID(category: .build, owner: owner, provider: provider, version: "1")
        let none = ArtifactCount(0, 0)
        let definition = ActionTypeDefinition(id: id, inputArtifacts: none, outputArtifacts: none)
        return ActionTypeRow(
            region: .default, account: account, definition: definition, document: [1], tags: [KeyedValue("a", "b")],
            created: at(1)
        )
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Custom types belong to an account, those of partners to the region`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let account = try #require(AccountID("123456789012"))
            let (own, foreign) = (self.type("B"), self.type("B", account: account))
            let partner = self.type("A", .thirdParty, account: account)
            var deleted = self.type("C")
            deleted.isDeleted = true
            let rows = [own, foreign, partner, deleted]
            try await store.write { transaction throws in
                for row in rows { try transaction.putActionType(row) }
            }
            try await store.read { reader throws in
                #expect(try reader.actionTypes(in: scope) == [own, partner])
                #expect(try reader.customActionType(rows[3].definition.id, in: scope) == rows[3])
                #expect(try reader.customActionTypeCount(in: scope) == 1)
                #expect(try reader.partnerActionType(partner.definition.id, in: .default) == partner)
                #expect(try reader.partnerActionType(own.definition.id, in: .default) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `The type of a job to be created is as it was last committed, whoever changed it`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withHandles { first, second in
            for owner in [ActionOwner.custom, .thirdParty] {
                var row = self.type("J", owner)
                let id = row.definition.id
                #expect(try await second.write { try $0.jobType(id, in: scope) } == nil)
                for count in 0...2 {
                    row.definition.inputArtifacts = ArtifactCount(count, 5)
                    let changed = row
                    try await first.write { try $0.putActionType(changed) }
                    for _ in 1...2 {
                        #expect(try await second.write { try $0.jobType(id, in: scope) } == changed.definition)
                    }
                }
                row.isDeleted = true
                let deleted = row
                try await first.write { try $0.putActionType(deleted) }
                #expect(try await second.write { try $0.jobType(id, in: scope) } == nil)
            }
        }
    }

    private func connection(_ number: Int) -> ConnectionRow {
        ConnectionRow(
            clientID: id(number), scope: scope, pipelineName: "p", stageName: "s", actionName: "a",
            tokenHash: [UInt8(number)], created: at(Int64(10 - number))
        )
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A connection is bound once, and keeps the rest`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            var bound = self.connection(1)
            bound.boundType = buildType
            let expected = bound
            try await store.write { transaction throws in
                try transaction.putConnection(self.connection(1))
                try transaction.bindConnection(id(1), to: buildType)
                try transaction.bindConnection(id(1), to: .manualApproval)
                try transaction.bindConnection(id(2), to: buildType)
                #expect(try transaction.connection(id(1)) == expected)
                #expect(try transaction.connection(id(2)) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A connection that several change at once loses no change`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            try await first.write { try $0.putConnection(self.connection(1)) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        try await (number % 2 == 0 ? first : second).write { transaction in
                            var row = try #require(try transaction.lockConnection(id(1)))
                            row.tokenHash.append(1)
                            try transaction.putConnection(row)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await second.read { try $0.connection(id(1)) }?.tokenHash.count == 21)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `An action has one connection that is not revoked`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { try $0.putConnection(self.connection(1)) }
            await #expect { try await store.write { try $0.putConnection(self.connection(2)) } } throws: {
                ($0 as? StoreError)?.code == .constraint
            }
            try await store.write { transaction throws in
                var revoked = self.connection(1)
                revoked.revoked = at(20)
                revoked.boundType = buildType
                revoked.previousTokenHash = []
                try transaction.putConnection(revoked)
                try transaction.putConnection(self.connection(2))
                #expect(try transaction.connection(id(1)) == revoked)
                let live = try transaction.liveConnection(
                    scope: scope, pipelineName: "p", stageName: "s", actionName: "a"
                )
                #expect(live == self.connection(2))
                #expect(try transaction.connections(in: scope) == [self.connection(2), revoked])
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Keys, settings and audit entries are read back in order`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                for number in 1...3 {
                    let key = AccessKeyRow(
                        accessKeyID: "K\(number)", account: .default, principalName: "", isAdministrator: number == 1,
                        sealedSecret: [0, 1], policies: ["{}", ""], created: at(Int64(number % 2))
                    )
                    try transaction.putAccessKey(key)
                    #expect(try transaction.accessKey("K\(number)") == key)
                    try transaction.insertAuditEntry(
                        AuditRow(
                            at: at(7), scope: scope, principal: "p", operation: "o\(number)", resource: "",
                            outcome: "ok", requestID: "r"
                        )
                    )
                }
                #expect(try transaction.accessKeys(of: .default).map(\.accessKeyID) == ["K2", "K1", "K3"])
                #expect(try transaction.auditEntries(of: .default, limit: 2).map(\.operation) == ["o3", "o2"])
                let request = ArtifactRequest(principal: "p", operation: "PutObject", requestID: "r")
                try transaction.record(request, changed: "arn:aws:s3:::b/k", in: scope, at: at(8))
                #expect(
                    try transaction.auditEntries(of: .default, limit: 1) == [
                        AuditRow(
                            at: at(8), scope: scope, principal: "p", operation: "PutObject",
                            resource: "arn:aws:s3:::b/k", outcome: "ok", requestID: "r"
                        )
                    ])
                try transaction.putSetting("empty", [1])
                try transaction.putSetting("empty", [])
                #expect(try transaction.setting("empty") == [])
                #expect(try transaction.setting("absent") == nil)
            }
        }
    }

    /// Writes an entry for each instant, of two accounts in turn.
    private func insertEntries(_ instants: [Int64], _ transaction: any StoreTransaction) throws {
        let other = Scope(account: try #require(AccountID("123456789012")), region: .default)
        for (index, instant) in instants.enumerated() {
            try transaction.insertAuditEntry(
                AuditRow(
                    at: at(instant), scope: index.isMultiple(of: 2) ? scope : other, principal: "p", operation: "o",
                    resource: "", outcome: "ok", requestID: "r"
                )
            )
        }
    }

    /// When the entries of both accounts were made, in order.
    private func entries(_ reader: any StoreReader) throws -> [Int64] {
        try [AccountID.default, try #require(AccountID("123456789012"))]
            .flatMap { try reader.auditEntries(of: $0, limit: 100) }.map(\.at.millisecondsSinceEpoch).sorted()
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Old audit entries of all accounts are deleted in the order of their arrival, a bounded number at once`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            try await store.write { transaction throws in
                #expect(try transaction.deleteAuditEntries(before: at(99), after: 0, limit: 2) == nil)
                // The third is of a server whose clock is ahead.
                try self.insertEntries([1, 2, 6, 3, 4, 5], transaction)
                let second = try #require(try transaction.deleteAuditEntries(before: at(3), after: 0, limit: 2))
                #expect(try self.entries(transaction) == [3, 4, 5, 6])
                #expect(try transaction.deleteAuditEntries(before: at(3), after: second, limit: 2) == nil)
                #expect(try self.entries(transaction) == [3, 4, 5, 6])
                // What arrived behind a newer one waits only if there is no room to look beyond that one.
                #expect(try transaction.deleteAuditEntries(before: at(5), after: second, limit: 1) == nil)
                #expect(try self.entries(transaction) == [3, 4, 5, 6])
                let fourth = try #require(try transaction.deleteAuditEntries(before: at(5), after: second, limit: 2))
                #expect(try self.entries(transaction) == [4, 5, 6])
                let fifth = try #require(try transaction.deleteAuditEntries(before: at(5), after: fourth, limit: 2))
                #expect(try self.entries(transaction) == [5, 6])
                #expect(try transaction.deleteAuditEntries(before: at(5), after: fifth, limit: 2) == nil)
                let last = try #require(try transaction.deleteAuditEntries(before: at(7), after: 0, limit: 2))
                #expect(try transaction.deleteAuditEntries(before: at(7), after: last, limit: 2) == nil)
                #expect(try self.entries(transaction) == [])
                try self.insertEntries([8, 9], transaction)
            }
            try await store.write { transaction throws in
                #expect(try self.entries(transaction) == [8, 9])
                #expect(try transaction.deleteAuditEntries(before: at(9), after: 0, limit: 1) != nil)
                #expect(try transaction.deleteAuditEntries(before: at(9), after: 0, limit: 1) == nil)
                #expect(try self.entries(transaction) == [9])
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Where two delete audit entries at once, all that are old go`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            try await first.write { try self.insertEntries(Array(1...60), $0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for store in [first, second] {
                    group.addTask {
                        var last: Int64? = 0
                        while let after = last {
                            last = try await store.write { transaction in
                                try transaction.deleteAuditEntries(before: at(58), after: after, limit: 3)
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await second.read { try self.entries($0) } == [58, 59, 60])
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Of many who set what nobody has set, one does`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
                for number in 0..<20 as Range<UInt8> {
                    let store = number.isMultiple(of: 2) ? first : second
                    group.addTask {
                        try await store.write { try $0.insertSetting("once", [number]) ? number : nil }
                    }
                }
                return try await group.reduce(into: [UInt8]()) { winners, winner in
                    if let winner { winners.append(winner) }
                }
            }
            #expect(winners.count == 1)
            #expect(try await first.read { try $0.setting("once") } == winners)
        }
    }
}
