// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import Synchronization

/// A clock that stands still until it is moved: that of tests, and of a server with `--clock manual`.
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

    /// Moves the clock as ``move(to:)`` does.
    package func advance(by duration: Duration) { self.move { $0 + duration } }

    /// Moves the clock, never backwards, and wakes everything that is due then.
    ///
    /// What is woken has not done its work yet when this returns; ``ClockService`` waits for that, and remembers the time.
    package func move(to instant: Timestamp) { self.move { _ in instant } }

    private func move(_ next: (Timestamp) -> Timestamp) {
        let due = self.state.withLock { state in
            let now = next(state.now)
            precondition(now >= state.now, "time does not run backwards")
            state.now = now
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
