// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Rows that stand for keys of objects where these are locked: see ``KeyLock``.
    static let keyLocks = Migration(
        version: 8,
        sql: """
            CREATE TABLE penstock_key_lock (number bigint PRIMARY KEY);
            INSERT INTO penstock_key_lock SELECT * FROM generate_series(0, 4095);
            """
    )
}
