// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockModel
import PenstockSigning
import PenstockStore

/// The names of what the service remembers of its own first start.
package enum FirstStartSetting {
    /// The check value of the master key that everything is sealed under.
    package static let masterKeyCheck = "master-key-check"
    /// The id of the administrator's key.
    package static let accessKeyID = "administrator-access-key"
}

/// The key that a first start makes.
struct Administrator {
    private typealias Setting = FirstStartSetting

    let store: any Store
    let masterKey: MasterKey
    let account: AccountID

    /// Makes the key unless there is one, and checks that the master key is the one that the data was sealed under.
    ///
    /// - Returns: The key; `nil` once it has been disabled.
    /// - Throws: ``ServerError`` with code `.unusable` when the master key is another one.
    func prepare(at now: Timestamp) async throws -> SharedCredentials? {
        let known = try await self.store.read { try Self.knownKey(in: $0) }
        let key: KnownKey
        if let known { key = known } else { key = try await self.makeKey(at: now) }
        guard key.check == Array(self.masterKey.checkValue.utf8) else {
            throw ServerError(.unusable, "The master key is not the one that this data was sealed under.")
        }
        guard !key.row.isDisabled else { return nil }
        let secret = try Sealer(masterKey: self.masterKey)
            .open(
                key.row.sealedSecret,
                context: AccessKeyRecord.sealingContext(accessKeyID: key.row.accessKeyID)
            )
        return SharedCredentials(
            accessKeyID: key.row.accessKeyID,
            secretAccessKey: SecretAccessKey(String(decoding: secret, as: UTF8.self))
        )
    }

    private struct KnownKey: Sendable {
        var check: [UInt8]
        var row: AccessKeyRow
    }

    private static func knownKey(in reader: any StoreReader) throws -> KnownKey? {
        guard let check = try reader.setting(Setting.masterKeyCheck),
            let id = try reader.setting(Setting.accessKeyID),
            let row = try reader.accessKey(String(decoding: id, as: UTF8.self))
        else { return nil }
        return KnownKey(check: check, row: row)
    }

    /// The first of several servers that start at once makes the key; all have it afterwards.
    private func makeKey(at now: Timestamp) async throws -> KnownKey {
        let (masterKey, account) = (self.masterKey, self.account)
        return try await self.store.write { transaction in
            if let known = try Self.knownKey(in: transaction) { return known }
            var generator = SystemRandomNumberGenerator()
            let id = AccessKeyGenerator.makeKeyID(using: &generator)
            let secret = AccessKeyGenerator.makeSecret(using: &generator)
            let row = AccessKeyRow(
                accessKeyID: id,
                account: account,
                principalName: "administrator",
                isAdministrator: true,
                sealedSecret: try Sealer(masterKey: masterKey)
                    .seal(Array(secret.utf8), context: AccessKeyRecord.sealingContext(accessKeyID: id)),
                policies: [],
                created: now
            )
            let check = Array(masterKey.checkValue.utf8)
            guard try transaction.insertSetting(Setting.accessKeyID, Array(id.utf8)) else {
                // Another server was about to make it, and has by now.
                guard let known = try Self.knownKey(in: transaction) else {
                    throw StoreError(.corrupt, "the administrator's key is missing")
                }
                return known
            }
            try transaction.putAccessKey(row)
            try transaction.putSetting(Setting.masterKeyCheck, check)
            return KnownKey(check: check, row: row)
        }
    }
}
