// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What came of one seed.
struct SeedRun: Sendable {
    let seed: UInt64
    let steps: Int
    let trace: Trace
    let tally: Tally
    let violations: [String]
    /// The step after which something was wrong; `nil` when nothing was.
    let failedAfter: Int?

    /// Runs the seed.
    static func run(_ seed: UInt64, steps: Int, mutation: Mutation? = nil) async -> Self {
        let simulation = Simulation(seed: seed, mutation: mutation)
        let failedAfter = await simulation.run(steps: steps)
        return Self(
            seed: seed,
            steps: steps,
            trace: await simulation.trace,
            tally: await simulation.tally,
            violations: await simulation.violations,
            failedAfter: failedAfter
        )
    }

    /// How long the seed's run is: half the average to half as much again.
    static func length(of seed: UInt64, average: Int) -> Int {
        let spread = max(1, average)
        return average - average / 2 + Int((seed &* 0x9E37_79B9_7F4A_7C15 >> 33) % UInt64(spread))
    }

    /// The run with the fewest steps that fails as well: the same things happen, and then the faults are over.
    func shortest(mutation: Mutation? = nil) async -> Self {
        guard let failedAfter else { return self }
        for steps in 0...min(self.steps, failedAfter) {
            let run = await Self.run(self.seed, steps: steps, mutation: mutation)
            if run.failedAfter != nil { return run }
        }
        return self
    }

    /// The seed, what happened, and what is wrong.
    var report: String {
        let heading = "seed \(self.seed) fails with \(self.steps) steps"
        return ([heading] + self.trace.lines.map { "  \($0)" } + self.violations.map { "  BROKEN: \($0)" })
            .joined(separator: "\n")
    }
}
