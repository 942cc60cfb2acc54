// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto

/// The key that signs within one scope, derived from a secret by four rounds of HMAC.
package struct SigningKey: Sendable {
    private let key: SymmetricKey

    /// Derives the key: `AWS4` and the secret, then date, region, service and terminator.
    package init(secret: SecretAccessKey, scope: CredentialScope) {
        var key = SymmetricKey(data: Array("AWS4".utf8) + Array(secret.revealed.utf8))
        for part in [scope.date, scope.region, scope.service, CredentialScope.terminator] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        self.key = key
    }

    /// The signature of a string to sign, as 64 hexadecimal digits.
    package func signature(of text: StringToSign) -> [UInt8] {
        Hex.encode(HMAC<SHA256>.authenticationCode(for: text.bytes, using: self.key))
    }
}
