// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import PenstockModel
import PenstockStore
import Synchronization

/// The place of one connection, on the thread that owns it. The connection is opened when it is needed.
final class ConnectionSlot {
    private let configuration: PostgresConfiguration
    private var current: PostgresSession?

    init(_ configuration: PostgresConfiguration) { self.configuration = configuration }

    /// The open connection; opens one, and blocks meanwhile, if there is none.
    func session() throws(PostgresFailure) -> PostgresSession {
        if let current { return current }
        let session = try PostgresSession(self.configuration)
        self.current = session
        return session
    }

    /// Runs the body on the open connection, and closes it where that fails, for nobody to find it half way.
    ///
    /// - Throws: What the body throws; a ``PostgresFailure`` as ``StoreError``.
    func use<Result>(_ body: (PostgresSession) throws -> Result) throws -> Result {
        do {
            return try body(try self.session())
        } catch let failure as PostgresFailure {
            self.discard()
            throw failure.storeError
        } catch {
            self.discard()
            throw error
        }
    }

    /// Closes the connection. The server rolls back what was open on it.
    func discard() { self.current = nil }
}

/// A bounded number of connections, each with a thread of its own, since calls of libpq block.
///
/// A caller's cancellation does not reach the work: whether something was written must not hang on who still listens.
final class ConnectionPool: Sendable {
    /// Work that waits for a thread; exactly one of its two functions is called, once.
    fileprivate struct Work: Sendable {
        var run: @Sendable (ConnectionSlot) -> Void
        var refuse: @Sendable (StoreError) -> Void
    }

    private struct State: Sendable {
        var pool: PoolState<Worker, Work>
        /// Who waits for the last worker to end.
        var closers: [CheckedContinuation<Void, Never>] = []
    }

    private let configuration: PostgresConfiguration
    private let state: Mutex<State>

    init(_ configuration: PostgresConfiguration) {
        self.configuration = configuration
        self.state = Mutex(State(pool: PoolState(maximumWorkers: configuration.maximumConnections)))
    }

    /// Runs the body on a thread with a connection, and throws what it throws.
    ///
    /// - Throws: ``StoreError``: `.unavailable` when no connection was free in time, `.closed` after ``close()``.
    func run<Result: Sendable>(
        _ body: @escaping @Sendable (ConnectionSlot) throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            self.submit(
                Work(
                    run: { slot in continuation.resume(with: Swift.Result { try body(slot) }) },
                    refuse: { error in continuation.resume(throwing: error) }
                )
            )
        }
    }

    /// Finishes what was accepted, closes the connections and returns when their threads are gone.
    func close() async {
        await withCheckedContinuation { continuation in
            let (resting, isDone) = self.state.withLock { state in
                let resting = state.pool.close()
                let isDone = state.pool.workers == 0
                if !isDone { state.closers.append(continuation) }
                return (resting, isDone)
            }
            for worker in resting { worker.wake(with: nil) }
            if isDone { continuation.resume() }
        }
    }

    private func submit(_ work: Work) {
        let timeout = self.configuration.acquireTimeout
        switch self.state.withLock({ $0.pool.submit(work, deadline: .now + timeout) }) {
        case .assign(let worker, let work): worker.wake(with: work)
        case .startWorker(let work): self.startWorker(with: work)
        case .refuse(let work): work.refuse(StoreError(.closed, "the store is closed"))
        case .wait:
            let milliseconds = Int(clamping: timeout.milliseconds) + 1
            DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds)) {
                [weak self] in
                self?.expire()
            }
        }
    }

    private func expire() {
        let expired = self.state.withLock { $0.pool.expire(at: .now) }
        for work in expired {
            work.refuse(
                StoreError(
                    .unavailable, "no connection was free within \(self.configuration.acquireTimeout)"))
        }
    }

    private func startWorker(with work: Work) {
        let worker = Worker()
        worker.wake(with: work)
        let thread = Thread { self.serve(worker) }
        thread.name = "penstock-pg"
        thread.stackSize = 2 << 20
        thread.start()
    }

    /// The life of a worker's thread.
    private func serve(_ worker: Worker) {
        let slot = ConnectionSlot(self.configuration)
        while let first = worker.rest() {
            var work: Work? = first
            while let current = work {
                current.run(slot)
                switch self.state.withLock({ $0.pool.finished(worker) }) {
                case .run(let next): work = next
                case .rest: work = nil
                case .end: return self.end(slot)
                }
            }
        }
        self.end(slot)
    }

    private func end(_ slot: ConnectionSlot) {
        slot.discard()
        let closers = self.state.withLock { state in
            guard state.pool.ended() else { return [CheckedContinuation<Void, Never>]() }
            defer { state.closers.removeAll() }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }
}

/// The bed of one thread: it sleeps here until it is given work, or told to end.
private final class Worker: Sendable, Hashable {
    private let bell = DispatchSemaphore(value: 0)
    private let next = Mutex<ConnectionPool.Work?>(nil)

    /// `nil` ends the worker. Called once for each time it rests.
    func wake(with work: ConnectionPool.Work?) {
        self.next.withLock { $0 = work }
        self.bell.signal()
    }

    /// Blocks until woken.
    func rest() -> ConnectionPool.Work? {
        self.bell.wait()
        return self.next.withLock { next in
            defer { next = nil }
            return next
        }
    }

    static func == (left: Worker, right: Worker) -> Bool { left === right }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
