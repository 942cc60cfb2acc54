// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// When executions ended, by which they are forgotten. Of those that ended before this step it is not known without
    /// reading each, and they count as ended now.
    static let retention = Migration(
        version: 4,
        sql: """
            ALTER TABLE archived_execution ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
            UPDATE archived_execution SET ended_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000;
            CREATE INDEX archived_execution_by_end ON archived_execution (ended_at, id);
            """
    )
}
