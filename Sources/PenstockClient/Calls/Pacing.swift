// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Time and chance, as the client and the worker kit use them; tests bring their own.
package struct Pacing: Sendable {
    /// Milliseconds since 1970-01-01 UTC by this machine's clock, which may be wrong.
    package var wallClockMilliseconds: @Sendable () -> Int64

    /// Time since an arbitrary moment, which never jumps.
    package var uptime: @Sendable () -> Duration

    /// Returns after a time, or throws when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    /// A random number from 0 up to but not including 1.
    package var chance: @Sendable () -> Double

    /// Takes time and chance from where the caller says.
    package init(
        wallClockMilliseconds: @escaping @Sendable () -> Int64,
        uptime: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        chance: @escaping @Sendable () -> Double
    ) {
        self.wallClockMilliseconds = wallClockMilliseconds
        self.uptime = uptime
        self.sleep = sleep
        self.chance = chance
    }

    /// The machine's clocks and random numbers.
    package static func real() -> Pacing {
        let start = ContinuousClock.now
        return Pacing(
            wallClockMilliseconds: { Int64(Date().timeIntervalSince1970 * 1000) },
            uptime: { ContinuousClock.now - start },
            sleep: { try await Task.sleep(for: $0) },
            chance: { Double.random(in: 0..<1) })
    }
}
