// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

/// One step of the schema. Steps are only ever added: what a released version ran stays as it is.
struct Migration: Sendable {
    /// Counted from 1, without gaps.
    var version: Int
    /// Statements, run in one transaction with all other steps that are missing.
    var sql: String

    /// All steps, in order.
    static let all: [Migration] = [
        .initial, .rules, .events, .retention, .polling, .fleet, .blobObjects, .keyLocks, .uncheckedJobs,
    ]
}

/// Brings the schema of a database up to this version's, while servers of the version before work on it.
///
/// A step therefore only adds: tables, indexes, columns that may be absent; or it removes what only refuses, as a `CHECK`
/// does. What an older version needs is removed by a later one, when nobody runs that version any more.
enum Migrator {
    /// Servers that start together wait for each other on the one row of the schema table.
    ///
    /// - Throws: ``StoreError``: `.corrupt` when the schema is newer than this version, else what the database says.
    ///
    /// - Parameter patience: How long another server that migrates is waited for.
    static func migrate(
        _ slot: ConnectionSlot, with migrations: [Migration] = Migration.all, patience: Duration = Self.patience
    ) throws {
        try slot.use { session in
            try Self.prepare(session)
            try Self.whileLocksAreShort(session) {
                try session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
                try Self.lockSchema(session, within: patience)
                guard try !MoveMark.isThere(on: session) else { throw StoreError.unfinishedMove }
                try session.run("SET LOCAL lock_timeout = \(Self.tablePatience.milliseconds)")
                try Self.apply(migrations, on: session)
                try session.run("COMMIT", within: nil)
            }
        }
    }

    /// How long a migration waits for a table. All who come after it wait with it, so it gives up soon, and tries again.
    private static let tablePatience = Duration.seconds(2)

    /// How long a server that starts waits for another one that migrates.
    static let patience = Duration.seconds(300)

    /// Locks the one row of the schema table, and waits for another server that migrates. From then on the statements of
    /// the transaction may take as long as they take.
    ///
    /// - Throws: ``StoreError`` with code `.unavailable` when that takes longer than the limit.
    static func lockSchema(_ session: PostgresSession, within limit: Duration) throws {
        do throws(PostgresFailure) {
            // The server gives up first; the margin is for its word to arrive.
            try session.run(
                """
                SET LOCAL statement_timeout = 0;
                SET LOCAL lock_timeout = \(max(1, limit.milliseconds));
                SELECT version FROM penstock_schema WHERE id = 1 FOR UPDATE
                """,
                within: limit + Self.margin
            )
        } catch {
            guard error.isLockTimeout else { throw error }
            throw StoreError(
                .unavailable, "another server has been changing the schema for more than \(limit)", underlying: error)
        }
    }

    private static let margin = Duration.seconds(10)

    /// Tables that stay locked for longer than half a minute are somebody's by hand.
    private static let maximumAttempts = 15

    /// Runs the body again where a lock was not to be had in time; those who waited behind it pass in between.
    private static func whileLocksAreShort(
        _ session: PostgresSession, _ body: () throws -> Void
    ) throws {
        var attempt = 1
        while true {
            do {
                return try body()
            } catch let failure as PostgresFailure where failure.isLockTimeout && attempt < Self.maximumAttempts {
                try session.run("ROLLBACK")
                attempt += 1
            }
        }
    }

    /// Makes the schema table with its row. Two servers that do so at once trip over each other in the catalog, which
    /// `IF NOT EXISTS` does not prevent; the second attempt then finds what the other made.
    static func prepare(_ session: PostgresSession) throws(PostgresFailure) {
        var attempt = 1
        while true {
            do throws(PostgresFailure) {
                try session.run(
                    """
                    CREATE TABLE IF NOT EXISTS penstock_schema (
                        id bigint PRIMARY KEY CHECK (id = 1),
                        version bigint NOT NULL
                    );
                    INSERT INTO penstock_schema VALUES (1, 0) ON CONFLICT DO NOTHING
                    """
                )
                return
            } catch {
                guard attempt < Self.maximumPreparations, !error.isConnectionLost else { throw error }
                attempt += 1
            }
        }
    }

    /// One attempt trips over whoever is first; the others are for what else may be in the way.
    private static let maximumPreparations = 5

    static func apply(_ migrations: [Migration], on session: PostgresSession) throws {
        let found = try session.rows("SELECT version FROM penstock_schema WHERE id = 1", []) { try $0.int() }
        guard let version = found.first else {
            throw StoreError(.corrupt, "the schema table has lost its row")
        }
        let known = migrations.last?.version ?? 0
        guard version <= known else {
            throw StoreError(
                .corrupt,
                "the database has schema \(version), this program knows up to \(known); use a newer one"
            )
        }
        for migration in migrations where migration.version > version { try session.run(migration.sql, within: nil) }
        guard version < known else { return }
        _ = try session.change("UPDATE penstock_schema SET version = $1 WHERE id = 1", [known])
    }
}
