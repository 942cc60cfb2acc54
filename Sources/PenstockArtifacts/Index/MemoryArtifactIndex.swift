// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import Synchronization

/// An index that lives as long as its process: for tests, and the measure of what the databases must do.
///
/// A transaction works on a copy of the state, which replaces the state when the body returns.
package final class MemoryArtifactIndex: ArtifactIndex {
    /// What the index knows of jobs and has recorded for source actions; stands in for the tables of the other modules.
    package struct Surroundings: Sendable {
        package var dispatches: [JobID: Int] = [:]
        package var owed: [ObjectChange] = []
        package var changes: [(request: ArtifactRequest, resource: String)] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Lets credentials made for this dispatch of the job write; `nil` lets none.
    package func setDispatch(_ dispatch: Int?, of jobID: JobID) {
        self.state.withLock { $0.surroundings.dispatches[jobID] = dispatch }
    }

    /// The source events recorded so far, in order.
    package var owedSourceEvents: [ObjectChange] { self.state.withLock { $0.surroundings.owed } }

    /// What the audit log would hold of requests that changed something, in order.
    package var recordedChanges: [(request: ArtifactRequest, resource: String)] {
        self.state.withLock { $0.surroundings.changes }
    }

    package func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try self.state.withLock { state in
            let transaction = Transaction(state)
            let result = try body(transaction)
            state = transaction.state
            return result
        }
    }

    package func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try body(Transaction(self.state.withLock { $0 }))
    }
}

extension MemoryArtifactIndex {
    private struct State: Sendable {
        var artifacts = MemoryArtifacts()
        var surroundings = Surroundings()
    }

    /// Used by the one thread that runs its body, under the index's lock or on a copy of its own.
    private final class Transaction: MemoryArtifactTransaction {
        var artifacts: MemoryArtifacts
        var surroundings: Surroundings

        init(_ state: State) {
            self.artifacts = state.artifacts
            self.surroundings = state.surroundings
        }

        var state: State { State(artifacts: self.artifacts, surroundings: self.surroundings) }

        func jobAcceptsWrites(_ jobID: JobID, dispatch: Int) -> Bool {
            self.surroundings.dispatches[jobID] == dispatch
        }

        func oweSourceEvent(_ change: ObjectChange) { self.surroundings.owed.append(change) }

        func record(_ request: ArtifactRequest, changed resource: String, in scope: Scope, at: Timestamp) {
            self.surroundings.changes.append((request, resource))
        }
    }
}
