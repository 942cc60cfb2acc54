// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a load did: how many calls, how long each took.
struct Measurement {
    /// In nanoseconds, sorted.
    private(set) var latencies: [Int]
    let elapsed: Duration

    init(latencies: [Int], elapsed: Duration) {
        self.latencies = latencies.sorted()
        self.elapsed = elapsed
    }

    var perSecond: Double { Double(self.latencies.count) / (self.elapsed / .seconds(1)) }

    /// In milliseconds.
    func percentile(_ share: Double) -> Double {
        guard !self.latencies.isEmpty else { return .nan }
        let index = min(self.latencies.count - 1, Int(Double(self.latencies.count) * share))
        return Double(self.latencies[index]) / 1e6
    }

    var text: String {
        String(
            format: "%9.0f /s   p50 %7.3f ms   p99 %7.3f ms", self.perSecond, self.percentile(0.5),
            self.percentile(0.99))
    }
}
