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
///
/// While nobody writes, a connection keeps its snapshot for the next read, since beginning and ending one takes system
/// calls, which cost as much as finding a row. Whoever writes lets all of them go: they would be old, and the log could
/// not be begun again while one is held. Writing that nobody tells of is not seen through a snapshot that is kept.
final class ReaderPool: Sendable {
    /// How many times writing has begun or ended. Even: nobody writes.
    private struct Era: Equatable {
        private var count = 0

        var isQuiet: Bool { self.count.isMultiple(of: 2) }

        mutating func end() { self.count += 1 }
    }

    private struct Reader {
        let queue: DatabaseQueue
        /// When the snapshot was begun that the connection holds; `nil` when it holds none.
        var snapshot: Era?
    }

    private struct State {
        /// The one that was used last is the last: it has in memory what is wanted most.
        var resting: [Reader] = []
        var era = Era()
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
        configuration.allowsUnsafeTransactions = true
        self.configuration = configuration
        self.maximum = maximum
        self.free = DispatchSemaphore(value: maximum)
    }

    // MARK: Reading

    /// Runs the body on one snapshot, and throws what it throws.
    func read<Result>(_ body: (SQLiteConnection) throws -> Result) throws -> Result {
        self.free.wait()
        defer { self.free.signal() }
        var (reader, era) = try self.take()
        defer { self.giveBack(reader) }
        return try reader.queue.unsafeRead { database in
            let connection = SQLiteConnection(database)
            let holds = reader.snapshot
            reader.snapshot = nil
            if holds != era {
                if holds != nil { self.endSnapshot(of: connection) }
                try connection.run(.beginReading)
            }
            defer { if reader.snapshot == nil { self.endSnapshot(of: connection) } }
            let result = try body(connection)
            if connection.isInTransaction, self.mayKeep(since: era) { reader.snapshot = era }
            return result
        }
    }

    /// Nothing was written, so that there is nothing that the end could fail to keep. But it must end, or nobody could
    /// read with the connection any more.
    private func endSnapshot(of connection: SQLiteConnection) {
        _ = try? connection.run(.commit)
        if connection.isInTransaction { _ = try? connection.run(.rollback) }
        precondition(!connection.isInTransaction, "a transaction that reads has not ended")
    }

    private func endSnapshot(of reader: inout Reader) {
        reader.snapshot = nil
        reader.queue.unsafeRead { self.endSnapshot(of: SQLiteConnection($0)) }
    }

    private func mayKeep(since era: Era) -> Bool { era.isQuiet && self.state.withLock { $0.era == era } }

    // MARK: Writing

    /// Whoever writes says so before: from now on no snapshot is kept.
    func beginWriting() { self.state.withLock { $0.era.end() } }

    /// Ends the snapshots that were kept. To be called before each transaction that writes, since a connection that is
    /// being given back may be missed.
    func letGo() {
        while var reader = self.takeHolder() {
            self.endSnapshot(of: &reader)
            self.giveBack(reader)
            self.free.signal()
        }
    }

    /// What was written can be seen.
    func endWriting() { self.state.withLock { $0.era.end() } }

    /// A connection that rests with a snapshot, unless all connections are busy.
    private func takeHolder() -> Reader? {
        guard self.free.wait(timeout: .now()) == .success else { return nil }
        let holder = self.state.withLock { state -> Reader? in
            state.resting.firstIndex { $0.snapshot != nil }.map { state.resting.remove(at: $0) }
        }
        if holder == nil { self.free.signal() }
        return holder
    }

    // MARK: Connections

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
        for var reader in resting {
            if reader.snapshot != nil { self.endSnapshot(of: &reader) }
            do { try reader.queue.close() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func take() throws -> (Reader, Era) {
        let (known, era) = try self.state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store has been closed") }
            return (state.resting.popLast(), state.era)
        }
        if let known { return (known, era) }
        return (Reader(queue: try DatabaseQueue(path: self.path, configuration: self.configuration)), era)
    }

    /// Lets a connection rest; with its snapshot, unless somebody has begun to write since it was seen that it may be kept.
    private func giveBack(_ reader: Reader) {
        var reader = reader
        let isResting = self.state.withLock { state in
            guard reader.snapshot == nil || reader.snapshot == state.era else { return false }
            state.resting.append(reader)
            return true
        }
        guard !isResting else { return }
        self.endSnapshot(of: &reader)
        self.state.withLock { $0.resting.append(reader) }
    }
}
