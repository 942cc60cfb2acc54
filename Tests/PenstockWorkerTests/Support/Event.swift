// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Something that happens once; whoever waits for it, then or later, goes on.
final class Event: Sendable {
    private enum State {
        case expected([(id: Int, continuation: CheckedContinuation<Void, Never>)], next: Int)
        case happened
    }

    private let state = Mutex(State.expected([], next: 0))

    func happen() {
        let waiting = self.state.withLock { state in
            defer { state = .happened }
            if case .expected(let waiting, _) = state { return waiting }
            return []
        }
        for waiter in waiting { waiter.continuation.resume() }
    }

    /// Returns when it has happened, or when the task is cancelled.
    func wait() async {
        let id = self.state.withLock { state -> Int in
            guard case .expected(let waiting, let next) = state else { return 0 }
            state = .expected(waiting, next: next + 1)
            return next
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    guard case .expected(let waiting, let next) = state, !Task.isCancelled else { return true }
                    state = .expected(waiting + [(id, continuation)], next: next)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard case .expected(let waiting, let next) = state else { return nil }
                state = .expected(waiting.filter { $0.id != id }, next: next)
                return waiting.first { $0.id == id }?.continuation
            }
            waiter?.resume()
        }
    }
}
