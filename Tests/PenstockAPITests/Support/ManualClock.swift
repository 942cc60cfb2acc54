// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime

/// Real time that stands still until a test moves it, so that nothing held ends by itself.
struct ManualClock: Clock {
    struct Instant: InstantProtocol {
        var timestamp: Timestamp

        static func < (lhs: Self, rhs: Self) -> Bool { lhs.timestamp < rhs.timestamp }
        func advanced(by duration: Duration) -> Self { Self(timestamp: self.timestamp + duration) }
        func duration(to other: Self) -> Duration { other.timestamp - self.timestamp }
    }

    private let base = ManualServiceClock()

    var now: Instant { Instant(timestamp: self.base.now) }
    var minimumResolution: Duration { .milliseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        await self.base.sleep(until: deadline.timestamp)
        try Task.checkCancellation()
    }

    func advance(by duration: Duration) { self.base.advance(by: duration) }
}
