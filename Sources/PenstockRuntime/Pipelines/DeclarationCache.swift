// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
package import PenstockModel
package import PenstockStore
import Synchronization

/// Versions of declarations, which never change and are asked for at every step.
package final class DeclarationCache: Sendable {
    /// How many versions are kept.
    package static let capacity = 1024

    private struct Key: Hashable {
        var id: PipelineID
        var version: Int
    }

    private let rows = Mutex(OrderedDictionary<Key, PipelineVersionRow>())

    package init() {}

    /// The version, from memory or from the reader.
    package func version(_ version: Int, of id: PipelineID, in reader: any StoreReader) throws -> PipelineVersionRow? {
        let key = Key(id: id, version: version)
        if let row = self.rows.withLock({ $0[key] }) { return row }
        guard let row = try reader.pipelineVersion(version, of: id) else { return nil }
        self.rows.withLock { rows in
            if rows.count >= Self.capacity { rows.removeFirst() }
            rows[key] = row
        }
        return row
    }

    /// Forgets a version whose transaction may have been rolled back after it was read.
    package func forget(_ version: Int, of id: PipelineID) {
        _ = self.rows.withLock { $0.removeValue(forKey: Key(id: id, version: version)) }
    }
}
