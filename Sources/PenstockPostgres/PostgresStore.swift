// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PenstockArtifacts
import PenstockModel
package import PenstockStore

/// The store on PostgreSQL: any number of processes share it.
///
/// A pipeline's writers are ordered by the lock of its row, claims pass over what others hold, and what else can get in
/// each other's way is run again.
package final class PostgresStore: Store {
    private let configuration: PostgresConfiguration
    private let pool: ConnectionPool
    private let listener: SignalListener
    private let observers: StoreObservers
    private let logger: Logger
    /// The name of this process in notifications.
    private let origin: String

    /// Opens the database, and brings its schema up to this version's.
    ///
    /// - Throws: ``StoreError``: `.unavailable` when the database cannot be reached or is older than PostgreSQL 14,
    ///   `.corrupt` when its schema is newer than this version.
    package init(_ configuration: PostgresConfiguration, logger: Logger) async throws {
        var generator = SystemRandomNumberGenerator()
        let origin = UniqueID.random(using: &generator).description
        let observers = StoreObservers()
        let pool = ConnectionPool(configuration)
        do {
            try await pool.run { slot in try Migrator.migrate(slot) }
            let listener = try SignalListener(configuration, origin: origin, logger: logger) {
                observers.deliver($0)
            }
            await listener.start()
            self.listener = listener
        } catch {
            await pool.close()
            throw error
        }
        self.configuration = configuration
        self.pool = pool
        self.observers = observers
        self.logger = logger
        self.origin = origin
    }

    package var isShared: Bool { true }

    package func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) {
        self.observers.add(observer)
    }

    package func close() async {
        await self.pool.close()
        await self.listener.stop()
        self.observers.removeAll()
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
        try await self.pool.run { [configuration, origin, logger, observers] slot in
            let attempts = TransactionAttempts(slot: slot, mode: mode, origin: origin, logger: logger)
            let (result, signals) = try attempts.run(atMost: configuration.maximumAttempts, body)
            observers.deliver(signals)
            return result
        }
    }
}
