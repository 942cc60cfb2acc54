// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockTesting
import PenstockWire
import Testing

/// Access keys from their creation to their end, with requests that they sign.
struct AccessKeyTests {
    private static let partnerAccount = "111122223333"

    private static func client(_ key: IssuedKey, of server: TestServer) -> CodePipelineClient {
        var configuration = server.clientConfiguration
        configuration.credentials = StaticCredentials(
            SigningCredentials(
                accessKeyID: key.accessKeyID,
                secretAccessKey: SecretAccessKey(key.secretAccessKey.exposed)))
        return CodePipelineClient(configuration: configuration)
    }

    @Test func `A key of a partner's account signs at once, for its own account alone, until it is disabled`()
        async throws
    {
        try await TestServer.run { server in
            let customer = CodePipelineClient(configuration: server.clientConfiguration)
            let input = CreateKeyInput(
                principalName: "partner", accountID: Self.partnerAccount, administrator: true)
            let partner = Self.client(try await customer.administer(Administration.CreateKey.self, input), of: server)
            let keys = try await partner.administer(Administration.ListKeys.self, ListKeysInput()).keys ?? []
            #expect(keys.map(\.principalName) == ["partner"])
            let id = try #require(keys.first?.accessKeyID)
            try await customer.administer(Administration.DisableKey.self, DisableKeyInput(accessKeyID: id))
            let error = await #expect(throws: ListPipelinesError.self) { try await partner.listPipelines() }
            #expect(error?.serviceError?.code == .unrecognizedClient)
        }
    }

    @Test func `A key may do what its policy allows, and nothing without one`() async throws {
        try await TestServer.run { server in
            let customer = CodePipelineClient(configuration: server.clientConfiguration)
            let reading = CreateKeyInput(
                principalName: "reader", managedPolicyName: "AWSCodePipeline_ReadOnlyAccess")
            let reader = Self.client(try await customer.administer(Administration.CreateKey.self, reading), of: server)
            #expect(try await reader.listPipelines().pipelines == [])
            await #expect(throws: CallError.self) {
                try await reader.administer(Administration.ListKeys.self, ListKeysInput())
            }
            let nothing = CreateKeyInput(principalName: "nobody")
            let nobody = Self.client(try await customer.administer(Administration.CreateKey.self, nothing), of: server)
            let error = await #expect(throws: ListPipelinesError.self) { try await nobody.listPipelines() }
            #expect(error?.serviceError?.code == .accessDenied)
        }
    }

    @Test func `The first administrator's key is listed, and cannot be disabled as the last one`() async throws {
        try await TestServer.run { server in
            let customer = CodePipelineClient(configuration: server.clientConfiguration)
            let keys = try await customer.administer(Administration.ListKeys.self, ListKeysInput()).keys ?? []
            #expect(keys.map(\.accessKeyID) == [server.credentials.accessKeyID])
            #expect(keys.map(\.administrator) == [true])
            let input = DisableKeyInput(accessKeyID: server.credentials.accessKeyID)
            do {
                try await customer.administer(Administration.DisableKey.self, input)
                Issue.record("the key was disabled")
            } catch CallError.refused(let refusal) {
                #expect(refusal.code == .conflict)
            }
        }
    }
}
