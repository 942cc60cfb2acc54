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

    /// Of many interleaved attempts the fastest of each kind: what a busy machine adds to some of them does not count.
    @Test func `Refusing an unknown key takes as long as refusing a wrong signature, cached or not`() throws {
        let (known, unknown) = (Self.credentials(1), Self.credentials(2))
        let cache = SigningKeyCache()
        #expect(Self.tryVerifying(known, key: .active(known.secretAccessKey), cache: cache) == nil)
        let forged = SigningCredentials(accessKeyID: "AKID1", secretAccessKey: SecretAccessKey("forged"))
        let uncached = Self.credentials(3)
        let attempts: [(request: SignableRequest, key: AccessKeyLookup)] = [
            (signedAPIRequest(credentials: unknown), .unknown),
            (signedAPIRequest(credentials: forged), .active(known.secretAccessKey)),
            (signedAPIRequest(credentials: Self.credentials(3, secret: "forged")), .active(uncached.secretAccessKey)),
        ]
        let refusals = attempts.map { refusal($0.request, key: $0.key) }
        #expect(refusals == [.unknownAccessKey, .signatureMismatch, .signatureMismatch])
        let verifier = Verifier(policy: .api(), cache: cache)
        let hash = PayloadHash(of: "{}".utf8)
        let authorizations = try attempts.map { try ParsedAuthorization($0.request) }
        var fastest = attempts.map { _ in Duration.seconds(1) }
        for _ in 0..<500 {
            for (index, (request, key)) in attempts.enumerated() {
                let time = ContinuousClock().measure {
                    let checked = try? verifier.check(authorizations[index], of: request, at: noon)
                    _ = try? checked.map { try verifier.verify($0, bodyHash: hash, key: key) }
                }
                fastest[index] = min(fastest[index], time)
            }
        }
        let (least, most) = (try #require(fastest.min()), try #require(fastest.max()))
        #expect(most / least < 1.15, "unknown key, forged with a cached key, forged without: \(fastest)")
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
