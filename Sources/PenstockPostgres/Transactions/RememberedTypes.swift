// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Synchronization

/// Definitions of action types that transactions have read. Who uses one has the database compare it in the same
/// transaction, which costs no round trip: see ``PostgresTransaction/jobType(_:in:)``.
final class RememberedTypes: Sendable {
    /// How many are kept; when there are more, all are forgotten.
    static let capacity = 1024

    struct Key: Hashable {
        var region: Region
        /// The account, or what stands for it.
        var holder: String
        var id: ActionTypeID
    }

    struct Entry {
        /// As the database has it.
        var stored: [UInt8]
        var definition: ActionTypeDefinition
    }

    private let entries = Mutex<[Key: Entry]>([:])

    func entry(_ key: Key) -> Entry? { self.entries.withLock { $0[key] } }

    func keep(_ entry: Entry, as key: Key) {
        self.entries.withLock { entries in
            if entries[key] == nil, entries.count >= Self.capacity { entries = [:] }
            entries[key] = entry
        }
    }

    func forget(_ key: Key) { self.entries.withLock { $0[key] = nil } }
}
