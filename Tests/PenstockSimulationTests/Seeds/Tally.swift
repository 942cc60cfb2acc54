// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// How often things happened, to tell what a number of seeds has been through.
struct Tally: Sendable {
    private(set) var counts: [String: Int] = [:]

    mutating func count(_ what: String, _ number: Int = 1) { self.counts[what, default: 0] += number }

    mutating func add(_ other: Self) { self.counts.merge(other.counts, uniquingKeysWith: +) }
}
