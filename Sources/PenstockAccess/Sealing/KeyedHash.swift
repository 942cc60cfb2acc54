// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// Hashes of client tokens, which are checked but never read again.
///
/// Keyed, so that a copy of the database is no help in guessing a short token.
package struct KeyedHash: Sendable {
    /// The length of a hash.
    package static let byteCount = 32

    private let key: SymmetricKey

    package init(masterKey: MasterKey) {
        self.key = masterKey.derive(.clientTokens)
    }

    /// The hash to store; the context says what the token belongs to, and must be given again to check it.
    package func hash(_ token: String, context: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Self.message(token, context), using: self.key))
    }

    /// Whether the hash was made from this token; takes the same time wherever they differ.
    package func matches(_ token: String, hash: [UInt8], context: String) -> Bool {
        HMAC<SHA256>.isValidAuthenticationCode(hash, authenticating: Self.message(token, context), using: self.key)
    }

    private static func message(_ token: String, _ context: String) -> [UInt8] {
        Array("\(context.utf8.count):\(context)\(token)".utf8)
    }
}
