// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// The history of rules, and the revisions that callers told of.
    static let rules = Migration(
        version: 2,
        sql: """
            CREATE TABLE rule_execution (
                id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                pipeline_id BLOB NOT NULL CHECK (length(pipeline_id) = 16),
                execution BLOB NOT NULL CHECK (length(execution) = 16),
                started_at INTEGER NOT NULL,
                is_replaced INTEGER NOT NULL DEFAULT 0 CHECK (is_replaced IN (0, 1)),
                status TEXT NOT NULL CHECK (status IN ('InProgress', 'Succeeded', 'Failed', 'Abandoned')),
                start BLOB NOT NULL,
                run BLOB NOT NULL
            ) STRICT;
            CREATE INDEX rule_execution_of_pipeline ON rule_execution (pipeline, started_at, id);
            CREATE INDEX rule_execution_of_execution ON rule_execution (pipeline, execution, started_at, id);

            CREATE TABLE seen_revision (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                stage TEXT NOT NULL,
                action TEXT NOT NULL,
                revision TEXT NOT NULL,
                change TEXT NOT NULL,
                execution BLOB NOT NULL CHECK (length(execution) = 16),
                PRIMARY KEY (pipeline, stage, action, revision, change)
            ) STRICT, WITHOUT ROWID;
            """
    )
}
