// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The key that signs within one scope, derived from a secret by four rounds of HMAC.
package struct SigningKey: Sendable {
    /// The key taken in, ready for a text: that is half of the work of signing one.
    private let keyed: HMAC<SHA256>

    /// Derives the key: `AWS4` and the secret, then date, region, service and terminator.
    package init(secret: SecretAccessKey, scope: CredentialScope) {
        var key = SymmetricKey(data: Array("AWS4".utf8) + Array(secret.revealed.utf8))
        for part in [scope.date, scope.region, scope.service, CredentialScope.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.keyed = HMAC(key: key)
    }

    /// The signature of a string to sign, as 64 hexadecimal digits.
    package func signature(of text: StringToSign) -> [UInt8] {
        var keyed = self.keyed
        keyed.update(data: text.bytes)
        return Hex.encode(keyed.finalize())
    }
}
