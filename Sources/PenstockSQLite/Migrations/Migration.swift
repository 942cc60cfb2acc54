// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import GRDB
import PenstockStore

/// One step from a schema to the next. Steps are only ever appended.
struct Migration: Sendable {
    /// The version that the schema has afterwards; steps are numbered from 1 without gaps.
    let version: Int
    let sql: String

    static let all = [initial, rules, events, retention, polling, fleet, blobObjects, keyLocks, uncheckedJobs]

    /// Brings the schema to the newest version, in one transaction.
    ///
    /// - Throws: ``StoreError`` with code `.corrupt` when the schema is newer than this program knows, `.constraint` when
    ///   rows are still being moved into the database.
    static func run(on database: Database) throws {
        try database.inTransaction(.immediate) {
            guard try !MoveMark.isThere(in: database) else { throw StoreError.unfinishedMove }
            try Self.apply(on: database, upTo: Self.all.count)
            return .commit
        }
    }

    /// Brings the schema to a version, in the transaction that is open.
    static func apply(on database: Database, upTo version: Int) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS schema (
                    only INTEGER PRIMARY KEY CHECK (only = 1),
                    version INTEGER NOT NULL
                ) STRICT;
                INSERT OR IGNORE INTO schema VALUES (1, 0);
                """
        )
        let current = try Int.fetchOne(database, sql: "SELECT version FROM schema") ?? 0
        guard current <= Self.all.count else {
            throw StoreError(
                .corrupt,
                "the database has schema \(current), this program knows up to \(Self.all.count); use a newer one"
            )
        }
        for migration in Self.all where migration.version > current && migration.version <= version {
            try database.execute(sql: migration.sql)
            try database.execute(sql: "UPDATE schema SET version = ?", arguments: [migration.version])
        }
    }
}
