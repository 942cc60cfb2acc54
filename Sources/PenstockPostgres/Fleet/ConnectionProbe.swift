// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockStore

/// Finds at start what a store cannot work with, rather than in the middle of the night.
struct ConnectionProbe {
    let configuration: PostgresConfiguration

    /// What the database can do that not all of those can that speak PostgreSQL's protocol.
    struct Findings: Sendable {
        /// Whether signals travel between processes. Where they do not, sweeps find what others left to be done.
        var hasNotifications: Bool
    }

    /// - Throws: ``StoreError`` with code `.unavailable` when the server only reads, or connections are not sessions.
    func examine(_ slot: ConnectionSlot) throws -> Findings {
        try slot.use { session in
            try self.requireWriting(session)
            try self.requireSessions(session)
            return Findings(hasNotifications: try self.hasNotifications(session))
        }
    }

    private func requireWriting(_ session: PostgresSession) throws {
        let isReadOnly = try session.rows("SELECT current_setting('transaction_read_only') = 'on'", []) {
            try $0.bool()
        }
        guard isReadOnly == [true] else { return }
        throw StoreError(
            .unavailable,
            """
            the server takes no writes, as a standby does: name all servers in the connection string, with \
            target_session_attrs=read-write
            """
        )
    }

    /// A pooler that lends a server's connection for one transaction at a time loses prepared statements, settings and
    /// LISTEN between them. It gives itself away when a second client has a transaction open: it shows the settings of
    /// the first, or the first has lost them.
    private func requireSessions(_ session: PostgresSession) throws {
        var generator = SystemRandomNumberGenerator()
        let mark = UniqueID.random(using: &generator).description
        let second = try PostgresSession(self.configuration)
        do {
            _ = try session.rows("SELECT set_config('penstock.session', $1, false)", [mark], within: Self.patience) {
                _ in
            }
            try second.run("BEGIN")
            let marks = try [second, session].flatMap { each in
                try each.rows(
                    "SELECT current_setting('penstock.session', true)", [], within: Self.patience
                ) { try $0.textIfPresent() }
            }
            guard marks.first != mark, marks.last == mark else { throw Self.notSessions(nil) }
        } catch let failure as PostgresFailure {
            // Nothing that a server of its own could refuse.
            throw Self.notSessions(failure)
        }
    }

    /// For a query that touches no table.
    private static let patience = Duration.seconds(5)

    private static func notSessions(_ failure: PostgresFailure?) -> StoreError {
        StoreError(
            .unavailable,
            """
            connections are not sessions of their own: a pooler in between must be in session mode, with a connection to \
            the server for each of its clients\(failure.map { "; \($0)" } ?? "")
            """,
            underlying: failure
        )
    }

    private func hasNotifications(_ session: PostgresSession) throws(PostgresFailure) -> Bool {
        do throws(PostgresFailure) {
            try session.run(
                "BEGIN; SELECT pg_notify('\(SignalConnection.channel)', ''); LISTEN \(SignalConnection.channel); ROLLBACK"
            )
            return true
        } catch {
            // It is not supported, not known or not allowed.
            guard ["0A000", "42601", "42883", "42501"].contains(error.sqlState) else { throw error }
            try session.run("ROLLBACK")
            return false
        }
    }
}
