// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
package import Logging
package import PenstockArtifacts
import PenstockModel
package import PenstockStore
import Synchronization

/// The store on PostgreSQL: any number of processes share it.
///
/// A pipeline's writers are ordered by the lock of its row, claims pass over what others hold, and what else can get in
/// each other's way is run again.
package final class PostgresStore: Store {
    private let configuration: PostgresConfiguration
    private let pool: ConnectionPool
    private let member: FleetMember
    private let types = RememberedTypes()
    /// `nil` where the database knows no notifications.
    private let signals: SignalConnection?
    private let observers: StoreObservers
    private let logger: Logger
    private let renewal: Mutex<Task<Void, Never>?>

    /// Opens the database, brings its schema up to this version's, and joins those who work on it.
    ///
    /// - Throws: ``StoreError``: `.unavailable` when the database cannot be reached or cannot be worked with, `.corrupt`
    ///   when its schema or its stored values are newer than this version.
    package init(_ configuration: PostgresConfiguration, logger: Logger) async throws {
        var generator = SystemRandomNumberGenerator()
        let id = UniqueID.random(using: &generator)
        let observers = StoreObservers()
        let pool = ConnectionPool(configuration)
        let member = FleetMember(id: id, name: Self.processName, formats: configuration.formats)
        do {
            let findings = try await pool.run { slot in
                let findings = try ConnectionProbe(configuration: configuration).examine(slot)
                try Migrator.migrate(slot)
                try slot.use { try member.join($0) }
                return findings
            }
            if findings.hasNotifications {
                let signals = try SignalConnection(configuration, origin: id.description, logger: logger) {
                    observers.deliver($0)
                }
                await signals.start()
                self.signals = signals
            } else {
                logger.notice("The database knows no notifications: what other servers leave to be done is looked for")
                self.signals = nil
            }
        } catch {
            await pool.close()
            throw error
        }
        self.configuration = configuration
        self.pool = pool
        self.member = member
        self.observers = observers
        self.logger = logger
        self.renewal = Mutex(
            Task { await Self.keepRenewing(member, pool, every: configuration.renewalInterval, logger) })
    }

    private static let processName =
        "\(ProcessInfo.processInfo.hostName):\(ProcessInfo.processInfo.processIdentifier)"

    package var isShared: Bool { true }

    package func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) {
        self.observers.add(observer)
    }

    package func close() async {
        let renewal = self.renewal.withLock { renewal in
            defer { renewal = nil }
            return renewal
        }
        renewal?.cancel()
        await renewal?.value
        try? await self.pool.run { [member] slot in try slot.use { try member.leave($0) } }
        await self.pool.close()
        await self.signals?.stop()
        self.observers.removeAll()
    }

    /// Says to the other servers that this one lives, and learns what they agreed on.
    func renewMembership() async throws { try await Self.renew(self.member, self.pool) }

    private static func renew(_ member: FleetMember, _ pool: ConnectionPool) async throws {
        try await pool.run { slot in try slot.use { try member.renew($0) } }
        _ = try member.format()
    }

    /// Returns when the task is cancelled.
    private static func keepRenewing(
        _ member: FleetMember, _ pool: ConnectionPool, every interval: Duration, _ logger: Logger
    ) async {
        while (try? await Task.sleep(for: interval)) != nil {
            do {
                try await Self.renew(member, pool)
            } catch {
                logger.warning("The other servers may take this one for gone", metadata: ["error": "\(error)"])
            }
        }
    }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        try await self.transact(.write, body)
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result {
        try await self.transact(.read) { try body($0) }
    }

    package func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try await self.transact(.write) { try body($0) }
    }

    package func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try await self.transact(.read) { try body($0) }
    }

    private func transact<Result: Sendable>(
        _ mode: TransactionMode,
        _ body: @escaping @Sendable (PostgresTransaction) throws -> Result
    ) async throws -> Result {
        try await self.pool.run { [configuration, member, types, logger, observers, signals = self.signals] slot in
            let attempts = TransactionAttempts(
                slot: slot, mode: mode, format: try member.format(), types: types, logger: logger
            ) { news in
                observers.deliver(news)
                signals?.tell(news)
            }
            return try attempts.run(atMost: configuration.maximumAttempts, body)
        }
    }
}
