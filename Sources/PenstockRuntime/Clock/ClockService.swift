// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import PenstockStore

/// Tells the time, and moves a clock that stands still until it is moved.
///
/// A move goes from one due time to the next, so that everything happens at its own time and in its order, and what it
/// leads to happens too if it is due before the end of the move.
package struct ClockService: Sendable {
    /// How far the clock goes: what is due a while later can still be told to clients.
    package static let end = Timestamp(millisecondsSinceEpoch: 253_370_764_800_000)
    /// How often what is due is waited for that does not happen; then the move fails.
    private static let maximumStalls = 3

    let context: RuntimeContext
    private let clock: ManualServiceClock?
    private let work: any TimedWork
    private let turnstile = Turnstile()

    /// - Parameters:
    ///   - clock: The clock of the context if it is one that can be moved.
    ///   - work: What is waited for.
    package init(context: RuntimeContext, clock: ManualServiceClock?, work: any TimedWork) {
        self.context = context
        self.clock = clock
        self.work = work
    }

    /// The service's time.
    package var now: Timestamp { self.context.clock.now }

    /// Whether the clock stands still until it is moved.
    package var isManual: Bool { self.clock != nil }

    /// Moves the clock ahead and returns when all has happened that is due by then.
    ///
    /// Repeating it moves the clock again. Moves wait for each other. One that ends early, for want of a caller or of a
    /// store, leaves the clock at the last time that it came to, with what is due there under way.
    ///
    /// - Returns: The new time.
    package func advance(_ call: CallContext, by duration: Duration) async throws -> Timestamp {
        try await self.move(call, "AdvanceClock") { $0 + duration }
    }

    /// Moves the clock to an instant, as ``advance(_:by:)`` does; to where it stands, it only waits.
    package func set(_ call: CallContext, to instant: Timestamp) async throws -> Timestamp {
        try await self.move(call, "SetClock") { _ in instant }
    }

    private func move(
        _ call: CallContext,
        _ operation: String,
        to destination: (Timestamp) -> Timestamp
    ) async throws -> Timestamp {
        guard let clock = self.clock else {
            throw Rejection(
                .conflict,
                "The clock of this server goes by itself; one that is moved takes 'penstock serve --clock manual'"
            )
        }
        return try await self.turnstile.pass {
            let start = clock.now
            let target = destination(start)
            guard target >= start else {
                throw Rejection(
                    .conflict, "The clock stands at \(start.text) and is never set back, as to \(target.text)")
            }
            guard target <= Self.end else {
                throw Rejection(.validation, "The clock goes to \(Self.end.text) at most")
            }
            try await self.work.settle()
            repeat {
                let stop = try await self.nextStop(from: clock.now, to: target)
                let isFirst = clock.now == start
                try await self.context.store.write { transaction in
                    try StoredClock.put(stop, in: transaction)
                    if isFirst { try call.audit(operation, "clock/\(target.text)", at: start, in: transaction) }
                }
                clock.move(to: stop)
                try await self.work.settle()
            } while clock.now < target
            return target
        }
    }

    /// The first time after `now` at which something is due, or else the end of the move.
    private func nextStop(from now: Timestamp, to target: Timestamp) async throws -> Timestamp {
        for _ in 0..<Self.maximumStalls {
            guard let due = try await self.work.nextDue(), due < target else { return target }
            if due > now { return due }
            // Somebody set it since it was looked for, or what does it fails.
            try await self.work.settle()
        }
        throw ClockStalled(at: now)
    }
}

/// What is due does not happen, so time must not go on; the log tells why.
package struct ClockStalled: Error, CustomStringConvertible {
    package let at: Timestamp

    package var description: String { "what was due by \(self.at.text) does not happen" }
}
