// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockStore
import Synchronization

/// The process that made the call is no more; whether its transaction was committed is not known to the caller.
struct ProcessDied: Error {}

/// The store as one process sees it until that process dies.
///
/// Faults strike between transactions: before one, when nothing of it is written, or after it, when it is durable and
/// its caller was not told.
final class ProcessStore: Store {
    enum Fault: Sendable, Hashable { case deathBefore, deathAfter, pause }

    /// A fault that strikes at a transaction to come.
    struct Plan: Sendable, Hashable {
        var fault: Fault
        /// How many transactions pass unharmed.
        var passes: Int
    }

    private struct State {
        var isAlive = true
        var plan: Plan?
    }

    let isShared: Bool
    private let base: MemoryStore
    private let recorder: EngineRecorder
    private let sabotage: Sabotage?
    private let onPause: @Sendable () async -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - sabotage: What is spoiled in each transaction, before it commits.
    ///   - onPause: What happens elsewhere while the process stands still.
    init(
        base: MemoryStore,
        isShared: Bool,
        recorder: EngineRecorder,
        sabotage: Sabotage?,
        onPause: @escaping @Sendable () async -> Void
    ) {
        self.base = base
        self.isShared = isShared
        self.recorder = recorder
        self.sabotage = sabotage
        self.onPause = onPause
    }

    var isAlive: Bool { self.state.withLock { $0.isAlive } }

    func plan(_ plan: Plan?) { self.state.withLock { $0.plan = plan } }

    func die() { self.state.withLock { $0.isAlive = false } }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreTransaction) throws -> Result
    ) async throws -> Result {
        let fault = try await self.passFaults()
        let (recorder, sabotage) = (self.recorder, self.sabotage)
        recorder.begin()
        let result: Result
        do {
            result = try await self.base.write { transaction in
                let result = try body(transaction)
                let steps = try recorder.resolve { try transaction.pipelineSummary($0)?.id }
                try sabotage?(transaction, steps)
                return result
            }
        } catch {
            recorder.rollBack(error)
            throw error
        }
        recorder.commit()
        try self.dieIfPlanned(fault)
        return result
    }

    func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        let fault = try await self.passFaults()
        let result = try await self.base.withArtifacts(body)
        try self.dieIfPlanned(fault)
        return result
    }

    func read<Result: Sendable>(
        _ body: @escaping @Sendable (any StoreReader) throws -> Result
    ) async throws -> Result {
        guard self.isAlive else { throw ProcessDied() }
        return try await self.base.read(body)
    }

    func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        guard self.isAlive else { throw ProcessDied() }
        return try await self.base.readArtifacts(body)
    }

    func observe(_ observer: @escaping @Sendable (StoreSignal) -> Void) {
        self.base.observe { [weak self] signal in
            if self?.isAlive == true { observer(signal) }
        }
    }

    func close() async { self.die() }

    // MARK: Faults

    /// Lets a planned fault strike whose time has come.
    ///
    /// - Returns: The fault that strikes after the transaction.
    private func passFaults() async throws -> Fault? {
        guard self.isAlive else { throw ProcessDied() }
        switch self.takeFault() {
        case .deathBefore:
            self.die()
            throw ProcessDied()
        case .pause:
            await self.onPause()
            guard self.isAlive else { throw ProcessDied() }
            return nil
        case .deathAfter: return .deathAfter
        case nil: return nil
        }
    }

    private func takeFault() -> Fault? {
        self.state.withLock { state in
            guard var plan = state.plan else { return nil }
            guard plan.passes == 0 else {
                plan.passes -= 1
                state.plan = plan
                return nil
            }
            state.plan = nil
            return plan.fault
        }
    }

    private func dieIfPlanned(_ fault: Fault?) throws {
        guard fault == .deathAfter else { return }
        self.die()
        throw ProcessDied()
    }
}
