// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Statements that transactions run, enumerated so that a test can ask the planner how each finds its rows: those of
/// pipelines, jobs, the catalog and artifacts.
///
/// Texts are constant: each is prepared once for each connection.
enum StatementText: String, Sendable, CaseIterable {
    // MARK: Transactions

    case begin = "BEGIN IMMEDIATE"
    case beginReading = "BEGIN"
    case commit = "COMMIT"
    case rollback = "ROLLBACK"
    case savepoint = "SAVEPOINT member"
    case release = "RELEASE member"
    case rollbackMember = "ROLLBACK TO member"

    // MARK: Pipelines

    case pipeline = """
        SELECT id, created, updated, pipeline_type, execution_mode, tags, head FROM pipeline
        WHERE account = ?1 AND region = ?2 AND name = ?3
        """
    case pipelineID = "SELECT id FROM pipeline WHERE account = ?1 AND region = ?2 AND name = ?3"
    case pipelineSummary = """
        SELECT id, name, version, created, updated, pipeline_type, execution_mode FROM pipeline
        WHERE account = ?1 AND region = ?2 AND name = ?3
        """
    case pipelineTags = "SELECT tags FROM pipeline WHERE account = ?1 AND region = ?2 AND name = ?3"
    case pipelineSummaries = """
        SELECT id, name, version, created, updated, pipeline_type, execution_mode FROM pipeline
        WHERE account = ?1 AND region = ?2 AND name > ?3 ORDER BY name LIMIT ?4
        """
    case pipelineCount = "SELECT COUNT(*) FROM pipeline WHERE account = ?1 AND region = ?2"
    case insertPipeline = """
        INSERT INTO pipeline
            (id, account, region, name, version, created, updated, pipeline_type, execution_mode, tags, head)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (account, region, name) DO NOTHING
        """
    case updatePipeline = """
        UPDATE pipeline SET version = ?2, created = ?3, updated = ?4, pipeline_type = ?5, execution_mode = ?6,
            tags = ?7, head = ?8
        WHERE id = ?1
        """
    case deletePipeline = "DELETE FROM pipeline WHERE id = ?1"
    case pipelineVersion = """
        SELECT declaration, document, sealed_secrets FROM pipeline_version
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND version = ?2
        """
    case insertPipelineVersion = """
        INSERT INTO pipeline_version (pipeline, version, declaration, document, sealed_secrets)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4, ?5)
        """
    case stageEntrances = """
        SELECT details FROM stage_entrance WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1)
        """
    case putStageEntrance = """
        INSERT INTO stage_entrance (pipeline, stage, details)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3)
        ON CONFLICT (pipeline, stage) DO UPDATE SET details = excluded.details
        """
    case deleteStageEntrance = """
        DELETE FROM stage_entrance WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND stage = ?2
        """
    case stageRuns = """
        SELECT details FROM stage_run WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1)
        """
    case putStageRun = """
        INSERT INTO stage_run (pipeline, stage, details)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3)
        ON CONFLICT (pipeline, stage) DO UPDATE SET details = excluded.details
        """
    case deleteStageRun = """
        DELETE FROM stage_run WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND stage = ?2
        """
    case currentRevisions = """
        SELECT details FROM current_revision WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1)
        """
    case putCurrentRevision = """
        INSERT INTO current_revision (pipeline, stage, action, details)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4)
        ON CONFLICT (pipeline, stage, action) DO UPDATE SET details = excluded.details
        """
    case deleteCurrentRevisions = """
        DELETE FROM current_revision WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND stage = ?2
        """

    // MARK: Executions

    case liveExecution = """
        SELECT state FROM live_execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case archivedExecution = """
        SELECT state FROM archived_execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case putLiveExecution = """
        INSERT INTO live_execution (pipeline, id, status, state)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4)
        ON CONFLICT (pipeline, id) DO UPDATE SET status = excluded.status, state = excluded.state
        """
    case putArchivedExecution = """
        INSERT INTO archived_execution (pipeline, id, status, state, ended_at)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4, ?5)
        ON CONFLICT (pipeline, id) DO UPDATE SET status = excluded.status, state = excluded.state,
            ended_at = excluded.ended_at
        """
    case deleteLiveExecution = """
        DELETE FROM live_execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case deleteArchivedExecution = """
        DELETE FROM archived_execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case putExecutionRow = """
        INSERT INTO execution (pipeline, id, sequence, version, details)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4, ?5)
        ON CONFLICT (pipeline, id) DO UPDATE SET details = excluded.details
        """
    case executionRow = """
        SELECT details FROM execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case executionRows = """
        SELECT details FROM execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND sequence < ?2
        ORDER BY sequence DESC LIMIT ?3
        """
    case succeededExecutionRows = """
        SELECT execution.details FROM stage_success AS success
        CROSS JOIN execution ON execution.pipeline = success.pipeline AND execution.sequence = success.sequence
        WHERE success.pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND success.stage = ?2
            AND success.version = ?3 AND success.sequence < ?4
        ORDER BY success.sequence DESC LIMIT ?5
        """
    case endedExecutions = """
        SELECT pipeline.id, account, region, name, archived.id, ended_at FROM archived_execution AS archived
        CROSS JOIN pipeline ON pipeline.number = archived.pipeline
        WHERE ended_at < ?1 AND (ended_at, archived.id) > (?2, ?3) ORDER BY ended_at, archived.id LIMIT ?4
        """
    case deleteExecutionRow = """
        DELETE FROM execution WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case deleteStageSuccess = """
        DELETE FROM stage_success WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND stage = ?2
            AND version = ?3 AND sequence = ?4
        """
    case executionPlace = """
        SELECT version, sequence FROM execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND id = ?2
        """
    case insertStageSuccess = """
        INSERT OR IGNORE INTO stage_success (pipeline, stage, version, sequence)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4)
        """
    case startToken = """
        SELECT execution FROM start_token
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND token = ?2 AND expires > ?3
        """
    case putStartToken = """
        INSERT INTO start_token (pipeline, token, execution, expires)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4)
        ON CONFLICT (pipeline, token) DO UPDATE SET execution = excluded.execution, expires = excluded.expires
        """
    case deleteStartTokens = """
        DELETE FROM start_token WHERE (pipeline, token) IN
            (SELECT pipeline, token FROM start_token WHERE expires < ?1 ORDER BY expires LIMIT ?2)
        """

    case seenRevision = """
        SELECT execution FROM seen_revision
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1)
            AND stage = ?2 AND action = ?3 AND revision = ?4 AND change = ?5
        """
    case putSeenRevision = """
        INSERT INTO seen_revision (pipeline, stage, action, revision, change, execution)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?2, ?3, ?4, ?5, ?6)
        ON CONFLICT (pipeline, stage, action, revision, change) DO UPDATE SET execution = excluded.execution
        """

    // MARK: History

    case actionExecution = """
        SELECT pipeline_id, start, attempt, output_variables FROM action_execution WHERE id = ?1
        """
    case actionExecutionsOfPipeline = """
        SELECT pipeline_id, start, attempt, output_variables FROM action_execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND (started_at, id) < (?2, ?3)
        ORDER BY started_at DESC, id DESC LIMIT ?4
        """
    case actionExecutionsOfExecution = """
        SELECT pipeline_id, start, attempt, output_variables FROM action_execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND execution = ?2 AND (started_at, id) < (?3, ?4)
        ORDER BY started_at DESC, id DESC LIMIT ?5
        """
    case latestActionExecutionsOfExecution = """
        SELECT pipeline_id, start, attempt, output_variables FROM action_execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND execution = ?2 AND (started_at, id) < (?3, ?4)
            AND is_replaced = 0
        ORDER BY started_at DESC, id DESC LIMIT ?5
        """
    case ruleExecutionsOfPipeline = """
        SELECT pipeline_id, start, run FROM rule_execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND (started_at, id) < (?2, ?3)
        ORDER BY started_at DESC, id DESC LIMIT ?4
        """
    case ruleExecutionsOfExecution = """
        SELECT pipeline_id, start, run FROM rule_execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND execution = ?2 AND (started_at, id) < (?3, ?4)
        ORDER BY started_at DESC, id DESC LIMIT ?5
        """
    case latestRuleExecutionsOfExecution = """
        SELECT pipeline_id, start, run FROM rule_execution
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND execution = ?2 AND (started_at, id) < (?3, ?4)
            AND is_replaced = 0
        ORDER BY started_at DESC, id DESC LIMIT ?5
        """
    case deleteRuleExecutions = """
        DELETE FROM rule_execution WHERE rowid IN
            (SELECT rowid FROM rule_execution
            WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND execution = ?2
            ORDER BY started_at, id LIMIT ?3)
        """
    case deleteActionExecutions = """
        DELETE FROM action_execution WHERE rowid IN
            (SELECT rowid FROM action_execution
            WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND execution = ?2
            ORDER BY started_at, id LIMIT ?3)
        """
    case replaceRuleExecution = "UPDATE rule_execution SET is_replaced = 1 WHERE id = ?1"
    case insertRuleExecution = """
        INSERT INTO rule_execution (id, pipeline, pipeline_id, execution, started_at, status, start, run)
        VALUES (?1, (SELECT number FROM pipeline WHERE id = ?2), ?2, ?3, ?4, ?5, ?6, ?7)
        """
    case updateRuleExecution = "UPDATE rule_execution SET status = ?2, run = ?3 WHERE id = ?1"
    case replaceActionExecution = "UPDATE action_execution SET is_replaced = 1 WHERE id = ?1"
    case insertActionExecution = """
        INSERT INTO action_execution
            (id, pipeline, pipeline_id, execution, started_at, status, start, attempt, output_variables)
        VALUES (?1, (SELECT number FROM pipeline WHERE id = ?2), ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """
    case updateActionExecution = """
        UPDATE action_execution SET status = ?2, attempt = ?3, output_variables = ?4 WHERE id = ?1
        """

    // MARK: Jobs

    case job = "SELECT fixed, client, state FROM job WHERE id = ?1"
    case openJobOfAction = """
        SELECT fixed, client, state FROM job WHERE action_execution = ?1 AND ended_at IS NULL
        """
    case openJobsOfPipeline = """
        SELECT fixed, client, state FROM job
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND ended_at IS NULL ORDER BY created_at, id
        """
    case openJobsOfScope = """
        SELECT fixed, client, state FROM job
        WHERE account = ?1 AND region = ?2 AND ended_at IS NULL AND (created_at, id) > (?3, ?4)
        ORDER BY created_at, id LIMIT ?5
        """
    case pollableQueues = """
        SELECT DISTINCT queue, 0 FROM job WHERE status = 'Queued' AND queue > ''
        UNION SELECT queue, visible_at FROM job WHERE status = 'Dispatched' AND queue > '' ORDER BY 1, 2
        """
    case insertJob = """
        INSERT INTO job (id, pipeline, account, region, action_execution, stage, action, queue, query_value, client,
            status, dispatch, visible_at, created_at, ended_at, fixed, state)
        VALUES (?1, (SELECT number FROM pipeline WHERE id = ?2), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
            ?15, ?16, ?17)
        """
    case updateJob = """
        UPDATE job SET client = ?2, status = ?3, dispatch = ?4, visible_at = ?5, ended_at = ?6, state = ?7 WHERE id = ?1
        """
    case updateOpenJob = """
        UPDATE job SET status = ?3, dispatch = ?4, visible_at = ?5, state = ?6
        WHERE id = ?1 AND client IS ?2 AND ended_at IS NULL
        """
    case queuedJobs = """
        SELECT fixed, client, state FROM job WHERE status = 'Queued' AND queue = ?1 ORDER BY created_at, id LIMIT ?2
        """
    case queuedJobsConnected = """
        SELECT fixed, client, state FROM job WHERE status = 'Queued' AND queue = ?1 AND client IS NOT NULL
        ORDER BY created_at, id LIMIT ?2
        """
    case queuedJobsWithValue = """
        SELECT fixed, client, state FROM job WHERE status = 'Queued' AND queue = ?1 AND query_value = ?3
        ORDER BY created_at, id LIMIT ?2
        """
    case queuedJobsConnectedWithValue = """
        SELECT fixed, client, state FROM job
        WHERE status = 'Queued' AND queue = ?1 AND query_value = ?3 AND client IS NOT NULL
        ORDER BY created_at, id LIMIT ?2
        """
    case expiredJobs = """
        SELECT fixed, client, state FROM job
        WHERE status = 'Dispatched' AND queue = ?1 AND visible_at <= ?3 AND (?4 IS NULL OR query_value = ?4)
            AND (?5 = 0 OR client IS NOT NULL)
        ORDER BY created_at, id LIMIT ?2
        """
    case connectJobs = """
        UPDATE job SET client = ?6
        WHERE pipeline = (SELECT number FROM pipeline WHERE account = ?1 AND region = ?2 AND name = ?3)
            AND ended_at IS NULL AND stage = ?4 AND action = ?5 AND client IS NULL
        RETURNING queue
        """
    case deleteJobs = """
        DELETE FROM job WHERE number IN
            (SELECT number FROM job WHERE ended_at < ?1 ORDER BY ended_at, id LIMIT ?2)
        """
    case jobDispatch = "SELECT dispatch FROM job WHERE id = ?1 AND status IN ('Dispatched', 'InProgress')"

    // MARK: Catalog

    case actionType = """
        SELECT region, account, definition, document, tags, created, is_deleted FROM action_type
        WHERE region = ?1 AND holder = ?2 AND type_id = ?3
        """
    case actionTypes = """
        SELECT region, account, definition, document, tags, created, is_deleted FROM action_type
        WHERE region = ?1 AND holder IN (?2, '') AND is_deleted = 0 ORDER BY type_id
        """
    case actionTypeCount = """
        SELECT COUNT(*) FROM action_type WHERE region = ?1 AND holder = ?2 AND is_deleted = 0
        """
    case putActionType = """
        INSERT INTO action_type (region, holder, type_id, account, definition, document, tags, created, is_deleted)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (region, holder, type_id) DO UPDATE SET account = excluded.account,
            definition = excluded.definition, document = excluded.document, tags = excluded.tags,
            created = excluded.created, is_deleted = excluded.is_deleted
        """
    case connection = """
        SELECT client, account, region, pipeline_name, stage, action, bound_type, token_hash, previous_token_hash,
            previous_expires, created, rotated, revoked
        FROM connection WHERE client = ?1
        """
    case liveConnection = """
        SELECT client, account, region, pipeline_name, stage, action, bound_type, token_hash, previous_token_hash,
            previous_expires, created, rotated, revoked
        FROM connection
        WHERE account = ?1 AND region = ?2 AND pipeline_name = ?3 AND stage = ?4 AND action = ?5 AND revoked IS NULL
        """
    case connections = """
        SELECT client, account, region, pipeline_name, stage, action, bound_type, token_hash, previous_token_hash,
            previous_expires, created, rotated, revoked
        FROM connection WHERE account = ?1 AND region = ?2 ORDER BY created, client
        """
    case bindConnection = "UPDATE connection SET bound_type = ?2 WHERE client = ?1 AND bound_type IS NULL"
    case putConnection = """
        INSERT INTO connection (client, account, region, pipeline_name, stage, action, bound_type, token_hash,
            previous_token_hash, previous_expires, created, rotated, revoked)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        ON CONFLICT (client) DO UPDATE SET account = excluded.account, region = excluded.region,
            pipeline_name = excluded.pipeline_name, stage = excluded.stage, action = excluded.action,
            bound_type = excluded.bound_type, token_hash = excluded.token_hash,
            previous_token_hash = excluded.previous_token_hash, previous_expires = excluded.previous_expires,
            created = excluded.created, rotated = excluded.rotated, revoked = excluded.revoked
        """
    case accessKey = """
        SELECT id, account, principal_name, is_administrator, sealed_secret, policies, created, is_disabled
        FROM access_key WHERE id = ?1
        """
    case accessKeys = """
        SELECT id, account, principal_name, is_administrator, sealed_secret, policies, created, is_disabled
        FROM access_key WHERE account = ?1 ORDER BY created, id
        """
    case putAccessKey = """
        INSERT INTO access_key
            (id, account, principal_name, is_administrator, sealed_secret, policies, created, is_disabled)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (id) DO UPDATE SET account = excluded.account, principal_name = excluded.principal_name,
            is_administrator = excluded.is_administrator, sealed_secret = excluded.sealed_secret,
            policies = excluded.policies, created = excluded.created, is_disabled = excluded.is_disabled
        """
    case setting = "SELECT value FROM setting WHERE name = ?1"
    case insertSetting = "INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING"
    case putSetting = """
        INSERT INTO setting (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
        """
    case auditEntries = """
        SELECT at, account, region, principal, operation, resource, outcome, request_id FROM audit_entry
        WHERE account = ?1 ORDER BY at DESC, number DESC LIMIT ?2
        """
    case insertAuditEntry = """
        INSERT INTO audit_entry (at, account, region, principal, operation, resource, outcome, request_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        """
    case deleteAuditEntries = """
        DELETE FROM audit_entry WHERE at < ?1 AND number > ?2 AND number <= coalesce(
            (SELECT number FROM audit_entry WHERE number > ?2 ORDER BY number LIMIT 1 OFFSET ?3), 9223372036854775807)
        RETURNING number
        """

    // MARK: Artifacts

    case bucket = "SELECT name, account, region, created, versioning FROM bucket WHERE name = ?1"
    case buckets = """
        SELECT name, account, region, created, versioning FROM bucket WHERE account = ?1 AND region = ?2 ORDER BY name
        """
    case insertBucket = """
        INSERT INTO bucket (name, account, region, created, versioning) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (name) DO NOTHING
        """
    case updateBucket = """
        UPDATE bucket SET account = ?2, region = ?3, created = ?4, versioning = ?5 WHERE name = ?1
        """
    case deleteBucket = "DELETE FROM bucket WHERE name = ?1"
    case bucketVersionExists = "SELECT 1 FROM object_version WHERE bucket = ?1 LIMIT 1"
    case bucketUploadExists = "SELECT 1 FROM upload WHERE bucket = ?1 LIMIT 1"
    case latestVersion = """
        SELECT bucket, key, version_id, sequence, is_latest, is_delete_marker, size_bytes, etag, last_modified, details
        FROM object_version WHERE bucket = ?1 AND key = ?2 AND is_latest = 1
        """
    case version = """
        SELECT bucket, key, version_id, sequence, is_latest, is_delete_marker, size_bytes, etag, last_modified, details
        FROM object_version WHERE bucket = ?1 AND key = ?2 AND version_id = ?3
        """
    case clearLatest = "UPDATE object_version SET is_latest = 0 WHERE bucket = ?1 AND key = ?2 AND is_latest = 1"
    case insertVersion = """
        INSERT INTO object_version
            (bucket, key, version_id, is_latest, is_delete_marker, size_bytes, etag, last_modified, details)
        VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8)
        """
    case deleteVersion = """
        DELETE FROM object_version WHERE bucket = ?1 AND key = ?2 AND version_id = ?3 RETURNING is_latest
        """
    case setLatest = """
        UPDATE object_version SET is_latest = 1 WHERE sequence =
            (SELECT sequence FROM object_version WHERE bucket = ?1 AND key = ?2 ORDER BY sequence DESC LIMIT 1)
        """
    case latestVersions = """
        SELECT bucket, key, version_id, sequence, is_latest, is_delete_marker, size_bytes, etag, last_modified, details
        FROM object_version
        WHERE bucket = ?1 AND key >= ?2 AND key < ?3 AND is_latest = 1 AND is_delete_marker = 0 ORDER BY key LIMIT ?4
        """
    case versionsOfKey = """
        SELECT bucket, key, version_id, sequence, is_latest, is_delete_marker, size_bytes, etag, last_modified, details
        FROM object_version WHERE bucket = ?1 AND key = ?2 AND sequence < ?3 ORDER BY sequence DESC LIMIT ?4
        """
    case versions = """
        SELECT bucket, key, version_id, sequence, is_latest, is_delete_marker, size_bytes, etag, last_modified, details
        FROM object_version WHERE bucket = ?1 AND key >= ?2 AND key < ?3 ORDER BY key, sequence DESC LIMIT ?4
        """
    case upload = "SELECT id, bucket, key, initiated, details FROM upload WHERE id = ?1"
    case oldestUploads = "SELECT id, bucket, key, initiated, details FROM upload WHERE id > ?1 ORDER BY id LIMIT ?2"
    case insertUpload = "INSERT INTO upload (id, bucket, key, initiated, details) VALUES (?1, ?2, ?3, ?4, ?5)"
    case deleteUpload = "DELETE FROM upload WHERE id = ?1"
    case uploads = """
        SELECT id, bucket, key, initiated, details FROM upload
        WHERE bucket = ?1 AND (key, id) > (?2, ?3) AND key < ?4 ORDER BY key, id LIMIT ?5
        """
    case part = """
        SELECT upload, number, blob, size_bytes, etag, checksum, last_modified FROM upload_part
        WHERE upload = ?1 AND number = ?2
        """
    case putPart = """
        INSERT INTO upload_part (upload, number, blob, size_bytes, etag, checksum, last_modified)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        ON CONFLICT (upload, number) DO UPDATE SET blob = excluded.blob, size_bytes = excluded.size_bytes,
            etag = excluded.etag, checksum = excluded.checksum, last_modified = excluded.last_modified
        """
    case parts = """
        SELECT upload, number, blob, size_bytes, etag, checksum, last_modified FROM upload_part
        WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3
        """
    case changeReferences = """
        INSERT INTO blob (hash, size_bytes, "references", changed) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (hash) DO UPDATE SET "references" = "references" + excluded."references", changed = excluded.changed
        """
    case reduceReferences = """
        UPDATE blob SET "references" = "references" + ?2, changed = ?3 WHERE hash = ?1
        """
    case blob = "SELECT hash, size_bytes, \"references\", changed, generation FROM blob WHERE hash = ?1"
    case unreferencedBlobs = """
        SELECT hash, size_bytes, "references", changed, generation FROM blob WHERE "references" = 0 AND changed < ?1
        ORDER BY changed, hash LIMIT ?2
        """
    case forgetBlob = "DELETE FROM blob WHERE hash = ?1 AND \"references\" = 0 AND changed < ?2"
    case reserveBlob = """
        INSERT INTO blob (hash, size_bytes, "references", changed, generation) VALUES (?1, ?2, 0, ?3, ?4)
        ON CONFLICT (hash) DO UPDATE SET changed = excluded.changed
        RETURNING hash, size_bytes, "references", changed, generation
        """
    case forgetBlobOfGeneration = """
        DELETE FROM blob WHERE hash = ?1 AND generation = ?2 AND "references" = 0 AND changed < ?3 RETURNING size_bytes
        """
    case insertCondemnedBlob = """
        INSERT INTO condemned_blob (hash, generation, size_bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
        """
    case condemnedBlobs = """
        SELECT hash, generation, size_bytes FROM condemned_blob WHERE (hash, generation) > (?1, ?2)
        ORDER BY hash, generation LIMIT ?3
        """
    case deleteCondemnedBlob = "DELETE FROM condemned_blob WHERE hash = ?1 AND generation = ?2"
    case anyBlob = "SELECT 1 FROM blob WHERE hash > ?1 LIMIT 1"
}
