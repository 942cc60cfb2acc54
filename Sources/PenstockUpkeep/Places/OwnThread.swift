// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

/// Runs what blocks for long on a thread of its own, and not on one that others wait for.
package enum OwnThread {
    /// - Parameter body: May have asynchronous work done, for which it waits; the work runs in tasks of this call, and has
    ///   ended when it returns.
    package static func run<Result: Sendable>(
        _ body: @escaping @Sendable (AsyncWork) throws -> Result
    ) async throws -> Result {
        let (orders, continuation) = AsyncStream.makeStream(of: AsyncWork.Order.self)
        async let result = Self.onThread {
            defer { continuation.finish() }
            return try body(AsyncWork(orders: continuation))
        }
        await withDiscardingTaskGroup { group in
            for await order in orders { group.addTask { await order() } }
        }
        return try await result
    }

    private static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Swift.Result { try body() }) }
            thread.name = "penstock-upkeep"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}

/// Has asynchronous work done for an ``OwnThread``, the only one whose calls may come here: they block until it is done.
package struct AsyncWork: Sendable {
    typealias Order = @Sendable () async -> Void

    fileprivate let orders: AsyncStream<Order>.Continuation

    /// So much is done at once where many blobs are looked at or moved.
    package static let width = 8

    private func order(_ order: @escaping Order) throws {
        if case .terminated = self.orders.yield(order) { throw CancellationError() }
    }

    /// Waits for one thing.
    package func wait<Result: Sendable>(for body: @escaping @Sendable () async throws -> Result) throws -> Result {
        let (outcome, done) = (Outcome<Result>(), DispatchSemaphore(value: 0))
        try self.order {
            do {
                outcome.set(.success(try await body()))
            } catch {
                outcome.set(.failure(error))
            }
            done.signal()
        }
        done.wait()
        return try outcome.get()
    }

    /// Waits for many things, of which ``width`` are done at once.
    ///
    /// - Parameter body: Hands over one after the other, and waits for room each time. Once one has failed, no other is
    ///   begun.
    /// - Throws: What the first of them threw, or the body, when all that was begun has ended.
    package func several(
        _ body: (_ begin: (@escaping @Sendable () async throws -> Void) throws -> Void) throws -> Void
    ) throws {
        let (failure, room) = (FirstFailure(), DispatchSemaphore(value: Self.width))
        let outcome = Swift.Result {
            try body { thing in
                room.wait()
                do {
                    try failure.check()
                    try self.order {
                        do {
                            try await thing()
                        } catch {
                            failure.note(error)
                        }
                        room.signal()
                    }
                } catch {
                    room.signal()
                    throw error
                }
            }
        }
        // All that was begun has ended when nobody else has any of the room.
        for _ in 0..<Self.width { room.wait() }
        for _ in 0..<Self.width { room.signal() }
        try failure.check()
        try outcome.get()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)

        func set(_ result: Result<Value, any Error>) { self.result.withLock { $0 = result } }

        func get() throws -> Value {
            guard let result = self.result.withLock({ $0 }) else {
                preconditionFailure("what was waited for has an outcome")
            }
            return try result.get()
        }
    }

    private final class FirstFailure: Sendable {
        private let error = Mutex<(any Error)?>(nil)

        func note(_ error: any Error) { self.error.withLock { $0 = $0 ?? error } }

        func check() throws {
            if let error = self.error.withLock({ $0 }) { throw error }
        }
    }
}
