// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// What an HTTP endpoint knows that events are ours by. It prints as a placeholder wherever it is shown.
///
/// Source: Standard Webhooks specification, version 1.
package struct WebhookSecret: Sendable {
    /// Shorter secrets can be guessed.
    package static let minimumBytes = 16
    private static let prefix = "whsec_"

    private let key: SymmetricKey

    /// - Parameter text: `whsec_` followed by base64, or the characters of the secret themselves.
    /// - Returns: `nil` when it is no base64 behind the prefix, or shorter than ``minimumBytes``.
    package init?(_ text: String) {
        let bytes: [UInt8]
        if text.hasPrefix(Self.prefix) {
            guard let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))) else { return nil }
            bytes = Array(data)
        } else {
            bytes = Array(text.utf8)
        }
        guard bytes.count >= Self.minimumBytes else { return nil }
        self.key = SymmetricKey(data: bytes)
    }

    /// The value of `webhook-signature`: `v1,` and the HMAC-SHA256, in base64, of id, time and body with dots between.
    package func signature(id: String, secondsSinceEpoch: Int64, body: [UInt8]) -> String {
        var authentication = HMAC<SHA256>(key: self.key)
        authentication.update(data: Array("\(id).\(secondsSinceEpoch).".utf8))
        authentication.update(data: body)
        return "v1," + Data(authentication.finalize()).base64EncodedString()
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same placeholder.
    package var description: String { "<redacted>" }

    /// Always the same placeholder.
    package var debugDescription: String { "<redacted>" }

    /// Without children, so that `dump` shows nothing either.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
