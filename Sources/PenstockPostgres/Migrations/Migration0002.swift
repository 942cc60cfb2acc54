// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// The history of rules, and the revisions that callers told of.
    static let rules = Migration(
        version: 2,
        sql: """
            CREATE TABLE rule_execution (
                id uuid PRIMARY KEY,
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                execution uuid NOT NULL,
                started_at bigint NOT NULL,
                is_replaced boolean NOT NULL DEFAULT false,
                status text COLLATE "C" NOT NULL CHECK (status IN ('InProgress', 'Succeeded', 'Failed', 'Abandoned')),
                start bytea NOT NULL,
                run bytea NOT NULL
            );
            CREATE INDEX rule_execution_of_pipeline ON rule_execution (pipeline, started_at, id);
            CREATE INDEX rule_execution_of_execution ON rule_execution (pipeline, execution, started_at, id);

            CREATE TABLE seen_revision (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                stage text COLLATE "C" NOT NULL,
                action text COLLATE "C" NOT NULL,
                revision text COLLATE "C" NOT NULL,
                change text COLLATE "C" NOT NULL,
                execution uuid NOT NULL,
                PRIMARY KEY (pipeline, stage, action, revision, change)
            );
            """
    )
}
