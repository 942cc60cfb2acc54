// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// The one secret from which every other key of the service is derived.
///
/// It seals secrets at rest, page tokens and session tokens, so replicas that share a database share it. Reading its
/// file or environment variable is the server's job; this type only holds it, and never shows it.
package struct MasterKey: Sendable {
    /// The only accepted length.
    package static let byteCount = 32

    /// What a derived key is for; keys of different purposes are independent.
    package enum Purpose: String, Sendable, CaseIterable {
        case sealing, pageTokens, sessionTokens, sessionSecrets, clientTokens, checkValue
    }

    private let key: SymmetricKey

    /// `nil` unless there are exactly ``byteCount`` bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    /// The bytes of a new key, for the server to write to its file.
    package static func generateBytes(using generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<Self.byteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    func derive(_ purpose: Purpose) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: self.key,
            info: Array("penstock/v1/\(purpose.rawValue)".utf8),
            outputByteCount: Self.byteCount
        )
    }

    /// A value to keep beside sealed data: a server whose key gives another value must not start on that data.
    ///
    /// It says nothing about the key itself.
    package var checkValue: String {
        let code = HMAC<SHA256>.authenticationCode(for: Array("check".utf8), using: self.derive(.checkValue))
        return Base64URL.encode(Array(code.prefix(15)))
    }
}

extension MasterKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<master key>" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
