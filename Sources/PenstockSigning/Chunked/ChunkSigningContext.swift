// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The link between a request's signature and those of the chunks of its body.
package struct ChunkSigningContext: Sendable {
    let key: SigningKey
    let scope: CredentialScope
    let time: SigningTime

    /// The request's own signature: the first chunk's signature covers it.
    let seedSignature: [UInt8]

    /// The signature of a chunk with the given hash, chained to the one before it.
    func chunkSignature(of hash: SHA256Digest, after previous: [UInt8]) -> [UInt8] {
        self.key.signature(
            of: StringToSign(
                algorithm: "AWS4-HMAC-SHA256-PAYLOAD", at: self.time, scope: self.scope, previousSignature: previous,
                hashes: [Self.emptyHash, hash]))
    }

    /// The signature of a trailer in its canonical form, chained to the last chunk's.
    func trailerSignature(of trailer: [UInt8], after previous: [UInt8]) -> [UInt8] {
        self.key.signature(
            of: StringToSign(
                algorithm: "AWS4-HMAC-SHA256-TRAILER", at: self.time, scope: self.scope, previousSignature: previous,
                hashes: [SHA256.hash(data: trailer)]))
    }

    private static let emptyHash = SHA256.hash(data: [UInt8]())
}
