// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

extension ContentsTable {
    /// Every table of the newest schema. A step of the schema adds here what it adds there; a test compares the two.
    package static let all: [ContentsTable] = [
        ContentsTable(
            "pipeline", key: [id("id")],
            [
                text("account"), text("region"), text("name"), integer("version"), integer("created"),
                integer("updated"), text("pipeline_type"), text("execution_mode"), bytes("tags"), bytes("head"),
            ]),
        ContentsTable(
            "pipeline_version", key: [pipeline, integer("version")],
            [bytes("declaration"), bytes("document"), bytes("sealed_secrets", isOptional: true)]),
        ContentsTable("live_execution", key: [pipeline, id("id")], [text("status"), bytes("state")]),
        ContentsTable(
            "archived_execution", key: [pipeline, id("id")],
            [text("status"), bytes("state"), Column("ended_at", .integer, since: 4)]),
        ContentsTable(
            "execution", key: [pipeline, integer("sequence")], [id("id"), integer("version"), bytes("details")]),
        ContentsTable(
            "stage_success", key: [pipeline, text("stage"), integer("version"), integer("sequence")], []),
        ContentsTable("stage_entrance", key: [pipeline, text("stage")], [bytes("details")]),
        ContentsTable("stage_run", key: [pipeline, text("stage")], [bytes("details")]),
        ContentsTable("current_revision", key: [pipeline, text("stage"), text("action")], [bytes("details")]),
        ContentsTable(
            "action_execution", key: [id("id")],
            [
                pipeline, id("execution"), integer("started_at"), flag("is_replaced"), text("status"), bytes("start"),
                bytes("attempt"), bytes("output_variables"),
            ]),
        ContentsTable(
            "rule_execution", key: [id("id")],
            [
                pipeline, id("execution"), integer("started_at"), flag("is_replaced"), text("status"), bytes("start"),
                bytes("run"),
            ],
            since: 2),
        ContentsTable(
            "seen_revision", key: [pipeline, text("stage"), text("action"), text("revision"), text("change")],
            [id("execution")], since: 2),
        ContentsTable("start_token", key: [pipeline, text("token")], [id("execution"), integer("expires")]),
        ContentsTable(
            "job", key: [id("id")],
            [
                pipeline, text("account"), text("region"), id("action_execution"), text("stage"), text("action"),
                text("queue", isOptional: true), text("query_value", isOptional: true), id("client", isOptional: true),
                text("status"), integer("dispatch"), integer("visible_at", isOptional: true), integer("created_at"),
                integer("ended_at", isOptional: true), text("pipeline_name"),
                bytes("continuation_token", isOptional: true), integer("job_deadline", isOptional: true),
                bytes("start"), bytes("state"),
            ]),
        ContentsTable(
            "timer", key: [text("key")],
            [
                pipeline, integer("due"), text("account"), text("region"), text("pipeline_name"), id("execution"),
                integer("fence"), integer("lease_until", isOptional: true),
            ]),
        ContentsTable(
            "effect", key: [id("id")],
            [
                integer("created_at"), integer("attempts"), bytes("kind"), integer("fence"),
                integer("lease_until", isOptional: true),
            ]),
        ContentsTable(
            "source_watch", key: [pipeline, text("action")],
            [
                text("account"), text("region"), text("pipeline_name"), text("bucket"), bytes("object_key"),
                flag("polls"), integer("disabled_at", isOptional: true), text("cursor", isOptional: true),
                Column("poll_due", .integer, isOptional: true, since: 5),
                Column("looked_at", .integer, isOptional: true, since: 5),
                Column("poll_failure", .bytes, isOptional: true, since: 5),
            ]),
        ContentsTable(
            "action_type", key: [text("region"), text("holder"), text("type_id")],
            [
                text("account"), bytes("definition"), bytes("document"), bytes("tags"), integer("created"),
                flag("is_deleted"),
            ]),
        ContentsTable(
            "connection", key: [id("client")],
            [
                text("account"), text("region"), text("pipeline_name"), text("stage"), text("action"),
                bytes("bound_type", isOptional: true), bytes("token_hash"),
                bytes("previous_token_hash", isOptional: true), integer("previous_expires", isOptional: true),
                integer("created"), integer("rotated", isOptional: true), integer("revoked", isOptional: true),
            ]),
        ContentsTable(
            "access_key", key: [text("id")],
            [
                text("account"), text("principal_name"), flag("is_administrator"), bytes("sealed_secret"),
                bytes("policies"), integer("created"), flag("is_disabled"),
            ]),
        ContentsTable("setting", key: [text("name")], [bytes("value")]),
        ContentsTable(
            "audit_entry", key: [integer("number")],
            [
                integer("at"), text("account"), text("region"), text("principal"), text("operation"),
                text("resource"), text("outcome"), text("request_id"),
            ]),
        ContentsTable(
            "bucket", key: [text("name")], [text("account"), text("region"), integer("created"), text("versioning")]),
        ContentsTable(
            "object_version", key: [integer("sequence")],
            [
                text("bucket"), bytes("key"), text("version_id"), flag("is_latest"), flag("is_delete_marker"),
                integer("size_bytes"), text("etag"), integer("last_modified"), bytes("details"),
            ]),
        ContentsTable(
            "upload", key: [text("id")], [text("bucket"), bytes("key"), integer("initiated"), bytes("details")]),
        ContentsTable(
            "upload_part", key: [text("upload"), integer("number")],
            [
                bytes("blob"), integer("size_bytes"), text("etag"), bytes("checksum", isOptional: true),
                integer("last_modified"),
            ]),
        ContentsTable(
            "blob", key: [bytes("hash")],
            [
                integer("size_bytes"), integer("references"), integer("changed"),
                Column("generation", .id, isOptional: true, since: 7),
            ]),
        ContentsTable(
            "condemned_blob", key: [bytes("hash"), id("generation")], [integer("size_bytes")], since: 7),
        ContentsTable(
            "event_queue", key: [text("target"), id("pipeline")],
            [
                integer("length"), integer("due"), integer("attempts"), text("reason", isOptional: true),
                integer("fence"),
            ],
            since: 3),
        ContentsTable(
            "event", key: [integer("number")],
            [text("target"), id("pipeline"), integer("queued_at"), bytes("message")], since: 3),
        ContentsTable(
            "dead_letter", key: [integer("number")],
            [
                text("target"), id("pipeline"), integer("died_at"), integer("attempts"), text("reason"),
                bytes("message"),
            ],
            since: 3),
        .counters,
    ]

    /// The numbers that are given out once, by the table that is numbered, and `fence` for leases: the last one of each.
    ///
    /// No database has this table: each counts in a way of its own.
    package static let counters = ContentsTable("counter", key: [text("name")], [integer("last")])

    private static let pipeline = Column("pipeline", .pipeline)

    private static func id(_ name: String, isOptional: Bool = false) -> Column {
        Column(name, .id, isOptional: isOptional)
    }

    private static func flag(_ name: String) -> Column { Column(name, .flag) }

    private static func integer(_ name: String, isOptional: Bool = false) -> Column {
        Column(name, .integer, isOptional: isOptional)
    }

    private static func text(_ name: String, isOptional: Bool = false) -> Column {
        Column(name, .text, isOptional: isOptional)
    }

    private static func bytes(_ name: String, isOptional: Bool = false) -> Column {
        Column(name, .bytes, isOptional: isOptional)
    }
}
