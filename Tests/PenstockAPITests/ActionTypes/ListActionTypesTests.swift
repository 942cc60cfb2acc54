// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

struct ListActionTypesTests {
    private static func list(_ bed: APITestBed, _ input: ListActionTypesInput) async throws -> ListActionTypesOutput {
        try await bed.call(Operations.ListActionTypes.self, input)
    }

    private static func manyTypes() async throws -> APITestBed {
        let bed = try await APITestBed()
        for number in 0..<101 {
            let id = PenstockModel.ActionTypeID(
                category: .build, owner: .custom, provider: "P\(1000 + number)", version: "1")
            try await bed.register(id)
        }
        return bed
    }

    @Test func `The service's own types are there from the beginning`() async throws {
        let types = try await Self.list(try await APITestBed(), ListActionTypesInput(actionOwnerFilter: .aws))
        let providers = Set(types.actionTypes.map(\.id.provider))
        #expect(providers.isSuperset(of: ["S3", "CodeBuild", "Lambda", "Manual", "CloudFormation", "Commands"]))
        #expect(types.actionTypes.allSatisfy { $0.id.owner == .aws })
    }

    @Test func `Pages together hold every type once`() async throws {
        let bed = try await Self.manyTypes()
        let first = try await Self.list(bed, ListActionTypesInput(actionOwnerFilter: .custom))
        let token = try #require(first.nextToken)
        let second = try await Self.list(bed, ListActionTypesInput(actionOwnerFilter: .custom, nextToken: token))
        #expect(first.actionTypes.count == 100)
        #expect(second.actionTypes.map(\.id.provider) == ["P1100"])
        #expect(second.nextToken == nil)
    }

    @Test func `A token holds for the filters that it was made with`() async throws {
        let bed = try await Self.manyTypes()
        let token = try await Self.list(bed, ListActionTypesInput(actionOwnerFilter: .custom)).nextToken
        await #expect(
            throws: ServiceException(.invalidNextToken, "The next token was specified in an invalid format")
        ) {
            try await Self.list(bed, ListActionTypesInput(nextToken: token))
        }
    }

    @Test func `Custom types are those of the region that is asked for`() async throws {
        let bed = try await APITestBed()
        try await bed.register()
        let here = ListActionTypesInput(actionOwnerFilter: .custom, regionFilter: "us-east-1")
        let there = ListActionTypesInput(actionOwnerFilter: .custom, regionFilter: "eu-west-1")
        #expect(try await Self.list(bed, here).actionTypes.map(\.id) == [.checker])
        #expect(try await Self.list(bed, there).actionTypes.isEmpty)
    }

    @Test func `Partners' types are listed for the accounts that may use them, as summaries`() async throws {
        let bed = try await APITestBed()
        let declaration = ActionTypeDeclaration.sample(
            allowed: ["111111111111"],
            properties: [.sample("Key", optional: false, noEcho: true)]
        )
        try await bed.call(
            Operations.UpdateActionType.self, UpdateActionTypeInput(actionType: declaration), as: .partner)
        let input = ListActionTypesInput(actionOwnerFilter: .thirdParty)
        let shown = try await Self.list(bed, input).actionTypes.first { $0.id.provider == "Prober" }
        #expect(shown?.settings?.thirdPartyConfigurationURL == "https://prober.example/connect")
        #expect(shown?.actionConfigurationProperties == [.sample("Key", secret: true)])
        let other = try await bed.call(Operations.ListActionTypes.self, input, as: .otherCustomer)
        #expect(!other.actionTypes.contains { $0.id.provider == "Prober" })
    }
}
