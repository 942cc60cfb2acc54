// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines of the table.
enum Report {
    static func line(_ name: String, _ value: String) {
        print("\(name.padding(toLength: 52, withPad: " ", startingAt: 0))\(value)")
        fflush(nil)
    }

    static func microseconds(_ duration: Duration) -> String {
        String(format: "%9.1f µs", duration / .microseconds(1))
    }

    static func milliseconds(_ duration: Duration) -> String {
        String(format: "%9.1f ms", duration / .milliseconds(1))
    }

    static func rate(_ perSecond: Double) -> String { String(format: "%9.0f /s", perSecond) }

    static func multiple(_ ofConstant: Double) -> String { String(format: "x %.2f of the constant", ofConstant) }

    static func mebibytes(_ bytes: Int) -> String { String(format: "%9.1f MiB", Double(bytes) / 1_048_576) }
}

extension Measurement {
    /// Without a rate, where the rate is the benchmark's own.
    var latencyText: String {
        "               " + String(format: "p50 %7.3f ms   p99 %7.3f ms", self.percentile(0.5), self.percentile(0.99))
    }
}

extension Array where Element: Comparable {
    /// The one in the middle; of an even number, the upper of two. There is at least one.
    var median: Element { self.sorted()[self.count / 2] }
}
