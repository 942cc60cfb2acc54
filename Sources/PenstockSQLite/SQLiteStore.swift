// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
package import Logging
package import PenstockArtifacts
package import PenstockStore
import Synchronization

/// The store in one SQLite file, for one machine.
///
/// Transactions that wait for the writer share a commit: they run one after another, then one fsync makes all of them
/// durable, and only after that is any caller answered. They run on the writer's queue, never on the task that asked,
/// so that a caller's cancellation reaches none of them.
///
/// Reads run on snapshots beside the writer, on the thread that asks: each is a few probes of an index, bounded by the
/// size of a page, and handing it to another thread and back would cost more than the read.
package final class SQLiteStore: Store {
    /// Connections that read at once. A thread that finds all of them busy waits for one.
    package static let maximumReaders = 8
    /// The most that one connection keeps of the file in memory: the inner pages of the indexes of 100,000 pipelines fit.
    static let cacheKibibytes = 8 * 1024
    /// How long another process may hold the file's lock.
    static let busyTimeoutSeconds = 10.0

    /// The writer.
    let pool: DatabasePool
    let readers: ReaderPool
    private let queue = WriteQueue()
    private let observers = StoreObservers()
    private let hasClosed = Atomic(false)
    private let logger: Logger

    /// Opens the file, or creates it, and brings its schema to the newest version.
    ///
    /// Nothing here keeps a second server out; a lock of the data directory does. What another process writes, this one
    /// may not see until it writes itself.
    ///
    /// - Throws: ``StoreError`` with code `.corrupt` when the schema is newer than this program, `.unavailable` when
    ///   the file cannot be opened.
    package init(path: String, logger: Logger = Logger(label: "penstock.sqlite")) throws {
        self.logger = logger
        SQLiteLibrary.setUp()
        var configuration = Configuration()
        configuration.maximumReaderCount = Self.maximumReaders
        configuration.busyMode = .timeout(Self.busyTimeoutSeconds)
        configuration.foreignKeysEnabled = true
        // A higher one would let the writer interrupt the calls that its next batch is to be made of, and needs a privilege.
        configuration.qos = .default
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA temp_store = MEMORY")
            try database.execute(sql: "PRAGMA cache_size = -\(Self.cacheKibibytes)")
        }
        do {
            self.pool = try DatabasePool(path: path, configuration: configuration)
            self.readers = ReaderPool(path: path, configuration: configuration, maximum: Self.maximumReaders)
            try self.pool.writeWithoutTransaction { database in
                // GRDB opens with NORMAL, under which a commit survives a crash of the process but not of the machine.
                try database.execute(sql: "PRAGMA synchronous = FULL")
                try Migration.run(on: database)
            }
        } catch {
            throw StoreError(sqlite: error)
        }
    }

    package var isShared: Bool { false }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        try await self.enqueue { transaction in try body(transaction) }
    }

    package func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try await self.enqueue { transaction in try body(transaction) }
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result {
        try self.snapshot { transaction in try body(transaction) }
    }

    package func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try self.snapshot { transaction in try body(transaction) }
    }

    package func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) { self.observers.add(observer) }

    package func close() async {
        await self.queue.close()
        self.observers.removeAll()
        guard !self.hasClosed.exchange(true, ordering: .relaxed) else { return }
        // Closing waits for readers, so it must not block a thread of the concurrency pool.
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                self.tryToClose { try self.readers.close() }
                self.mergeLog()
                self.tryToClose { try self.pool.close() }
                continuation.resume()
            }
        }
    }

    /// What does not close holds nothing else open.
    private func tryToClose(_ close: () throws -> Void) {
        do {
            try close()
        } catch {
            self.logger.error("the database did not close", metadata: ["error": "\(error)"])
        }
    }

    /// Leaves everything in the one file, for whoever copies or opens it by itself. Where that cannot be done, on a full
    /// disk or beside another process, the log keeps what the file lacks, and nothing is lost.
    private func mergeLog() {
        do {
            try self.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        } catch {
            self.logger.warning("the write-ahead log stays beside the database", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Reading

    private func snapshot<Result: Sendable>(
        _ body: (SQLiteTransaction) throws -> Result
    ) throws -> Result {
        guard !self.queue.isClosed else { throw StoreError(.closed, "the store has been closed") }
        do {
            return try self.readers.read { connection in try body(SQLiteTransaction(connection)) }
        } catch let error as DatabaseError {
            throw StoreError(sqlite: error)
        }
    }

    // MARK: Writing

    private func enqueue<Result: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Result, any Error>) in
            let write = PendingWrite(
                run: { transaction in
                    let outcome = Swift.Result { try body(transaction) }
                    let succeeded = if case .success = outcome { true } else { false }
                    return PendingWrite.Attempt(succeeded: succeeded) { failure in
                        continuation.resume(with: failure.map { .failure($0) } ?? outcome)
                    }
                },
                refuse: { continuation.resume(throwing: $0) }
            )
            switch self.queue.add(write) {
            case .waits: break
            case .refused(let error): continuation.resume(throwing: error)
            case .drain: self.pool.asyncWriteWithoutTransaction { database in self.drain(database) }
            }
        }
    }

    /// Commits batch after batch until nobody waits.
    private func drain(_ database: Database) {
        self.readers.beginWriting()
        defer { self.readers.endWriting() }
        while true {
            let batch = self.queue.takeBatch()
            guard !batch.isEmpty else { return }
            self.readers.letGo()
            self.commit(batch, on: SQLiteConnection(database))
        }
    }

    /// 1. Runs the bodies. 2. Commits. 3. Tells the observers. 4. Answers the callers.
    private func commit(_ batch: [PendingWrite], on connection: SQLiteConnection) {
        var members = BatchRun()
        var failure: StoreError?
        var isCommitting = false
        do {
            try members.run(batch, on: connection)
            isCommitting = true
            try connection.run(.commit)
        } catch {
            var error = StoreError(sqlite: error)
            // A sync that fails may have written all the same, and a restart would then find the transactions. Where there
            // is no room, the frame that says that they are committed was not written.
            if isCommitting, error.code == .unavailable, !connection.isFull { error.code = .outcomeUnknown }
            failure = error
            self.logger.error("a batch of transactions failed", metadata: ["error": "\(error)"])
            if connection.isInTransaction { _ = try? connection.run(.rollback) }
        }
        if failure == nil { self.observers.deliver(members.signals) }
        members.attempts.forEach { $0.settle(failure) }
        if let failure { batch.dropFirst(members.attempts.count).forEach { $0.refuse(failure) } }
    }
}
