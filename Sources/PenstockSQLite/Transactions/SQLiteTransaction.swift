// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

/// One transaction on one connection, used by the one thread that runs its body. Its connection holds all locks, so
/// that locking a row is reading it.
final class SQLiteTransaction: StoreTransaction {
    let connection: SQLiteConnection
    private(set) var signals: [StoreSignal] = []

    init(_ connection: SQLiteConnection) { self.connection = connection }

    func signal(_ signal: StoreSignal) { self.signals.append(signal) }

    /// What the schema would refuse, found without it.
    func constraint(_ message: String) -> StoreError { StoreError(.constraint, message) }
}
