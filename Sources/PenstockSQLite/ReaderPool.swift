// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import GRDB
import PenstockStore
import Synchronization

/// Connections that read, each on the thread that asks, and each opened when it is needed first.
///
/// GRDB's own pool asks for the schema's version and prepares a savepoint for every read, which costs as much as
/// reading. The schema here changes before anything is read, and the savepoint is a transaction that is prepared once.
final class ReaderPool: Sendable {
    private struct State {
        /// The one that was used last is the last: it has in memory what is wanted most.
        var resting: [DatabaseQueue] = []
        var isClosed = false
    }

    private let path: String
    private let configuration: Configuration
    private let state = Mutex(State())
    /// Counts the connections that may be taken.
    private let free: DispatchSemaphore
    private let maximum: Int

    /// - Parameters:
    ///   - configuration: Of each connection.
    ///   - maximum: The most connections; who finds all of them busy waits for one.
    init(path: String, configuration: Configuration, maximum: Int) {
        self.path = path
        var configuration = configuration
        configuration.readonly = true
        self.configuration = configuration
        self.maximum = maximum
        self.free = DispatchSemaphore(value: maximum)
    }

    /// Runs the body on one snapshot, and throws what it throws.
    func read<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
        self.free.wait()
        defer { self.free.signal() }
        let reader = try self.take()
        defer { self.giveBack(reader) }
        return try reader.unsafeRead { database in
            let connection = SQLiteConnection(database)
            try connection.run(.beginReading)
            // Nothing was written, so that there is nothing that the end of the transaction could fail to keep; but it
            // must end, or GRDB ends the process.
            defer {
                _ = try? connection.run(.commit)
                if connection.isInTransaction { _ = try? connection.run(.rollback) }
            }
            return try body(connection)
        }
    }

    /// Waits for those who read, and closes all connections.
    ///
    /// - Throws: The first failure to close one, after all of them were tried.
    func close() throws {
        for _ in 0..<self.maximum { self.free.wait() }
        defer { for _ in 0..<self.maximum { self.free.signal() } }
        let resting = self.state.withLock { state in
            state.isClosed = true
            defer { state.resting = [] }
            return state.resting
        }
        var failure: (any Error)?
        for reader in resting {
            do { try reader.close() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func take() throws -> DatabaseQueue {
        let known = try self.state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store has been closed") }
            return state.resting.popLast()
        }
        return try known ?? DatabaseQueue(path: self.path, configuration: self.configuration)
    }

    private func giveBack(_ reader: DatabaseQueue) { self.state.withLock { $0.resting.append(reader) } }
}
