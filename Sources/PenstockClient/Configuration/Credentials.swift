// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockSigning

/// Where a client gets what it signs with; it is asked before every attempt.
public protocol CredentialProvider: Sendable {
    /// The credentials of this moment.
    func credentials() async throws(CredentialsError) -> SigningCredentials

    /// Takes note that a service called these credentials expired.
    ///
    /// - Returns: Whether asking again may bring others, in which case the call is sent once more. By default it may not.
    func discard(_ expired: SigningCredentials) async -> Bool
}

extension CredentialProvider {
    public func discard(_ expired: SigningCredentials) async -> Bool { false }
}

/// Why there are no credentials or no region.
public struct CredentialsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was looked for and where; never a secret.
    public var message: String

    /// Creates an error.
    public init(_ message: String) {
        self.message = message
    }

    /// The message.
    public var description: String { self.message }
}

/// Credentials that do not change.
public struct StaticCredentials: CredentialProvider {
    private let value: SigningCredentials

    /// Wraps credentials.
    public init(_ value: SigningCredentials) {
        self.value = value
    }

    public func credentials() async throws(CredentialsError) -> SigningCredentials {
        self.value
    }
}
