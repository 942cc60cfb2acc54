// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts
package import PenstockModel

/// Where everything is kept that outlives the process.
///
/// Transactions are synchronous bodies: nothing in them awaits. A body may run again after a conflict between writers, or
/// because another of its batch was undone. So its only effects are those on its transaction, and such as may be repeated
/// and do no harm where the transaction is undone. What a body throws rolls its transaction back, and it alone, and is
/// thrown here unchanged.
///
/// Lock order inside a transaction: pipeline, executions, jobs, connections, timers, effects, events, then artifacts.
package protocol Store: ArtifactIndex {
    /// Runs the body in a transaction that writes, and returns once that is durable.
    ///
    /// ``StoreSignal``s of the transaction reach observers after it is durable and before this returns.
    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result

    /// Runs the body on one snapshot; it need not wait for writers.
    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result

    /// Calls the observer for every signal, those of other processes included, until the store is closed.
    ///
    /// The observer must not block. A lost signal costs latency only.
    func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void)

    /// Whether other processes may write to the same store; an empty answer from memory is then no proof.
    var isShared: Bool { get }

    /// Finishes what is under way and takes no more.
    func close() async
}

/// One transaction that writes. It also does what the artifact store asks for, so that an object and what it owes to
/// pipelines commit together.
package protocol StoreTransaction: StoreReader, PipelineWriter, JobWriter, WorkWriter, EventWriter, CatalogWriter,
    ArtifactTransaction
{
    /// Tells observers once the transaction is durable.
    func signal(_ signal: StoreSignal)

    /// Lets no other transaction that locks the name go on until this one ends; called before anything of that name is
    /// read.
    func lock(_ name: ContestedName) throws
}

extension StoreTransaction {
    package func record(
        _ request: ArtifactRequest, changed resource: String, in scope: Scope, at: Timestamp
    ) throws {
        try self.insertAuditEntry(
            AuditRow(
                at: at, scope: scope, principal: request.principal, operation: request.operation, resource: resource,
                outcome: "ok", requestID: request.requestID
            )
        )
    }
}

/// A consistent view of all rows.
package protocol StoreReader: PipelineReader, JobReader, WorkReader, EventReader, CatalogReader {}
