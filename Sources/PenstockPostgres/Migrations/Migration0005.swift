// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// How far polling is, of objects whose stores do not tell of changes.
    static let polling = Migration(
        version: 5,
        sql: """
            ALTER TABLE source_watch ADD COLUMN poll_due bigint;
            ALTER TABLE source_watch ADD COLUMN looked_at bigint;
            ALTER TABLE source_watch ADD COLUMN poll_failure bytea;
            CREATE INDEX source_watch_polled ON source_watch (poll_due, pipeline, action)
                WHERE poll_due IS NOT NULL AND polls AND disabled_at IS NULL;
            """
    )
}
