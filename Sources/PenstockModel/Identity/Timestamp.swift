// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// An instant as milliseconds since 1970-01-01T00:00:00Z, the precision of the wire.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    public var millisecondsSinceEpoch: Int64

    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// Fractional seconds since 1970, as the wire writes them.
    public var secondsSinceEpoch: Double { Double(self.millisecondsSinceEpoch) / 1000 }

    public static func < (left: Self, right: Self) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// The sum, cut at the ends of the range; parts of a millisecond are dropped.
    public static func + (left: Self, right: Duration) -> Self {
        let (sum, overflow) = left.millisecondsSinceEpoch.addingReportingOverflow(right.milliseconds)
        return Self(millisecondsSinceEpoch: overflow ? (right < .zero ? .min : .max) : sum)
    }

    public static func - (left: Self, right: Duration) -> Self { left + (.zero - right) }

    public static func - (left: Self, right: Self) -> Duration {
        .milliseconds(left.millisecondsSinceEpoch) - .milliseconds(right.millisecondsSinceEpoch)
    }

    public var description: String { "\(self.millisecondsSinceEpoch) ms" }
}

extension Duration {
    /// Whole milliseconds, rounded toward zero and cut at the ends of the range.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    public static func minutes(_ count: some BinaryInteger) -> Self { .seconds(Int64(count) * 60) }
    public static func hours(_ count: some BinaryInteger) -> Self { .seconds(Int64(count) * 3600) }
    public static func days(_ count: some BinaryInteger) -> Self { .seconds(Int64(count) * 86400) }
}
