// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The secret half of an access key; it prints as a placeholder wherever it is shown.
///
/// Equality compares fingerprints, so that comparing two secrets never walks their characters.
public struct SecretAccessKey: Sendable, Hashable {
    /// The secret itself, for the derivation of keys and for sealing at rest; never for a log or an error.
    package let revealed: String

    /// SHA-256 of the secret: tells two secrets of one access key id apart without holding either.
    package let fingerprint: PayloadHash

    /// Wraps a secret as the account's owner was given it.
    public init(_ secret: String) {
        self.revealed = secret
        self.fingerprint = PayloadHash(of: secret.utf8)
    }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.fingerprint == rhs.fingerprint
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.fingerprint)
    }
}

extension SecretAccessKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same placeholder.
    public var description: String { "<redacted>" }

    /// Always the same placeholder.
    public var debugDescription: String { "<redacted>" }

    /// Without children, so that `dump` shows nothing either.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What a client signs with: an access key and, when the key is temporary, the token it was issued with.
public struct SigningCredentials: Sendable, Hashable {
    /// The public half of the key, sent with each request.
    public var accessKeyID: String

    /// The half that never leaves the client.
    public var secretAccessKey: SecretAccessKey

    /// The token of temporary credentials; it is sent and signed with each request.
    public var sessionToken: String?

    /// Makes credentials; without a token they are long-lived ones.
    public init(accessKeyID: String, secretAccessKey: SecretAccessKey, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}

extension SigningCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The access key id alone: a session token is as good as a secret.
    public var description: String { "SigningCredentials(\(self.accessKeyID))" }

    /// The access key id alone.
    public var debugDescription: String { self.description }

    /// Shows the access key id alone.
    public var customMirror: Mirror { Mirror(self, children: ["accessKeyID": self.accessKeyID]) }
}
