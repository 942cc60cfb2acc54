// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
import Synchronization

/// A store that lives as long as its process: for tests and simulation, and the measure of what the databases must do.
///
/// A transaction works on a copy of the rows, which replaces them when the body returns. Copies share their structure,
/// so a transaction costs what it changes.
package final class MemoryStore: Store {
    private struct State: Sendable {
        var rows = MemoryRows()
        var artifacts = MemoryArtifacts()
        var isClosed = false
    }

    private let state = Mutex(State())
    private let observers = StoreObservers()

    package init() {}

    package var isShared: Bool { false }

    package func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        let (result, signals) = try self.commit { transaction in try body(transaction) }
        self.observers.deliver(signals)
        return result
    }

    package func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result {
        try body(try self.snapshot())
    }

    package func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        let (result, signals) = try self.commit { transaction in try body(transaction) }
        self.observers.deliver(signals)
        return result
    }

    package func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try body(try self.snapshot())
    }

    package func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) { self.observers.add(observer) }

    package func close() async {
        self.state.withLock { $0.isClosed = true }
        self.observers.removeAll()
    }

    private func commit<Result: Sendable>(
        _ body: (MemoryTransaction) throws -> Result
    ) throws -> (Result, [StoreSignal]) {
        try self.state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store has been closed") }
            let transaction = MemoryTransaction(rows: state.rows, artifacts: state.artifacts)
            let result = try body(transaction)
            state.rows = transaction.rows
            state.artifacts = transaction.artifacts
            return (result, transaction.signals)
        }
    }

    private func snapshot() throws -> MemoryTransaction {
        try self.state.withLock { state in
            guard !state.isClosed else { throw StoreError(.closed, "the store has been closed") }
            return MemoryTransaction(rows: state.rows, artifacts: state.artifacts)
        }
    }
}

/// One transaction, used by the one thread that runs its body.
final class MemoryTransaction: StoreTransaction, MemoryArtifactTransaction {
    var rows: MemoryRows
    var artifacts: MemoryArtifacts
    private(set) var signals: [StoreSignal] = []

    init(rows: MemoryRows, artifacts: MemoryArtifacts) {
        self.rows = rows
        self.artifacts = artifacts
    }

    func signal(_ signal: StoreSignal) { self.signals.append(signal) }
}
