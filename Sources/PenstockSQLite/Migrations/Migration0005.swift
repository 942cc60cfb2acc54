// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// How far polling is, of objects whose stores do not tell of changes.
    static let polling = Migration(
        version: 5,
        sql: """
            ALTER TABLE source_watch ADD COLUMN poll_due INTEGER;
            ALTER TABLE source_watch ADD COLUMN looked_at INTEGER;
            ALTER TABLE source_watch ADD COLUMN poll_failure BLOB;
            CREATE INDEX source_watch_polled ON source_watch (poll_due, pipeline, action)
                WHERE poll_due IS NOT NULL AND polls = 1 AND disabled_at IS NULL;
            """
    )
}
