// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// The first schema.
    ///
    /// Ids are 16 bytes. What hangs on a pipeline names it by its `number`, so that the indexes of a long history are
    /// small. Columns are what queries look into; the rest of a row is a blob in its stored form.
    static let initial = Migration(
        version: 1,
        sql: """
            CREATE TABLE pipeline (
                number INTEGER PRIMARY KEY,
                id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
                account TEXT NOT NULL,
                region TEXT NOT NULL,
                name TEXT NOT NULL,
                version INTEGER NOT NULL CHECK (version >= 1),
                created INTEGER NOT NULL,
                updated INTEGER NOT NULL,
                pipeline_type TEXT NOT NULL CHECK (pipeline_type IN ('V1', 'V2')),
                execution_mode TEXT NOT NULL CHECK (execution_mode IN ('SUPERSEDED', 'QUEUED', 'PARALLEL')),
                tags BLOB NOT NULL,
                head BLOB NOT NULL,
                UNIQUE (account, region, name)
            ) STRICT;

            CREATE TABLE pipeline_version (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                version INTEGER NOT NULL CHECK (version >= 1),
                declaration BLOB NOT NULL,
                document BLOB NOT NULL,
                sealed_secrets BLOB,
                PRIMARY KEY (pipeline, version)
            ) STRICT;

            CREATE TABLE live_execution (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                status TEXT NOT NULL CHECK (status IN ('InProgress', 'Stopping')),
                state BLOB NOT NULL,
                PRIMARY KEY (pipeline, id)
            ) STRICT;

            CREATE TABLE archived_execution (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                id BLOB NOT NULL CHECK (length(id) = 16),
                status TEXT NOT NULL
                    CHECK (status IN ('Stopped', 'Succeeded', 'Superseded', 'Failed', 'Cancelled')),
                state BLOB NOT NULL,
                PRIMARY KEY (pipeline, id)
            ) STRICT;

            CREATE TABLE execution (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                sequence INTEGER NOT NULL CHECK (sequence >= 1),
                id BLOB NOT NULL CHECK (length(id) = 16),
                version INTEGER NOT NULL,
                details BLOB NOT NULL,
                PRIMARY KEY (pipeline, sequence),
                UNIQUE (pipeline, id)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE stage_success (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                stage TEXT NOT NULL,
                version INTEGER NOT NULL,
                sequence INTEGER NOT NULL,
                PRIMARY KEY (pipeline, stage, version, sequence)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE stage_entrance (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                stage TEXT NOT NULL,
                details BLOB NOT NULL,
                PRIMARY KEY (pipeline, stage)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE stage_run (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                stage TEXT NOT NULL,
                details BLOB NOT NULL,
                PRIMARY KEY (pipeline, stage)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE current_revision (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                stage TEXT NOT NULL,
                action TEXT NOT NULL,
                details BLOB NOT NULL,
                PRIMARY KEY (pipeline, stage, action)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE action_execution (
                id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                pipeline_id BLOB NOT NULL CHECK (length(pipeline_id) = 16),
                execution BLOB NOT NULL CHECK (length(execution) = 16),
                started_at INTEGER NOT NULL,
                is_replaced INTEGER NOT NULL DEFAULT 0 CHECK (is_replaced IN (0, 1)),
                status TEXT NOT NULL CHECK (status IN ('InProgress', 'Succeeded', 'Failed', 'Abandoned')),
                start BLOB NOT NULL,
                attempt BLOB NOT NULL,
                output_variables BLOB NOT NULL
            ) STRICT;
            CREATE INDEX action_execution_of_pipeline ON action_execution (pipeline, started_at, id);
            CREATE INDEX action_execution_of_execution ON action_execution (pipeline, execution, started_at, id);

            CREATE TABLE start_token (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                token TEXT NOT NULL,
                execution BLOB NOT NULL CHECK (length(execution) = 16),
                expires INTEGER NOT NULL,
                PRIMARY KEY (pipeline, token)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX start_token_by_expiry ON start_token (expires);

            CREATE TABLE job (
                number INTEGER PRIMARY KEY,
                id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                account TEXT NOT NULL,
                region TEXT NOT NULL,
                action_execution BLOB NOT NULL CHECK (length(action_execution) = 16),
                stage TEXT NOT NULL,
                action TEXT NOT NULL,
                queue TEXT,
                query_value TEXT,
                client BLOB CHECK (client IS NULL OR length(client) = 16),
                status TEXT NOT NULL
                    CHECK (status IN ('Queued', 'Dispatched', 'InProgress', 'TimedOut', 'Succeeded', 'Failed')),
                dispatch INTEGER NOT NULL CHECK (dispatch >= 0),
                visible_at INTEGER,
                created_at INTEGER NOT NULL,
                ended_at INTEGER,
                fixed BLOB NOT NULL,
                state BLOB NOT NULL,
                CHECK ((ended_at IS NULL) = (status IN ('Queued', 'Dispatched', 'InProgress'))),
                CHECK ((visible_at IS NOT NULL) = (status = 'Dispatched'))
            ) STRICT;
            CREATE UNIQUE INDEX job_open_of_attempt ON job (action_execution) WHERE ended_at IS NULL;
            CREATE INDEX job_of_pipeline ON job (pipeline, ended_at, created_at, id);
            CREATE INDEX job_open ON job (account, region, created_at, id) WHERE ended_at IS NULL;
            CREATE INDEX job_ended ON job (ended_at, id) WHERE ended_at IS NOT NULL;
            CREATE INDEX job_queued ON job (queue, created_at, id) WHERE status = 'Queued';
            CREATE INDEX job_queued_connected ON job (queue, created_at, id)
                WHERE status = 'Queued' AND client IS NOT NULL;
            CREATE INDEX job_queued_with_value ON job (queue, query_value, created_at, id)
                WHERE status = 'Queued' AND query_value IS NOT NULL;
            CREATE INDEX job_dispatched ON job (queue, visible_at) WHERE status = 'Dispatched';

            CREATE TABLE fence (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                last INTEGER NOT NULL
            ) STRICT;
            INSERT INTO fence VALUES (1, 0);

            CREATE TABLE timer (
                key TEXT PRIMARY KEY,
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                due INTEGER NOT NULL,
                details BLOB NOT NULL,
                fence INTEGER NOT NULL DEFAULT 0,
                lease_until INTEGER
            ) STRICT;
            CREATE INDEX timer_of_pipeline ON timer (pipeline);
            CREATE INDEX timer_free ON timer (due, key) WHERE lease_until IS NULL;
            CREATE INDEX timer_leased ON timer (lease_until) WHERE lease_until IS NOT NULL;

            CREATE TABLE effect (
                id BLOB PRIMARY KEY CHECK (length(id) = 16),
                created_at INTEGER NOT NULL,
                attempts INTEGER NOT NULL CHECK (attempts >= 0),
                kind BLOB NOT NULL,
                fence INTEGER NOT NULL DEFAULT 0,
                lease_until INTEGER
            ) STRICT;
            CREATE INDEX effect_free ON effect (created_at, id) WHERE lease_until IS NULL;
            CREATE INDEX effect_leased ON effect (lease_until) WHERE lease_until IS NOT NULL;

            CREATE TABLE source_watch (
                pipeline INTEGER NOT NULL REFERENCES pipeline (number) ON DELETE CASCADE,
                action TEXT NOT NULL,
                pipeline_id BLOB NOT NULL CHECK (length(pipeline_id) = 16),
                account TEXT NOT NULL,
                region TEXT NOT NULL,
                pipeline_name TEXT NOT NULL,
                bucket TEXT NOT NULL,
                object_key TEXT NOT NULL,
                polls INTEGER NOT NULL CHECK (polls IN (0, 1)),
                disabled_at INTEGER,
                cursor TEXT,
                PRIMARY KEY (pipeline, action)
            ) STRICT;
            CREATE INDEX source_watch_of_object
                ON source_watch (account, region, bucket, object_key, pipeline_name, action);

            CREATE TABLE action_type (
                region TEXT NOT NULL,
                holder TEXT NOT NULL,
                type_id TEXT NOT NULL,
                account TEXT NOT NULL,
                definition BLOB NOT NULL,
                document BLOB NOT NULL,
                tags BLOB NOT NULL,
                created INTEGER NOT NULL,
                is_deleted INTEGER NOT NULL CHECK (is_deleted IN (0, 1)),
                PRIMARY KEY (region, holder, type_id)
            ) STRICT;

            CREATE TABLE connection (
                client BLOB PRIMARY KEY CHECK (length(client) = 16),
                account TEXT NOT NULL,
                region TEXT NOT NULL,
                pipeline_name TEXT NOT NULL,
                stage TEXT NOT NULL,
                action TEXT NOT NULL,
                bound_type BLOB,
                token_hash BLOB NOT NULL,
                previous_token_hash BLOB,
                previous_expires INTEGER,
                created INTEGER NOT NULL,
                rotated INTEGER,
                revoked INTEGER
            ) STRICT;
            CREATE UNIQUE INDEX connection_live
                ON connection (account, region, pipeline_name, stage, action) WHERE revoked IS NULL;
            CREATE INDEX connection_of_scope ON connection (account, region, created, client);

            CREATE TABLE access_key (
                id TEXT PRIMARY KEY,
                account TEXT NOT NULL,
                principal_name TEXT NOT NULL,
                is_administrator INTEGER NOT NULL CHECK (is_administrator IN (0, 1)),
                sealed_secret BLOB NOT NULL,
                policies BLOB NOT NULL,
                created INTEGER NOT NULL,
                is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1))
            ) STRICT;
            CREATE INDEX access_key_of_account ON access_key (account, created, id);

            CREATE TABLE setting (
                name TEXT PRIMARY KEY,
                value BLOB NOT NULL
            ) STRICT;

            CREATE TABLE audit_entry (
                number INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                account TEXT NOT NULL,
                region TEXT NOT NULL,
                principal TEXT NOT NULL,
                operation TEXT NOT NULL,
                resource TEXT NOT NULL,
                outcome TEXT NOT NULL,
                request_id TEXT NOT NULL
            ) STRICT;
            CREATE INDEX audit_entry_of_account ON audit_entry (account, at, number);

            CREATE TABLE bucket (
                name TEXT PRIMARY KEY,
                account TEXT NOT NULL,
                region TEXT NOT NULL,
                created INTEGER NOT NULL,
                versioning TEXT NOT NULL CHECK (versioning IN ('off', 'enabled', 'suspended'))
            ) STRICT;
            CREATE INDEX bucket_of_scope ON bucket (account, region, name);

            CREATE TABLE object_version (
                sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                bucket TEXT NOT NULL REFERENCES bucket (name),
                key BLOB NOT NULL,
                version_id TEXT NOT NULL,
                is_latest INTEGER NOT NULL CHECK (is_latest IN (0, 1)),
                is_delete_marker INTEGER NOT NULL CHECK (is_delete_marker IN (0, 1)),
                size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
                etag TEXT NOT NULL,
                last_modified INTEGER NOT NULL,
                details BLOB NOT NULL,
                UNIQUE (bucket, key, version_id)
            ) STRICT;
            CREATE INDEX object_version_of_key ON object_version (bucket, key, sequence DESC);
            CREATE UNIQUE INDEX object_version_latest ON object_version (bucket, key) WHERE is_latest = 1;
            CREATE INDEX object_version_listed ON object_version (bucket, key)
                WHERE is_latest = 1 AND is_delete_marker = 0;

            CREATE TABLE upload (
                id TEXT PRIMARY KEY,
                bucket TEXT NOT NULL REFERENCES bucket (name),
                key BLOB NOT NULL,
                initiated INTEGER NOT NULL,
                details BLOB NOT NULL
            ) STRICT;
            CREATE INDEX upload_of_key ON upload (bucket, key, id);

            CREATE TABLE upload_part (
                upload TEXT NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
                number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 10000),
                blob BLOB NOT NULL CHECK (length(blob) = 32),
                size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
                etag TEXT NOT NULL,
                checksum BLOB,
                last_modified INTEGER NOT NULL,
                PRIMARY KEY (upload, number)
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE blob (
                hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
                size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
                "references" INTEGER NOT NULL CHECK ("references" >= 0),
                changed INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX blob_unreferenced ON blob (changed, hash) WHERE "references" = 0;
            """
    )
}
