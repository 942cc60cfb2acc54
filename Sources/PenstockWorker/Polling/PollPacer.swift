// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next poll: not at all while there is work or the service holds polls, ever longer while
/// polls come back empty at once or fail.
struct PollPacer: Sendable, Hashable {
    /// What a poll brought.
    enum Result: Sendable, Hashable {
        case jobs
        case nothing(after: Duration)
        case failure
    }

    let shortest: Duration
    let longest: Duration
    /// An empty poll that took at least this long was held by the service.
    let heldThreshold: Duration
    private var interval: Duration

    init(shortest: Duration, longest: Duration, heldThreshold: Duration) {
        self.shortest = shortest
        self.longest = longest
        self.heldThreshold = heldThreshold
        self.interval = shortest
    }

    /// - Parameter chance: From 0 up to 1; it spreads the wait from half of the interval to all of it.
    mutating func wait(after result: Result, chance: Double) -> Duration {
        switch result {
        case .jobs:
            self.interval = self.shortest
            return .zero
        case .nothing(let elapsed) where elapsed >= self.heldThreshold:
            self.interval = self.shortest
            return .zero
        case .nothing, .failure:
            let wait = self.interval * (0.5 + chance / 2)
            self.interval = min(self.interval * 2, self.longest)
            return wait
        }
    }
}
