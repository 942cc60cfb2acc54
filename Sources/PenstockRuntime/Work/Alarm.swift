// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Synchronization

/// Wakes one sleeper, a service's loop, earlier than it meant to.
///
/// The sleeper counts as ongoing work from the start until it sleeps, and again from the instant at which it is woken, not
/// only when its task gets to run.
final class Alarm: Sendable {
    private enum Phase {
        /// Goes to `awake` at the start.
        case made
        /// Goes to `asleep` when there is nothing to do, to `retired` when the service ends.
        case awake
        /// Goes to `awake` when the alarm rings, or when the sleeper wakes by itself.
        case asleep(until: Timestamp, AsyncStream<Void>.Continuation)
        /// The end: nobody listens any more.
        case retired
    }

    private struct State {
        var phase = Phase.made
        /// The earliest that was set and that no sleep has taken into account.
        var earliest: Timestamp?
    }

    private let state = Mutex(State())
    private let work: OngoingWork

    init(_ work: OngoingWork) { self.work = work }

    /// The sleeper counts from now on: it runs, or somebody sees to it that it will.
    func start() {
        self.state.withLock { state in
            if case .made = state.phase { self.wake(&state) }
        }
    }

    /// Something is due at the instant.
    func set(_ due: Timestamp) {
        let sleeper = self.state.withLock { state -> AsyncStream<Void>.Continuation? in
            state.earliest = min(state.earliest ?? due, due)
            guard case .asleep(let until, let sleeper) = state.phase, due < until else { return nil }
            self.wake(&state)
            return sleeper
        }
        sleeper?.finish()
    }

    /// Something is due now.
    func ring() { self.set(Timestamp(millisecondsSinceEpoch: .min)) }

    /// For how long what is due is left alone that was not to be had: somebody else has its row.
    static let pauseForOthers: Duration = .milliseconds(250)

    /// When to look again for what is due at the instant, after a look that took all that was to be had.
    ///
    /// - Parameter looked: When that look began.
    static func next(_ due: Timestamp?, after looked: Timestamp, _ clock: any ServiceClock) -> Timestamp? {
        guard let due, due <= looked else { return due }
        return clock.now + Self.pauseForOthers
    }

    /// Returns at the instant, at one that was set and is earlier, after the limit, or when the task is cancelled.
    func sleep(until next: Timestamp?, atMost limit: Duration, _ clock: any ServiceClock) async {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let deadline = self.state.withLock { state -> Timestamp? in
            let now = clock.now
            let latest = now + limit
            let deadline = [next, state.earliest, latest].compactMap { $0 }.min() ?? latest
            state.earliest = nil
            guard deadline > now else { return nil }
            state.phase = .asleep(until: deadline, continuation)
            self.work.end()
            return deadline
        }
        guard let deadline else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in stream {} }
            group.addTask { await clock.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
        self.state.withLock { state in
            if case .asleep = state.phase { self.wake(&state) }
        }
    }

    /// The sleeper has ended: it is no work any more, and nothing wakes it.
    func retire() {
        self.state.withLock { state in
            if case .awake = state.phase { self.work.end() }
            state.phase = .retired
        }
    }

    /// Counts the sleeper as work while the lock is held, so that whoever rings sees it counted.
    private func wake(_ state: inout State) {
        state.phase = .awake
        self.work.begin()
    }
}
