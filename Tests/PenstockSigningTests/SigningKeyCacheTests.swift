// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockSigning
import Testing

struct SigningKeyCacheTests {
    private static func credentials(_ number: Int, secret: String = "secret") -> SigningCredentials {
        SigningCredentials(accessKeyID: "AKID\(number)", secretAccessKey: SecretAccessKey(secret))
    }

    private static func tryVerifying(
        _ signer: SigningCredentials, key: AccessKeyLookup, cache: SigningKeyCache
    ) -> AuthenticationError? {
        do {
            try verify(signedAPIRequest(credentials: signer), key: key, cache: cache)
            return nil
        } catch {
            return error
        }
    }

    @Test func `Only a verified signature fills the cache, and only once`() {
        let cache = SigningKeyCache()
        let credentials = Self.credentials(1)
        let wrong = AccessKeyLookup.active(SecretAccessKey("another"))
        #expect(Self.tryVerifying(credentials, key: wrong, cache: cache) == .signatureMismatch)
        #expect(Self.tryVerifying(credentials, key: .unknown, cache: cache) == .unknownAccessKey)
        #expect(cache.count == 0)
        for _ in 0..<3 {
            #expect(Self.tryVerifying(credentials, key: .active(credentials.secretAccessKey), cache: cache) == nil)
            #expect(cache.count == 1)
        }
    }

    @Test func `A key that is rotated or gone is not served from the cache`() {
        let cache = SigningKeyCache()
        let old = Self.credentials(1)
        #expect(Self.tryVerifying(old, key: .active(old.secretAccessKey), cache: cache) == nil)
        let rotated = AccessKeyLookup.active(SecretAccessKey("rotated"))
        #expect(Self.tryVerifying(old, key: rotated, cache: cache) == .signatureMismatch)
        #expect(Self.tryVerifying(old, key: .unknown, cache: cache) == .unknownAccessKey)
    }

    @Test func `However many keys sign, the cache stays within its capacity`() {
        let cache = SigningKeyCache(capacity: 8)
        for round in 0..<2 {
            for number in 0..<50 {
                let credentials = Self.credentials(number)
                let refused = Self.tryVerifying(credentials, key: .active(credentials.secretAccessKey), cache: cache)
                #expect(refused == nil, "round \(round)")
                #expect(cache.count <= 8)
            }
        }
        #expect(cache.count > 0)
    }
}
