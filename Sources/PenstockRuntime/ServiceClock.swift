// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import Synchronization

/// The service's time: what is stored, deadlines and session expiry. Only the edge makes one that reads a real clock.
package protocol ServiceClock: Sendable {
    var now: Timestamp { get }

    /// Returns at the instant, or earlier when the task is cancelled.
    func sleep(until deadline: Timestamp) async
}

/// A clock that stands still until it is moved.
package final class ManualServiceClock: ServiceClock {
    private struct State {
        var now: Timestamp
        var nextSleeper = 0
        var sleepers: [Int: (deadline: Timestamp, continuation: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
    }

    private let state: Mutex<State>

    package init(now: Timestamp = Timestamp(millisecondsSinceEpoch: 1_767_225_600_000)) {
        self.state = Mutex(State(now: now))
    }

    package var now: Timestamp { self.state.withLock { $0.now } }

    /// Moves the clock, never backwards, and wakes everything that is due then.
    package func advance(by duration: Duration) {
        precondition(duration >= .zero, "time does not run backwards")
        let due = self.state.withLock { state in
            state.now = state.now + duration
            let now = state.now
            let due = state.sleepers.filter { $0.value.deadline <= now }
            for key in due.keys { state.sleepers[key] = nil }
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        }
        for sleeper in due { sleeper.value.continuation.resume() }
    }

    package func sleep(until deadline: Timestamp) async {
        let id = self.state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = self.state.withLock { state in
                    guard state.cancelled.remove(id) == nil, deadline > state.now else { return true }
                    state.sleepers[id] = (deadline, continuation)
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            let sleeper = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
                if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper.continuation }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.resume()
        }
        self.state.withLock { _ = $0.cancelled.remove(id) }
    }
}
