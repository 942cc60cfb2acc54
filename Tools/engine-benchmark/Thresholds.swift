// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The most allocations that each step may make, as a file of the repository has them.
struct Thresholds {
    private let allocations: [String: Int]

    /// How far above what was measured a threshold is stored, in percent: another compiler may count differently.
    private static let allowance = 10
    /// How far below its threshold a figure must be for the threshold to be of little use, in percent.
    private static let slack = 20

    init(path: String) throws {
        let data = try Data(contentsOf: URL(filePath: path))
        self.allocations = try JSONDecoder().decode([String: Int].self, from: data)
    }

    /// Thresholds for what has been measured.
    init(_ measured: [String: Measurement]) {
        self.allocations = measured.mapValues { ($0.allocations * (100 + Self.allowance) + 99) / 100 }
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try (encoder.encode(self.allocations) + Data("\n".utf8)).write(to: URL(filePath: path))
    }

    subscript(name: String) -> Int? { self.allocations[name] }

    var names: [String] { self.allocations.keys.sorted() }

    /// How a figure stands to its threshold.
    enum Verdict {
        case within
        case over(Int)
        /// So far below that the threshold could be lowered.
        case farBelow(Int)
        case unknown
    }

    func verdict(on measurement: Measurement, named name: String) -> Verdict {
        guard let threshold = self.allocations[name] else { return .unknown }
        if measurement.allocations > threshold { return .over(threshold) }
        return measurement.allocations * 100 < threshold * (100 - Self.slack) ? .farBelow(threshold) : .within
    }
}
