// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Unicode scalars, as the ranges of their values.
struct ScalarSet: Sendable, Hashable {
    /// Ascending, and neither overlapping nor touching.
    let ranges: [ClosedRange<UInt32>]

    static let highest: UInt32 = 0x10FFFF

    /// - Parameter ranges: In any order; they may overlap.
    init(_ ranges: [ClosedRange<UInt32>]) {
        var joined: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = joined.last, range.lowerBound <= last.upperBound + 1 {
                joined[joined.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
        self.ranges = joined
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        var low = 0
        var high = self.ranges.count
        while low < high {
            let middle = (low + high) / 2
            if self.ranges[middle].upperBound < scalar.value { low = middle + 1 } else { high = middle }
        }
        return low < self.ranges.count && self.ranges[low].lowerBound <= scalar.value
    }

    var inverted: Self {
        var gaps: [ClosedRange<UInt32>] = []
        var start: UInt32 = 0
        for range in self.ranges {
            if start < range.lowerBound { gaps.append(start...range.lowerBound - 1) }
            start = range.upperBound + 1
        }
        if start <= Self.highest { gaps.append(start...Self.highest) }
        return Self(gaps)
    }

    func intersection(_ other: Self) -> Self {
        Self(self.inverted.ranges + other.inverted.ranges).inverted
    }

    /// With the other case of every ASCII letter in it.
    var ignoringCase: Self {
        var both = self.ranges
        for range in self.ranges {
            let upper = range.clamped(to: 0x41...0x5A)
            let lower = range.clamped(to: 0x61...0x7A)
            if range.overlaps(0x41...0x5A) { both.append(upper.lowerBound + 32...upper.upperBound + 32) }
            if range.overlaps(0x61...0x7A) { both.append(lower.lowerBound - 32...lower.upperBound - 32) }
        }
        return Self(both)
    }
}
