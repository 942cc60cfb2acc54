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
                target text COLLATE "C" NOT NULL,
                pipeline uuid NOT NULL,
                length bigint NOT NULL CHECK (length >= 1),
                due bigint NOT NULL,
                attempts bigint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
                reason text COLLATE "C",
                fence bigint NOT NULL DEFAULT 0,
                PRIMARY KEY (target, pipeline)
            );
            CREATE INDEX event_queue_by_due ON event_queue (target, due, pipeline);

            CREATE TABLE event (
                number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                target text COLLATE "C" NOT NULL,
                pipeline uuid NOT NULL,
                queued_at bigint NOT NULL,
                message bytea NOT NULL,
                FOREIGN KEY (target, pipeline) REFERENCES event_queue (target, pipeline)
            );
            CREATE INDEX event_of_queue ON event (target, pipeline, number);

            CREATE TABLE dead_letter (
                number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                target text COLLATE "C" NOT NULL,
                pipeline uuid NOT NULL,
                died_at bigint NOT NULL,
                attempts bigint NOT NULL CHECK (attempts >= 0),
                reason text COLLATE "C" NOT NULL,
                message bytea NOT NULL
            );
            CREATE INDEX dead_letter_of_target ON dead_letter (target, number);
            CREATE INDEX dead_letter_by_age ON dead_letter (died_at, number);
            ALTER TABLE event_queue SET (fillfactor = 50);
            """
    )
}
