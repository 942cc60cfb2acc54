// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore
import Synchronization

/// One server among those that work on a database.
///
/// Each says in a row of its own which formats of stored values it reads, and says it again while it lives. A format is
/// written once every server that lives has said that it reads it, so that servers can be replaced one by one by those of
/// a newer version. It is never taken back.
final class FleetMember: Sendable {
    /// Who has not been heard of for so long is not asked.
    static let absence = Duration.seconds(60)

    /// How long a renewal waits for a server that changes the schema; the next renewal asks again.
    private static let patience = Duration.seconds(5)

    private let id: UniqueID
    private let name: String
    /// From the oldest that this version can still write to the newest, all of which it reads.
    private let formats: ClosedRange<Int>

    private struct State: Sendable {
        /// What is written.
        var format: Int
        /// What the fleet writes, if this server cannot read it: it was away when that was agreed.
        var unknownFormat: Int?
    }

    private let state: Mutex<State>

    /// - Parameter name: What an operator knows the server by.
    init(id: UniqueID, name: String, formats: ClosedRange<Int>) {
        self.id = id
        self.name = name
        self.formats = formats
        self.state = Mutex(State(format: formats.lowerBound))
    }

    /// The format to write in.
    ///
    /// - Throws: ``StoreError`` with code `.unavailable` when the fleet has gone on to one that is not known here.
    func format() throws(StoreError) -> Int {
        let state = self.state.withLock { $0 }
        if let unknown = state.unknownFormat { throw self.outdated(unknown, .unavailable) }
        return state.format
    }

    /// Takes its place, before anything is read or written.
    ///
    /// - Throws: ``StoreError`` with code `.corrupt` when this version does not read what is written, or no longer writes
    ///   what the others read.
    func join(_ session: PostgresSession) throws {
        try self.inTransaction(session) {
            // Nobody agrees on a format meanwhile.
            try Migrator.lockSchema(session, within: Migrator.patience)
            let format = try self.agreedFormat(session)
            guard format <= self.formats.upperBound else { throw self.outdated(format, .corrupt) }
            try self.declare(session)
            try self.forgetTheAbsent(session)
            let agreed = try self.raiseFormat(from: format, session)
            guard agreed >= self.formats.lowerBound else {
                throw StoreError(
                    .corrupt,
                    """
                    the servers of the database write format \(agreed), this program no longer writes below \
                    \(self.formats.lowerBound): let all of them be of the version between first
                    """
                )
            }
            self.state.withLock { $0.format = agreed }
        }
    }

    /// Says that it lives, and learns what has been agreed.
    func renew(_ session: PostgresSession) throws {
        let agreed = try self.inTransaction(session) {
            try self.declare(session)
            let format = try self.agreedFormat(session)
            guard format < self.formats.upperBound else { return format }
            try Migrator.lockSchema(session, within: Self.patience)
            return try self.raiseFormat(from: format, session)
        }
        self.state.withLock { state in
            state.unknownFormat = agreed > self.formats.upperBound ? agreed : nil
            state.format = min(agreed, self.formats.upperBound)
        }
    }

    /// Gives up its place. Best effort: who does not is missed after a while.
    func leave(_ session: PostgresSession) throws {
        _ = try session.change("DELETE FROM penstock_server WHERE id = $1", [self.id])
    }

    private func outdated(_ format: Int, _ code: StoreError.Code) -> StoreError {
        StoreError(
            code,
            """
            the servers of the database write format \(format), this program reads up to \(self.formats.upperBound); \
            use a newer one
            """
        )
    }

    // MARK: Rows

    /// Milliseconds since 1970, by the clock that all servers share.
    private static let now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

    private func inTransaction<Result>(_ session: PostgresSession, _ body: () throws -> Result) throws -> Result {
        try session.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        do {
            let result = try body()
            try session.run("COMMIT")
            return result
        } catch {
            _ = try? session.run("ROLLBACK")
            throw error
        }
    }

    private func agreedFormat(_ session: PostgresSession) throws -> Int {
        try session.rows("SELECT format FROM penstock_format WHERE id = 1", []) { try $0.int() }.first ?? 0
    }

    private func declare(_ session: PostgresSession) throws {
        _ = try session.change(
            """
            INSERT INTO penstock_server (id, name, reads, seen_at) VALUES ($1, $2, $3, \(Self.now))
            ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
            """,
            [self.id, self.name, self.formats.upperBound]
        )
    }

    /// Rows of servers that did not leave in good order. Those of the last day are kept for who looks for them.
    private func forgetTheAbsent(_ session: PostgresSession) throws {
        _ = try session.change(
            """
            DELETE FROM penstock_server WHERE id IN (
                SELECT id FROM penstock_server WHERE seen_at < \(Self.now) - $1 FOR UPDATE SKIP LOCKED
            )
            """,
            [Self.memory.milliseconds]
        )
    }

    private static let memory = Duration.seconds(86_400)

    /// Raises the format to what all read that live, with the schema locked.
    ///
    /// - Returns: What is written from now on.
    private func raiseFormat(from format: Int, _ session: PostgresSession) throws -> Int {
        let agreed = try session.rows(
            "SELECT min(reads) FROM penstock_server WHERE seen_at > \(Self.now) - $1", [Self.absence.milliseconds]
        ) { try $0.integerIfPresent() }
        guard let readByAll = agreed.first.flatMap({ $0 }).map({ Int($0) }), readByAll > format else { return format }
        _ = try session.change("UPDATE penstock_format SET format = $1 WHERE id = 1 AND format < $1", [readByAll])
        return readByAll
    }
}
