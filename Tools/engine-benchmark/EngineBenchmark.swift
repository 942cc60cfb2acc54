// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CAllocationCount

/// Counts what steps of the engine allocate, and holds the numbers to thresholds that the repository has.
///
/// A count is the same on every machine and under every load, so that it can fail a change; a time cannot.
@main
struct EngineBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine-benchmark",
        abstract: "Counts what steps of the engine allocate, and holds it to stored thresholds."
    )

    @Option(help: "The file of thresholds.")
    var thresholds = "Tools/engine-benchmark/thresholds.json"

    @Flag(help: "Stores what is measured now, and somewhat more, as the thresholds.")
    var update = false

    func validate() throws {
        #if DEBUG
            throw ValidationError("The thresholds are those of a release build: swift build -c release")
        #endif
    }

    func run() throws {
        guard allocations_are_counted() else {
            print("Allocations can only be counted where the C library is glibc.")
            return
        }
        var measured: [String: Measurement] = [:]
        for scenario in Scenario.all { measured[scenario.name] = try Measurement(of: scenario.situation()) }
        if self.update { try Thresholds(measured).write(to: self.thresholds) }
        let report = Report(measured: measured, thresholds: try Thresholds(path: self.thresholds))
        for line in report.table { print(line) }
        for remark in report.remarks { print(remark) }
        for problem in report.problems { print("FAILED: \(problem)") }
        guard report.problems.isEmpty else { throw ExitCode.failure }
        print("\(measured.count) steps of the engine are within their thresholds")
    }
}
