// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// Hashes of client tokens, which are checked but never read again.
///
/// Keyed, so that a copy of the database is no help in guessing a short token.
package struct KeyedHash: Sendable {
    /// The length of a hash.
    package static let byteCount = 32

    /// The key taken in, ready for a message: that is half of the work of a short one.
    private let keyed: HMAC<SHA256>

    package init(masterKey: MasterKey) {
        self.keyed = HMAC(key: masterKey.derive(.clientTokens))
    }

    /// The hash to store; the context says what the token belongs to, and must be given again to check it.
    package func hash(_ token: String, context: String) -> [UInt8] {
        Array(self.code(of: token, context))
    }

    /// Whether the hash was made from this token; takes the same time wherever they differ.
    package func matches(_ token: String, hash: [UInt8], context: String) -> Bool {
        // The comparison of a code takes the same time for all bytes of equal number.
        self.code(of: token, context) == hash
    }

    private func code(of token: String, _ context: String) -> HMAC<SHA256>.MAC {
        var keyed = self.keyed
        keyed.update(data: Self.message(token, context))
        return keyed.finalize()
    }

    private static func message(_ token: String, _ context: String) -> [UInt8] {
        Array("\(context.utf8.count):\(context)\(token)".utf8)
    }
}
