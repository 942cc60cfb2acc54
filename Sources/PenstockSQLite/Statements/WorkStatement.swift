// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The statements about timers, effects and watches, as ``StatementText`` has the others.
enum WorkStatement: String, SQLStatement {
    case nextFences = "UPDATE fence SET last = last + ?1 WHERE only = 1 RETURNING last"
    case earliestTimer = "SELECT due FROM timer WHERE lease_until IS NULL ORDER BY due LIMIT 1"
    case earliestTimerLapse = """
        SELECT lease_until FROM timer WHERE lease_until IS NOT NULL ORDER BY lease_until LIMIT 1
        """
    case earliestEffectLapse = """
        SELECT lease_until FROM effect WHERE lease_until IS NOT NULL ORDER BY lease_until LIMIT 1
        """
    case putTimer = """
        INSERT INTO timer (key, pipeline, due, details) VALUES (?1, (SELECT number FROM pipeline WHERE id = ?2), ?3, ?4)
        ON CONFLICT (key) DO UPDATE SET pipeline = excluded.pipeline, due = excluded.due, details = excluded.details,
            fence = 0, lease_until = NULL
        """
    case deleteTimer = "DELETE FROM timer WHERE key = ?1"
    case freeTimers = """
        SELECT key, due, details FROM timer WHERE lease_until IS NULL AND due <= ?1 ORDER BY due, key LIMIT ?2
        """
    case lapsedTimers = """
        SELECT key, due, details FROM timer WHERE lease_until <= ?1 AND due <= ?1 ORDER BY due, key LIMIT ?2
        """
    case leaseTimer = "UPDATE timer SET fence = ?2, lease_until = ?3 WHERE key = ?1"
    case timerFence = "SELECT fence FROM timer WHERE key = ?1"
    case oweEffect = """
        INSERT INTO effect (id, created_at, attempts, kind) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING
        """
    case freeEffects = """
        SELECT id, created_at, attempts, kind FROM effect WHERE lease_until IS NULL ORDER BY created_at, id LIMIT ?1
        """
    case lapsedEffects = """
        SELECT id, created_at, attempts, kind FROM effect WHERE lease_until <= ?2 ORDER BY created_at, id LIMIT ?1
        """
    case leaseEffect = "UPDATE effect SET attempts = attempts + 1, fence = ?2, lease_until = ?3 WHERE id = ?1"
    case settleEffect = "DELETE FROM effect WHERE id = ?1 AND fence = ?2"
    case sourceWatchesOfObject = """
        SELECT pipeline_id, account, region, pipeline_name, action, bucket, object_key, polls, disabled_at, cursor,
            poll_due, looked_at, poll_failure
        FROM source_watch
        WHERE account = ?1 AND region = ?2 AND bucket = ?3 AND object_key = ?4 ORDER BY pipeline_name, action
        """
    case sourceWatchesOfPipeline = """
        SELECT pipeline_id, account, region, pipeline_name, action, bucket, object_key, polls, disabled_at, cursor,
            poll_due, looked_at, poll_failure
        FROM source_watch
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) ORDER BY action
        """
    case deleteSourceWatches = """
        DELETE FROM source_watch WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1)
        """
    case insertSourceWatch = """
        INSERT INTO source_watch
            (pipeline, pipeline_id, account, region, pipeline_name, action, bucket, object_key, polls, disabled_at, cursor,
            poll_due, looked_at, poll_failure)
        VALUES ((SELECT number FROM pipeline WHERE id = ?1), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
        """
    case putSourceCursor = """
        UPDATE source_watch SET cursor = ?3 WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND action = ?2
        """
    case earliestSourcePoll = """
        SELECT poll_due FROM source_watch WHERE poll_due IS NOT NULL AND polls = 1 AND disabled_at IS NULL
        ORDER BY poll_due LIMIT 1
        """
    case dueSourcePolls = """
        SELECT pipeline_id, account, region, pipeline_name, action, bucket, object_key, polls, disabled_at, cursor,
            ?2, looked_at, poll_failure
        FROM source_watch WHERE poll_due <= ?1 AND poll_due IS NOT NULL AND polls = 1 AND disabled_at IS NULL
        ORDER BY poll_due, pipeline, action LIMIT ?3
        """
    case putSourcePoll = """
        UPDATE source_watch SET poll_due = ?3, looked_at = ?4, poll_failure = ?5
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND action = ?2
        """
    case disablePolling = """
        UPDATE source_watch SET disabled_at = ?2
        WHERE pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND polls = 1 AND disabled_at IS NULL
        """
}
