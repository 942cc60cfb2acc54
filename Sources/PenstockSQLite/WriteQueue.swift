// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockStore
import Synchronization

/// A transaction that waits for the writer.
struct PendingWrite: Sendable {
    /// Runs the body; what it throws is kept for `settle`, and told so that its work is undone.
    let run: @Sendable (SQLiteTransaction) -> Attempt
    /// Answers the caller when the body did not run.
    let refuse: @Sendable (StoreError) -> Void

    /// What came of a body, until the batch is durable.
    struct Attempt {
        let succeeded: Bool
        /// Answers the caller: with what the body came to, or with why the batch failed.
        let settle: (StoreError?) -> Void
    }
}

/// Who waits for the writer, in order. A value machine behind a lock: it decides, its caller acts.
final class WriteQueue: Sendable {
    /// Callers that may wait at once; more are refused.
    static let maximumWaiting = 8192
    /// Transactions that share one commit.
    static let maximumBatch = 256

    private struct State {
        var waiting: [PendingWrite] = []
        /// Whether somebody is taking batches, or has been asked to.
        var isDraining = false
        var isClosed = false
        var idleWaiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    enum Admission: Sendable {
        /// Start taking batches.
        case drain
        /// Somebody takes batches already.
        case waits
        case refused(StoreError)
    }

    func add(_ write: PendingWrite) -> Admission {
        self.state.withLock { state in
            if state.isClosed { return .refused(StoreError(.closed, "the store has been closed")) }
            guard state.waiting.count < Self.maximumWaiting else {
                return .refused(StoreError(.unavailable, "\(Self.maximumWaiting) transactions wait for the writer"))
            }
            state.waiting.append(write)
            defer { state.isDraining = true }
            return state.isDraining ? .waits : .drain
        }
    }

    /// The next batch, in the order of arrival; empty when there is none, and then the next ``add(_:)`` says `drain`.
    func takeBatch() -> [PendingWrite] {
        let (batch, idle) = self.state.withLock { state in
            guard !state.waiting.isEmpty else {
                state.isDraining = false
                defer { state.idleWaiters = [] }
                return ([PendingWrite](), state.idleWaiters)
            }
            guard state.waiting.count > Self.maximumBatch else {
                defer { state.waiting = [] }
                return (state.waiting, [])
            }
            defer { state.waiting.removeFirst(Self.maximumBatch) }
            return (Array(state.waiting.prefix(Self.maximumBatch)), [])
        }
        for waiter in idle { waiter.resume() }
        return batch
    }

    /// Takes no more, and returns once everything that was taken has been answered.
    func close() async {
        await withCheckedContinuation { continuation in
            let isIdle = self.state.withLock { state in
                state.isClosed = true
                if state.isDraining { state.idleWaiters.append(continuation) }
                return !state.isDraining
            }
            if isIdle { continuation.resume() }
        }
    }

    var isClosed: Bool { self.state.withLock { $0.isClosed } }
}
