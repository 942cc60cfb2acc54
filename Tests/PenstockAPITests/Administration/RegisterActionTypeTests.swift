// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

struct RegisterActionTypeTests {
    private static func register(
        _ bed: APITestBed,
        _ declaration: ActionTypeDeclaration,
        as identity: TestIdentity = .partner
    ) async throws {
        let input = UpdateActionTypeInput(actionType: declaration)
        try await bed.administer(Administration.RegisterActionType.self, input, as: identity)
    }

    @Test func `A type is registered as it is declared, for the accounts that it admits`() async throws {
        let bed = try await APITestBed()
        let declaration = ActionTypeDeclaration.sample(allowed: [TestIdentity.customer.account.rawValue])
        try await Self.register(bed, declaration)
        #expect(try await bed.sampleType() == declaration)
        #expect(try await bed.sampleType(as: .customer) == declaration)
        let error = await #expect(throws: ServiceException.self) { try await bed.sampleType(as: .otherCustomer) }
        #expect(error?.code == .actionTypeNotFound)
    }

    @Test func `Whoever has the right may register, and register again what changed`() async throws {
        let bed = try await APITestBed()
        let user = TestIdentity.user(in: TestIdentity.partner.account, allowed: ["penstock:RegisterActionType"])
        try await Self.register(bed, .sample(), as: user)
        let changed = ActionTypeDeclaration.sample(allowed: nil, properties: [.sample("Depth", optional: true)])
        try await Self.register(bed, changed, as: user)
        #expect(try await bed.sampleType() == changed)
    }

    @Test func `A type of another account is left alone`() async throws {
        let bed = try await APITestBed()
        try await Self.register(bed, .sample())
        let error = await #expect(throws: ServiceException.self) {
            try await Self.register(bed, .sample(allowed: nil), as: .stranger)
        }
        #expect(error?.code == .actionTypeNotFound)
        #expect(try await bed.sampleType() == .sample())
    }

    @Test func `What would break a pipeline needs a new version`() async throws {
        let bed = try await APITestBed()
        try await Self.register(bed, .sample())
        await #expect(
            throws: ServiceException(
                .requestFailed, "The request failed: the new property 'Host' must be optional")
        ) {
            try await Self.register(bed, .sample(properties: [.sample("Host", optional: false)]))
        }
    }

    @Test func `The rules of action types hold`() async throws {
        let bed = try await APITestBed()
        var declaration = ActionTypeDeclaration.sample()
        declaration.urls?.executionURLTemplate = "https://prober.example/{Config:Nothing}"
        let broken = declaration
        let error = await #expect(throws: ServiceException.self) { try await Self.register(bed, broken) }
        #expect(error?.code == .validation)
    }

    @Test func `A type is registered in the region of the call`() async throws {
        let bed = try await APITestBed()
        let input = UpdateActionTypeInput(actionType: .sample())
        let frankfurt = try #require(Region("eu-central-1"))
        try await bed.administer(Administration.RegisterActionType.self, input, as: .partner, region: frankfurt)
        let error = await #expect(throws: ServiceException.self) { try await bed.sampleType() }
        #expect(error?.code == .actionTypeNotFound)
    }
}
