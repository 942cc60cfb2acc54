// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockClient
import Synchronization

/// Time that stands still until a test moves it, and chance that always says the same, for clients and workers.
package final class ManualPacing: Sendable {
    private struct Sleeper {
        var length: Duration
        var deadline: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var uptime: Duration = .zero
        var next = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var sleeps: [Duration] = []
        var observers: [(length: Duration, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let start: Int64
    private let skipped: Duration
    private let chance: Double
    private let state = Mutex(State())

    /// - Parameters:
    ///   - wallClockSeconds: Since 1970; the wall clock goes on from there with the time.
    ///   - skippingSleepsUpTo: Sleeps that are no longer end at once, and the time with them moves on.
    ///   - chance: What every draw gives.
    package init(
        wallClockSeconds: Int64 = 1_795_435_200, skippingSleepsUpTo skipped: Duration = .zero, chance: Double = 0.5
    ) {
        self.start = wallClockSeconds * 1000
        self.skipped = skipped
        self.chance = chance
    }

    /// What clients and workers are given.
    package var pacing: Pacing {
        Pacing(
            wallClockMilliseconds: { self.start + self.milliseconds },
            uptime: { self.state.withLock { $0.uptime } },
            sleep: { try await self.sleep($0) },
            chance: { self.chance })
    }

    /// How long each sleep was meant to be, in the order in which they began.
    package var sleeps: [Duration] { self.state.withLock { $0.sleeps } }

    /// Moves the time and wakes everybody who is due then.
    package func advance(by duration: Duration) {
        let due = self.state.withLock { state in
            state.uptime += duration
            let now = state.uptime
            let due = state.sleepers.filter { $0.value.deadline <= now }.sorted { $0.key < $1.key }
            for (key, _) in due { state.sleepers[key] = nil }
            return due
        }
        for (_, sleeper) in due { sleeper.continuation.resume() }
    }

    /// Returns once somebody sleeps for just this long.
    package func untilSomebodySleeps(for length: Duration) async {
        await withCheckedContinuation { continuation in
            let isSleeping = self.state.withLock { state in
                if state.sleepers.values.contains(where: { $0.length == length }) { return true }
                state.observers.append((length, continuation))
                return false
            }
            if isSleeping { continuation.resume() }
        }
    }

    private var milliseconds: Int64 {
        let (seconds, attoseconds) = self.state.withLock { $0.uptime }.components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private func sleep(_ length: Duration) async throws {
        let id = self.state.withLock { state in
            state.next += 1
            state.sleeps.append(length)
            if length <= self.skipped { state.uptime += length }
            return state.next
        }
        guard length > self.skipped else { return try Task.checkCancellation() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { self.enter(id, length, $0) }
        } onCancel: {
            let sleeper = self.state.withLock { state -> Sleeper? in
                if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper }
                state.cancelled.insert(id)
                return nil
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func enter(_ id: Int, _ length: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        let observers = self.state.withLock { state -> [CheckedContinuation<Void, Never>]? in
            guard state.cancelled.remove(id) == nil else { return nil }
            state.sleepers[id] = Sleeper(
                length: length, deadline: state.uptime + length, continuation: continuation)
            let matching = state.observers.filter { $0.length == length }
            state.observers.removeAll { $0.length == length }
            return matching.map(\.continuation)
        }
        guard let observers else { return continuation.resume(throwing: CancellationError()) }
        for observer in observers { observer.resume() }
    }
}
