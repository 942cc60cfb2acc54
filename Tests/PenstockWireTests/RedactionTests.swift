// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

@Suite struct RedactionTests {
    @Test func `Credentials do not show in any description`() {
        let credentials = AWSSessionCredentials(
            accessKeyID: "AKIA-secret", secretAccessKey: "secret-key", sessionToken: "secret-token")
        #expect(Self.descriptions(of: credentials).allSatisfy { !$0.contains("secret-") && !$0.contains("AKIA") })
        #expect(credentials.secretAccessKey.exposed == "secret-key")
    }

    @Test func `Configurations show their keys alone, at any depth`() {
        let action = ActionDeclaration(
            name: "a", actionTypeID: ActionTypeID(category: .source, owner: .thirdParty, provider: "p", version: "1"),
            configuration: ["OAuthToken": "hidden-value"])
        let stage = StageDeclaration(name: "s", actions: [action])
        for description in Self.descriptions(of: stage) {
            #expect(!description.contains("hidden-value"))
            #expect(description.contains("OAuthToken"))
        }
    }

    @Test func `Client tokens and webhook secrets do not show`() {
        let job = AcknowledgeThirdPartyJobInput(jobID: "j", nonce: "1", clientToken: "hidden-token")
        let webhook = WebhookAuthConfiguration(secretToken: "hidden-token")
        #expect((Self.descriptions(of: job) + Self.descriptions(of: webhook)).allSatisfy { !$0.contains("hidden") })
        #expect(
            String(decoding: WireWriter.write(webhook), as: UTF8.self) == #"{"SecretToken":"hidden-token"}"#)
    }

    @Test func `A wrong type does not repeat the value`() {
        let body = #"{"jobId":"j","nonce":"1","clientToken":["hidden"]}"#
        #expect {
            try Operations.AcknowledgeThirdPartyJob.decodeInput(Array(body.utf8))
        } throws: { error in
            Self.descriptions(of: error).allSatisfy { !$0.contains("hidden") }
        }
    }

    private static func descriptions(of value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        return [String(describing: value), String(reflecting: value), dumped]
    }
}
