// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The statements about events and about what approvals tell, as ``StatementText`` has the others.
enum EventStatement: String, SQLStatement {
    case nextEventDue = "SELECT due FROM event_queue WHERE target = ?1 ORDER BY due LIMIT 1"
    case eventTargetAfter = "SELECT target FROM event_queue WHERE target > ?1 ORDER BY target LIMIT 1"
    case eventBacklog = """
        SELECT COALESCE(SUM(length), 0), COUNT(*), COUNT(reason), MAX(reason) FROM event_queue WHERE target = ?1
        """
    case deadLetterCount = "SELECT COUNT(*) FROM dead_letter WHERE target = ?1"
    case lengthenEventQueue = """
        INSERT INTO event_queue (target, pipeline, length, due) VALUES (?1, ?2, 1, ?3)
        ON CONFLICT (target, pipeline) DO UPDATE SET length = length + 1 WHERE length < ?4
        """
    case insertEvent = "INSERT INTO event (target, pipeline, queued_at, message) VALUES (?1, ?2, ?3, ?4)"
    case dueEventQueues = """
        SELECT pipeline, attempts FROM event_queue WHERE target = ?1 AND due <= ?2 ORDER BY due, pipeline LIMIT ?3
        """
    case leaseEventQueue = """
        UPDATE event_queue SET fence = ?3, due = ?4, attempts = attempts + 1 WHERE target = ?1 AND pipeline = ?2
        """
    case firstEvent = """
        SELECT number, queued_at, message FROM event WHERE target = ?1 AND pipeline = ?2 ORDER BY number LIMIT 1
        """
    case heldEventQueue = "SELECT length FROM event_queue WHERE target = ?1 AND pipeline = ?2 AND fence = ?3"
    case deleteEvent = "DELETE FROM event WHERE number = ?1"
    case shortenEventQueue = """
        UPDATE event_queue SET length = length - 1, due = ?3, attempts = 0, reason = NULL, fence = 0
        WHERE target = ?1 AND pipeline = ?2
        """
    case deleteEventQueue = "DELETE FROM event_queue WHERE target = ?1 AND pipeline = ?2"
    case postponeEventQueue = """
        UPDATE event_queue SET due = ?4, reason = ?5, fence = 0 WHERE target = ?1 AND pipeline = ?2 AND fence = ?3
        """
    case deadLetters = """
        SELECT number, target, pipeline, died_at, attempts, reason, message FROM dead_letter
        WHERE number > ?1 ORDER BY number LIMIT ?2
        """
    case deadLettersOfTarget = """
        SELECT number, target, pipeline, died_at, attempts, reason, message FROM dead_letter
        WHERE target = ?1 AND number > ?2 ORDER BY number LIMIT ?3
        """
    case deadLetter = """
        SELECT number, target, pipeline, died_at, attempts, reason, message FROM dead_letter WHERE number = ?1
        """
    case insertDeadLetter = """
        INSERT INTO dead_letter (target, pipeline, died_at, attempts, reason, message)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)
        """
    case deleteDeadLetter = "DELETE FROM dead_letter WHERE number = ?1"
    case deleteDeadLetters = """
        DELETE FROM dead_letter WHERE number IN
            (SELECT number FROM dead_letter WHERE died_at < ?1 ORDER BY died_at, number LIMIT ?2)
        """
    case lastSuccess = """
        SELECT execution.details FROM stage_success AS success
        CROSS JOIN execution ON execution.pipeline = success.pipeline AND execution.sequence = success.sequence
        WHERE success.pipeline = (SELECT number FROM pipeline WHERE id = ?1) AND success.stage = ?2
        ORDER BY success.version DESC, success.sequence DESC LIMIT 1
        """
}
