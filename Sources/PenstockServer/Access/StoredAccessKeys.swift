// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockStore

/// Access keys as the store has them.
struct StoredAccessKeys: AccessKeyDirectory {
    let store: any Store

    func accessKey(_ accessKeyID: String) async throws -> AccessKeyRecord? {
        guard let row = try await self.store.read({ try $0.accessKey(accessKeyID) }) else { return nil }
        return AccessKeyRecord(
            accessKeyID: row.accessKeyID,
            sealedSecret: row.sealedSecret,
            account: row.account,
            principalName: row.principalName,
            isAdministrator: row.isAdministrator,
            // With one that this version does not take, the key has no rights at all: what it denies cannot be known.
            policies: (try? row.policies.map { try PolicyDocument(parsing: $0) }) ?? [],
            createdAt: row.created,
            isDisabled: row.isDisabled
        )
    }
}
