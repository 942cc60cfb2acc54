// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A long-lived access key as the store keeps it: everything that a request signed with it needs.
package struct AccessKeyRecord: Sendable, Hashable {
    package var accessKeyID: String
    /// The secret, sealed by ``Sealer`` under ``sealingContext(accessKeyID:)``.
    package var sealedSecret: [UInt8]
    package var account: AccountID
    package var principalName: String
    /// Only the key that a first start makes, and those that an administrator makes as such.
    package var isAdministrator: Bool
    /// Ignored for an administrator.
    package var policies: [PolicyDocument]
    package var createdAt: Timestamp
    /// A disabled key is answered like an unknown one.
    package var isDisabled: Bool

    package init(
        accessKeyID: String,
        sealedSecret: [UInt8],
        account: AccountID,
        principalName: String,
        isAdministrator: Bool,
        policies: [PolicyDocument],
        createdAt: Timestamp,
        isDisabled: Bool = false
    ) {
        self.accessKeyID = accessKeyID
        self.sealedSecret = sealedSecret
        self.account = account
        self.principalName = principalName
        self.isAdministrator = isAdministrator
        self.policies = policies
        self.createdAt = createdAt
        self.isDisabled = isDisabled
    }

    /// The context under which a key's secret is sealed, so that the secret of one key never opens as another's.
    package static func sealingContext(accessKeyID: String) -> String { "access-key/\(accessKeyID)" }

    /// Who a request signed with this key comes from.
    package var principal: Principal {
        Principal(
            account: self.account,
            name: self.principalName,
            kind: self.isAdministrator ? .administrator : .user(policies: self.policies)
        )
    }
}

/// Where access keys are looked up; the server adapts the store to it.
package protocol AccessKeyDirectory: Sendable {
    /// The key, disabled ones included; `nil` when there is none with this id.
    func accessKey(_ accessKeyID: String) async throws -> AccessKeyRecord?
}

/// New access keys, in the forms that AWS tools expect.
package enum AccessKeyGenerator {
    /// The first four characters of a long-lived key's id.
    package static let keyPrefix = "AKIA"
    /// The first four characters of a session's key id; nothing else may start so.
    package static let sessionPrefix = "ASIA"

    /// Twenty characters: the prefix and 80 random bits in base 32.
    package static func makeKeyID(
        prefix: String = keyPrefix,
        using generator: inout some RandomNumberGenerator
    ) -> String {
        var key = prefix
        // Sixteen digits of five bits are taken from two numbers: each that is asked for may cost a system call.
        for _ in 0..<2 {
            var bits = generator.next()
            for _ in 0..<8 {
                key.unicodeScalars.append(Unicode.Scalar(Self.alphabet[Int(bits & 31)]))
                bits >>= 5
            }
        }
        return key
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)

    /// Forty characters: 240 random bits.
    package static func makeSecret(using generator: inout some RandomNumberGenerator) -> String {
        Base64URL.encode((0..<30).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}
