// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What has been measured, beside what is allowed.
struct Report {
    let measured: [String: Measurement]
    let thresholds: Thresholds

    /// A line for each step.
    var table: [String] {
        let head = Self.row("a step of the engine", ["allocations", "threshold", "bytes", "ns"])
        return [head]
            + self.steps.map { scenario, measurement in
                let threshold = self.thresholds[scenario.name].map { "\($0)" } ?? "-"
                return Self.row(
                    scenario.name,
                    ["\(measurement.allocations)", threshold, "\(measurement.bytes)", "\(measurement.nanoseconds)"])
            }
    }

    /// What is worth doing, though nothing is wrong.
    var remarks: [String] {
        self.steps.compactMap { scenario, measurement in
            guard case .farBelow(let threshold) = self.verdict(scenario, measurement) else { return nil }
            return "\(scenario.name): \(measurement.allocations) allocations; the threshold of \(threshold) can be"
                + " lowered (--update)"
        }
    }

    var problems: [String] {
        let forgotten = self.thresholds.names.filter { self.measured[$0] == nil }
        return self.steps.compactMap { self.excess($0, $1) } + self.steps.compactMap { self.growth($0, $1) }
            + forgotten.map { "\($0): has a threshold, but is not measured" }
    }

    private var steps: [(Scenario, Measurement)] {
        Scenario.all.compactMap { scenario in self.measured[scenario.name].map { (scenario, $0) } }
    }

    private func verdict(_ scenario: Scenario, _ measurement: Measurement) -> Thresholds.Verdict {
        self.thresholds.verdict(on: measurement, named: scenario.name)
    }

    private func excess(_ scenario: Scenario, _ measurement: Measurement) -> String? {
        switch self.verdict(scenario, measurement) {
        case .within, .farBelow: nil
        case .over(let threshold):
            "\(scenario.name): \(measurement.allocations) allocations; the threshold is \(threshold)"
        case .unknown: "\(scenario.name): has no threshold (--update)"
        }
    }

    /// What a step costs because of executions that have ended.
    private func growth(_ scenario: Scenario, _ measurement: Measurement) -> String? {
        guard let shorter = scenario.shorter, let before = self.measured[shorter] else { return nil }
        guard (measurement.allocations, measurement.bytes) != (before.allocations, before.bytes) else { return nil }
        return "\(scenario.name): \(measurement.allocations) allocations of \(measurement.bytes) bytes;"
            + " \(shorter): \(before.allocations) of \(before.bytes)"
    }

    private static func row(_ name: String, _ columns: [String]) -> String {
        let label = name + String(repeating: " ", count: max(1, 52 - name.count))
        return label + columns.map { String(repeating: " ", count: max(1, 13 - $0.count)) + $0 }.joined()
    }
}
