// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import PenstockRuntime
import PenstockStore
import PenstockWire
import Synchronization
import Testing

struct KeyAdministrationTests {
    /// An administrator of the account that runs the service.
    private static let operating = TestIdentity(account: .default, name: "olga")
    private static let partnerAccount = TestIdentity.partner.account.rawValue
    private static let readPolicy =
        #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codepipeline:Get*","Resource":"*"}]}"#

    private static func create(
        _ bed: APITestBed,
        _ input: CreateKeyInput = CreateKeyInput(principalName: "worker"),
        as identity: TestIdentity = .customer
    ) async throws -> IssuedKey {
        try await bed.administer(Administration.CreateKey.self, input, as: identity)
    }

    private static func keys(
        _ bed: APITestBed,
        of account: String? = nil,
        as identity: TestIdentity = .customer
    ) async throws -> [KeySummary] {
        let input = ListKeysInput(accountID: account)
        return try #require(try await bed.administer(Administration.ListKeys.self, input, as: identity).keys)
    }

    private static func disable(
        _ bed: APITestBed, _ id: String, as identity: TestIdentity = .customer
    ) async throws {
        try await bed.administer(Administration.DisableKey.self, DisableKeyInput(accessKeyID: id), as: identity)
    }

    private static func notFound(_ id: String, _ identity: TestIdentity) -> ServiceException {
        ServiceException(.resourceNotFound, "Account '\(identity.account)' has no access key '\(id)'")
    }

    private static func code(_ body: () async throws -> Void) async throws -> ExceptionCode? {
        do {
            try await body()
            return nil
        } catch let refusal as ServiceException {
            return refusal.code
        }
    }

    @Test func `A key is made for a principal of the caller's account, with its policy`() async throws {
        let bed = try await APITestBed()
        let issued = try await Self.create(
            bed, CreateKeyInput(principalName: "worker", policyDocument: Self.readPolicy))
        #expect(issued.accountID == TestIdentity.customer.account.rawValue)
        #expect(issued.principalName == "worker")
        #expect(issued.accessKeyID.hasPrefix("AKIA"))
        var expected = KeySummary()
        expected.accessKeyID = issued.accessKeyID
        expected.accountID = issued.accountID
        expected.principalName = "worker"
        expected.administrator = false
        expected.policyDocuments = [Self.readPolicy]
        expected.created = bed.now
        expected.disabled = false
        #expect(try await Self.keys(bed) == [expected])
    }

    @Test func `The secret is told once, and neither listed, nor recorded, nor kept in clear`() async throws {
        let bed = try await APITestBed()
        let issued = try await Self.create(bed)
        let secret = issued.secretAccessKey.exposed
        #expect(try await !bed.send(.administration("ListKeys")).text.contains(secret))
        #expect(!"\(issued)".contains(secret))
        let (row, audit) = try await bed.store.read { reader in
            (
                try reader.accessKey(issued.accessKeyID),
                try reader.auditEntries(of: bed.caller().scope.account, limit: 9)
            )
        }
        let sealed = try #require(row).sealedSecret
        #expect(!String(decoding: sealed, as: UTF8.self).contains(secret))
        let context = AccessKeyRecord.sealingContext(accessKeyID: issued.accessKeyID)
        #expect(try bed.context.sealer.open(sealed, context: context) == Array(secret.utf8))
        #expect(audit.map(\.operation) == ["CreateKey"])
        #expect(audit.map(\.resource) == ["access-key/\(issued.accessKeyID)"])
    }

    @Test func `A policy that every installation has is attached by its name`() async throws {
        let bed = try await APITestBed()
        let name = "AWSCodePipeline_ReadOnlyAccess"
        _ = try await Self.create(
            bed,
            CreateKeyInput(principalName: "worker", policyDocument: Self.readPolicy, managedPolicyName: name))
        let managed = try #require(ManagedPolicies.source(named: name))
        #expect(try await Self.keys(bed).first?.policyDocuments == [managed, Self.readPolicy])
        let error = await #expect(throws: ServiceException.self) {
            try await Self.create(bed, CreateKeyInput(principalName: "worker", managedPolicyName: "Everything"))
        }
        #expect(error?.code == .resourceNotFound)
        #expect(error?.message.contains(name) == true)
    }

    @Test func `A policy that cannot be evaluated is refused, with the reason`() async throws {
        let bed = try await APITestBed()
        let policy = #"{"Statement":[{"Effect":"Maybe","Action":"s3:*","Resource":"*"}]}"#
        await #expect(
            throws: ServiceException(
                .validation, "The policy document is refused: Statement 1: Effect must be Allow or Deny.")
        ) { try await Self.create(bed, CreateKeyInput(principalName: "worker", policyDocument: policy)) }
    }

    @Test func `An administrator's key has no policy`() async throws {
        let bed = try await APITestBed()
        _ = try await Self.create(bed, CreateKeyInput(principalName: "boss", administrator: true))
        #expect(try await Self.keys(bed).map(\.administrator) == [true])
        let both = CreateKeyInput(principalName: "boss", administrator: true, policyDocument: Self.readPolicy)
        #expect(try await Self.code { _ = try await Self.create(bed, both) } == .validation)
    }

    @Test func `No policy lets a user make or disable administrators' keys`() async throws {
        let bed = try await APITestBed()
        let ben = TestIdentity.user(allowed: ["penstock:*"])
        let boss = CreateKeyInput(principalName: "boss", administrator: true)
        #expect(try await Self.code { _ = try await Self.create(bed, boss, as: ben) } == .accessDenied)
        let key = try await Self.create(bed, boss)
        #expect(try await Self.code { try await Self.disable(bed, key.accessKeyID, as: ben) } == .accessDenied)
        #expect(try await Self.keys(bed).map(\.disabled) == [false])
    }

    @Test func `The operator's administrators make, see and disable keys of a partner's account`() async throws {
        let bed = try await APITestBed()
        let input = CreateKeyInput(principalName: "worker", accountID: Self.partnerAccount, administrator: true)
        let key = try await Self.create(bed, input, as: Self.operating)
        #expect(key.accountID == Self.partnerAccount)
        #expect(try await Self.keys(bed, as: .partner).map(\.accessKeyID) == [key.accessKeyID])
        #expect(try await Self.keys(bed, of: Self.partnerAccount, as: Self.operating).count == 1)
        #expect(try await Self.keys(bed, as: Self.operating) == [])
        try await Self.disable(bed, key.accessKeyID, as: Self.operating)
        #expect(try await Self.keys(bed, as: .partner).map(\.disabled) == [true])
    }

    @Test func `Nobody else reaches another account's keys`() async throws {
        let bed = try await APITestBed()
        let key = try await Self.create(bed, as: .partner).accessKeyID
        let input = CreateKeyInput(principalName: "worker", accountID: Self.partnerAccount)
        let user = TestIdentity.user("otto", in: .default, allowed: ["penstock:*"])
        for identity in [TestIdentity.customer, user] {
            #expect(try await Self.code { _ = try await Self.create(bed, input, as: identity) } == .accessDenied)
            #expect(
                try await Self.code { _ = try await Self.keys(bed, of: Self.partnerAccount, as: identity) }
                    == .accessDenied)
            await #expect(throws: Self.notFound(key, identity)) { try await Self.disable(bed, key, as: identity) }
        }
        #expect(try await Self.keys(bed, as: .partner).map(\.disabled) == [false])
        #expect(try await Self.keys(bed, of: TestIdentity.partner.account.rawValue, as: .partner).count == 1)
    }

    @Test func `A key that is disabled stays so, and one that does not exist is named`() async throws {
        let bed = try await APITestBed()
        let key = try await Self.create(bed).accessKeyID
        try await Self.disable(bed, key)
        try await Self.disable(bed, key)
        #expect(try await Self.keys(bed).map(\.disabled) == [true])
        let audit = try await bed.store.read { try $0.auditEntries(of: bed.caller().scope.account, limit: 9) }
        #expect(audit.map(\.operation) == ["DisableKey", "CreateKey"])
        let unknown = "AKIAAAAAAAAAAAAAAAAA"
        await #expect(throws: Self.notFound(unknown, .customer)) { try await Self.disable(bed, unknown) }
    }

    @Test func `The operator's last administrator keeps the key`() async throws {
        let bed = try await APITestBed()
        let boss = CreateKeyInput(principalName: "boss", administrator: true)
        let first = try await Self.create(bed, boss, as: Self.operating).accessKeyID
        #expect(try await Self.code { try await Self.disable(bed, first, as: Self.operating) } == .conflict)
        let second = try await Self.create(bed, boss, as: Self.operating).accessKeyID
        try await Self.disable(bed, first, as: Self.operating)
        #expect(try await Self.code { try await Self.disable(bed, second, as: Self.operating) } == .conflict)
    }

    @Test func `An account has so many keys and no more`() async throws {
        var settings = RuntimeSettings()
        settings.maximumAccessKeys = 2
        let bed = try await APITestBed(settings: settings)
        for _ in 0..<2 { _ = try await Self.create(bed) }
        await #expect(
            throws: ServiceException(
                .limitExceeded, "Account '111111111111' has exceeded the limit of 2 access keys")
        ) { try await Self.create(bed) }
        _ = try await Self.create(bed, as: .otherCustomer)
    }

    @Test func `Pages together hold every key once`() async throws {
        let bed = try await APITestBed()
        var ids: Set<String> = []
        for _ in 0..<3 { ids.insert(try await Self.create(bed).accessKeyID) }
        var input = ListKeysInput(maxResults: 2)
        let first = try await bed.administer(Administration.ListKeys.self, input)
        #expect(first.nextToken != nil)
        input.nextToken = first.nextToken
        let second = try await bed.administer(Administration.ListKeys.self, input)
        #expect(first.keys?.count == 2)
        #expect(second.nextToken == nil)
        #expect(Set(((first.keys ?? []) + (second.keys ?? [])).compactMap(\.accessKeyID)) == ids)
    }

    @Test func `Servers are told that access changed`() async throws {
        let bed = try await APITestBed()
        let told = Mutex<[AccountID]>([])
        bed.store.observe { signal in
            if case .accessChanged(let account) = signal { told.withLock { $0.append(account) } }
        }
        let key = try await Self.create(bed).accessKeyID
        try await Self.disable(bed, key)
        let account = TestIdentity.customer.account
        #expect(told.withLock { $0 } == [account, account])
    }
}
