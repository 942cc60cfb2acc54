// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension Migration {
    /// The first schema.
    ///
    /// Every whole number is a `bigint`, since parameters travel in binary form. Text is compared as bytes. Columns are
    /// what queries look into; the rest of a row is in its stored form. Rows that are rewritten often leave room for it
    /// on their page.
    static let initial = Migration(
        version: 1,
        sql: """
            CREATE TABLE pipeline (
                id uuid PRIMARY KEY,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                name text COLLATE "C" NOT NULL,
                version bigint NOT NULL CHECK (version >= 1),
                created bigint NOT NULL,
                updated bigint NOT NULL,
                pipeline_type text COLLATE "C" NOT NULL CHECK (pipeline_type IN ('V1', 'V2')),
                execution_mode text COLLATE "C" NOT NULL CHECK (execution_mode IN ('SUPERSEDED', 'QUEUED', 'PARALLEL')),
                tags bytea NOT NULL,
                head bytea NOT NULL,
                UNIQUE (account, region, name)
            );

            CREATE TABLE pipeline_version (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                version bigint NOT NULL CHECK (version >= 1),
                declaration bytea NOT NULL,
                document bytea NOT NULL,
                sealed_secrets bytea,
                PRIMARY KEY (pipeline, version)
            );

            CREATE TABLE live_execution (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                id uuid NOT NULL,
                status text COLLATE "C" NOT NULL CHECK (status IN ('InProgress', 'Stopping')),
                state bytea NOT NULL,
                PRIMARY KEY (pipeline, id)
            );

            CREATE TABLE archived_execution (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                id uuid NOT NULL,
                status text COLLATE "C" NOT NULL
                    CHECK (status IN ('Stopped', 'Succeeded', 'Superseded', 'Failed', 'Cancelled')),
                state bytea NOT NULL,
                PRIMARY KEY (pipeline, id)
            );

            CREATE TABLE execution (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                sequence bigint NOT NULL CHECK (sequence >= 1),
                id uuid NOT NULL,
                version bigint NOT NULL,
                details bytea NOT NULL,
                PRIMARY KEY (pipeline, sequence),
                UNIQUE (pipeline, id)
            );

            CREATE TABLE stage_success (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                stage text COLLATE "C" NOT NULL,
                version bigint NOT NULL,
                sequence bigint NOT NULL,
                PRIMARY KEY (pipeline, stage, version, sequence)
            );

            CREATE TABLE stage_entrance (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                stage text COLLATE "C" NOT NULL,
                details bytea NOT NULL,
                PRIMARY KEY (pipeline, stage)
            );

            CREATE TABLE stage_run (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                stage text COLLATE "C" NOT NULL,
                details bytea NOT NULL,
                PRIMARY KEY (pipeline, stage)
            );

            CREATE TABLE current_revision (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                stage text COLLATE "C" NOT NULL,
                action text COLLATE "C" NOT NULL,
                details bytea NOT NULL,
                PRIMARY KEY (pipeline, stage, action)
            );

            CREATE TABLE action_execution (
                id uuid PRIMARY KEY,
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                execution uuid NOT NULL,
                started_at bigint NOT NULL,
                is_replaced boolean NOT NULL DEFAULT false,
                status text COLLATE "C" NOT NULL CHECK (status IN ('InProgress', 'Succeeded', 'Failed', 'Abandoned')),
                start bytea NOT NULL,
                attempt bytea NOT NULL,
                output_variables bytea NOT NULL
            );
            CREATE INDEX action_execution_of_pipeline ON action_execution (pipeline, started_at, id);
            CREATE INDEX action_execution_of_execution ON action_execution (pipeline, execution, started_at, id);

            CREATE TABLE start_token (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                token text COLLATE "C" NOT NULL,
                execution uuid NOT NULL,
                expires bigint NOT NULL,
                PRIMARY KEY (pipeline, token)
            );
            CREATE INDEX start_token_by_expiry ON start_token (expires);

            CREATE TABLE job (
                id uuid PRIMARY KEY,
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                action_execution uuid NOT NULL,
                stage text COLLATE "C" NOT NULL,
                action text COLLATE "C" NOT NULL,
                queue text COLLATE "C",
                query_value text COLLATE "C",
                client uuid,
                status text COLLATE "C" NOT NULL
                    CHECK (status IN ('Queued', 'Dispatched', 'InProgress', 'TimedOut', 'Succeeded', 'Failed')),
                dispatch bigint NOT NULL CHECK (dispatch >= 0),
                visible_at bigint,
                created_at bigint NOT NULL,
                ended_at bigint,
                pipeline_name text COLLATE "C" NOT NULL,
                continuation_token bytea,
                job_deadline bigint,
                start bytea NOT NULL,
                state bytea NOT NULL,
                CHECK ((ended_at IS NULL) = (status IN ('Queued', 'Dispatched', 'InProgress'))),
                CHECK ((visible_at IS NOT NULL) = (status = 'Dispatched'))
            );
            CREATE UNIQUE INDEX job_open_of_attempt ON job (action_execution) WHERE ended_at IS NULL;
            CREATE INDEX job_of_pipeline ON job (pipeline, ended_at, created_at, id);
            CREATE INDEX job_open ON job (account, region, created_at, id) WHERE ended_at IS NULL;
            CREATE INDEX job_ended ON job (ended_at, id) WHERE ended_at IS NOT NULL;
            CREATE INDEX job_pollable ON job (queue, created_at, id) WHERE status IN ('Queued', 'Dispatched');

            CREATE SEQUENCE fence;

            CREATE TABLE timer (
                key text COLLATE "C" PRIMARY KEY,
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                due bigint NOT NULL,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                pipeline_name text COLLATE "C" NOT NULL,
                execution uuid NOT NULL,
                fence bigint NOT NULL DEFAULT nextval('fence'),
                lease_until bigint
            );
            CREATE INDEX timer_of_pipeline ON timer (pipeline);
            CREATE INDEX timer_free ON timer (due, key) WHERE lease_until IS NULL;
            CREATE INDEX timer_leased ON timer (lease_until) WHERE lease_until IS NOT NULL;

            CREATE TABLE effect (
                id uuid PRIMARY KEY,
                created_at bigint NOT NULL,
                attempts bigint NOT NULL CHECK (attempts >= 0),
                kind bytea NOT NULL,
                fence bigint NOT NULL DEFAULT nextval('fence'),
                lease_until bigint
            );
            CREATE INDEX effect_free ON effect (created_at, id) WHERE lease_until IS NULL;
            CREATE INDEX effect_leased ON effect (lease_until) WHERE lease_until IS NOT NULL;

            CREATE TABLE source_watch (
                pipeline uuid NOT NULL REFERENCES pipeline (id) ON DELETE CASCADE,
                action text COLLATE "C" NOT NULL,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                pipeline_name text COLLATE "C" NOT NULL,
                bucket text COLLATE "C" NOT NULL,
                object_key bytea NOT NULL,
                polls boolean NOT NULL,
                disabled_at bigint,
                cursor text COLLATE "C",
                PRIMARY KEY (pipeline, action)
            );
            CREATE INDEX source_watch_of_object
                ON source_watch (account, region, bucket, object_key, pipeline_name, action);

            CREATE TABLE action_type (
                region text COLLATE "C" NOT NULL,
                holder text COLLATE "C" NOT NULL,
                type_id text COLLATE "C" NOT NULL,
                account text COLLATE "C" NOT NULL,
                definition bytea NOT NULL,
                document bytea NOT NULL,
                tags bytea NOT NULL,
                created bigint NOT NULL,
                is_deleted boolean NOT NULL,
                PRIMARY KEY (region, holder, type_id)
            );

            CREATE TABLE connection (
                client uuid PRIMARY KEY,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                pipeline_name text COLLATE "C" NOT NULL,
                stage text COLLATE "C" NOT NULL,
                action text COLLATE "C" NOT NULL,
                bound_type bytea,
                token_hash bytea NOT NULL,
                previous_token_hash bytea,
                previous_expires bigint,
                created bigint NOT NULL,
                rotated bigint,
                revoked bigint
            );
            CREATE UNIQUE INDEX connection_live
                ON connection (account, region, pipeline_name, stage, action) WHERE revoked IS NULL;
            CREATE INDEX connection_of_scope ON connection (account, region, created, client);

            CREATE TABLE access_key (
                id text COLLATE "C" PRIMARY KEY,
                account text COLLATE "C" NOT NULL,
                principal_name text COLLATE "C" NOT NULL,
                is_administrator boolean NOT NULL,
                sealed_secret bytea NOT NULL,
                policies bytea NOT NULL,
                created bigint NOT NULL,
                is_disabled boolean NOT NULL
            );
            CREATE INDEX access_key_of_account ON access_key (account, created, id);

            CREATE TABLE setting (
                name text COLLATE "C" PRIMARY KEY,
                value bytea NOT NULL
            );

            CREATE TABLE audit_entry (
                number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                at bigint NOT NULL,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                principal text COLLATE "C" NOT NULL,
                operation text COLLATE "C" NOT NULL,
                resource text COLLATE "C" NOT NULL,
                outcome text COLLATE "C" NOT NULL,
                request_id text COLLATE "C" NOT NULL
            );
            CREATE INDEX audit_entry_of_account ON audit_entry (account, at, number);

            CREATE TABLE bucket (
                name text COLLATE "C" PRIMARY KEY,
                account text COLLATE "C" NOT NULL,
                region text COLLATE "C" NOT NULL,
                created bigint NOT NULL,
                versioning text COLLATE "C" NOT NULL CHECK (versioning IN ('off', 'enabled', 'suspended'))
            );
            CREATE INDEX bucket_of_scope ON bucket (account, region, name);

            CREATE TABLE object_version (
                sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                bucket text COLLATE "C" NOT NULL REFERENCES bucket (name),
                key bytea NOT NULL,
                version_id text COLLATE "C" NOT NULL,
                is_latest boolean NOT NULL,
                is_delete_marker boolean NOT NULL,
                size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
                etag text COLLATE "C" NOT NULL,
                last_modified bigint NOT NULL,
                details bytea NOT NULL,
                UNIQUE (bucket, key, version_id)
            );
            CREATE INDEX object_version_of_key ON object_version (bucket, key, (-sequence));
            CREATE UNIQUE INDEX object_version_latest ON object_version (bucket, key) WHERE is_latest;
            CREATE INDEX object_version_listed ON object_version (bucket, key)
                WHERE is_latest AND NOT is_delete_marker;

            CREATE TABLE upload (
                id text COLLATE "C" PRIMARY KEY,
                bucket text COLLATE "C" NOT NULL REFERENCES bucket (name),
                key bytea NOT NULL,
                initiated bigint NOT NULL,
                details bytea NOT NULL
            );
            CREATE INDEX upload_of_key ON upload (bucket, key, id);

            CREATE TABLE upload_part (
                upload text COLLATE "C" NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
                number bigint NOT NULL CHECK (number BETWEEN 1 AND 10000),
                blob bytea NOT NULL CHECK (length(blob) = 32),
                size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
                etag text COLLATE "C" NOT NULL,
                checksum bytea,
                last_modified bigint NOT NULL,
                PRIMARY KEY (upload, number)
            );

            CREATE TABLE blob (
                hash bytea PRIMARY KEY CHECK (length(hash) = 32),
                size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
                "references" bigint NOT NULL CHECK ("references" >= 0),
                changed bigint NOT NULL
            );
            CREATE INDEX blob_unreferenced ON blob (changed, hash) WHERE "references" = 0;
            ALTER TABLE pipeline SET (fillfactor = 70);
            ALTER TABLE live_execution SET (fillfactor = 50);
            ALTER TABLE job SET (fillfactor = 70);
            """
    )
}
