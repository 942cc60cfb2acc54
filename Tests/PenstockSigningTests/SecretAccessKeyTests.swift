// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockSigning
import Testing

struct SecretAccessKeyTests {
    @Test func `A secret shows itself nowhere`() {
        let credentials = SigningCredentials(
            accessKeyID: "AKID", secretAccessKey: SecretAccessKey("hush-hush"), sessionToken: "token-token")
        var shown = "\(credentials) \(credentials.secretAccessKey) \(String(reflecting: credentials)) "
        dump(credentials, to: &shown)
        dump(credentials.secretAccessKey, to: &shown)
        dump(AccessKeyLookup.active(credentials.secretAccessKey), to: &shown)
        #expect(!shown.contains("hush"))
        #expect(!shown.contains("token-token"))
        #expect(shown.contains("AKID"))
    }

    @Test func `Secrets are equal when their characters are`() {
        #expect(SecretAccessKey("one") == SecretAccessKey("one"))
        #expect(SecretAccessKey("one") != SecretAccessKey("two"))
    }
}
