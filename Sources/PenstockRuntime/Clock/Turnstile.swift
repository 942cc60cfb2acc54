// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets one in at a time, in the order in which they came.
final class Turnstile: Sendable {
    private struct State {
        var isTaken = false
        var nextID = 0
        var waiting: [(id: Int, continuation: AsyncStream<Void>.Continuation)] = []
    }

    private let state = Mutex(State())

    /// Runs the body when nobody else is inside.
    ///
    /// - Throws: What the body throws; `CancellationError` when the task was cancelled before its turn.
    func pass<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await self.enter()
        defer { self.leave() }
        return try await body()
    }

    private func enter() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let place = self.state.withLock { state -> Int? in
            guard state.isTaken else {
                state.isTaken = true
                return nil
            }
            state.nextID += 1
            state.waiting.append((state.nextID, continuation))
            return state.nextID
        }
        guard let place else { return }
        for await _ in stream {}
        // Who is not in the queue any more was let in.
        let hasLeft = self.state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.id == place }) else { return false }
            state.waiting.remove(at: index)
            return true
        }
        if hasLeft { throw CancellationError() }
    }

    private func leave() {
        let next = self.state.withLock { state -> AsyncStream<Void>.Continuation? in
            state.isTaken = !state.waiting.isEmpty
            return state.isTaken ? state.waiting.removeFirst().continuation : nil
        }
        next?.finish()
    }
}
