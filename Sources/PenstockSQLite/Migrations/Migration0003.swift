// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// Events that wait for their targets, and those that no target took.
    ///
    /// None of it hangs on a pipeline's row: what was committed is delivered, even if the pipeline is deleted meanwhile.
    static let events = Migration(
        version: 3,
        sql: """
            CREATE TABLE event_queue (
                target TEXT NOT NULL,
                pipeline BLOB NOT NULL CHECK (length(pipeline) = 16),
                length INTEGER NOT NULL CHECK (length >= 1),
                due INTEGER NOT NULL,
                attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                reason TEXT,
                fence INTEGER NOT NULL DEFAULT 0,
                PRIMARY KEY (target, pipeline)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX event_queue_by_due ON event_queue (target, due, pipeline);

            CREATE TABLE event (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                target TEXT NOT NULL,
                pipeline BLOB NOT NULL CHECK (length(pipeline) = 16),
                queued_at INTEGER NOT NULL,
                message BLOB NOT NULL,
                FOREIGN KEY (target, pipeline) REFERENCES event_queue (target, pipeline)
            ) STRICT;
            CREATE INDEX event_of_queue ON event (target, pipeline, number);

            CREATE TABLE dead_letter (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                target TEXT NOT NULL,
                pipeline BLOB NOT NULL CHECK (length(pipeline) = 16),
                died_at INTEGER NOT NULL,
                attempts INTEGER NOT NULL CHECK (attempts >= 0),
                reason TEXT NOT NULL,
                message BLOB NOT NULL
            ) STRICT;
            CREATE INDEX dead_letter_of_target ON dead_letter (target, number);
            CREATE INDEX dead_letter_by_age ON dead_letter (died_at, number);
            """
    )
}
