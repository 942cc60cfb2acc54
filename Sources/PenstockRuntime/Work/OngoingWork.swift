// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts what the services of a process do by themselves, for those who wait until nothing is left to do.
///
/// Whoever gives work to another counts it before he ends his own, so the count gets to zero only when all is done.
package final class OngoingWork: Sendable {
    private struct State {
        var count = 0
        var waiting: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// One piece of work has begun.
    func begin() { self.state.withLock { $0.count += 1 } }

    /// One piece of work has ended, after what it led to has begun.
    func end() {
        let waiting = self.state.withLock { state -> [AsyncStream<Void>.Continuation] in
            precondition(state.count > 0, "what ends has begun")
            state.count -= 1
            guard state.count == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.finish() }
    }

    /// Returns once nothing goes on, or when the task is cancelled.
    package func allEnded() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let isOver = self.state.withLock { state in
            if state.count > 0 { state.waiting.append(continuation) }
            return state.count == 0
        }
        if isOver { return }
        for await _ in stream {}
    }
}
