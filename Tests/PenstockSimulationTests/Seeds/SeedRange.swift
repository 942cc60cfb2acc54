// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Seeds that are run side by side, in order as far as their results are told.
struct SeedRange {
    let first: UInt64
    let count: UInt64
    let averageSteps: Int
    let mutation: Mutation?
    /// How many run at once.
    let concurrency: Int

    struct Summary {
        var seeds = 0
        var steps = 0
        var tally = Tally()
        /// The failure with the lowest seed.
        var failure: SeedRun?
    }

    /// Runs the seeds, up to the first that fails.
    func run(progress: (Summary) -> Void = { _ in }) async -> Summary {
        var summary = Summary()
        await withTaskGroup(of: SeedRun.self) { group in
            var next = self.first
            let end = self.first + self.count
            func add(to group: inout TaskGroup<SeedRun>) {
                guard next < end else { return }
                let (seed, mutation) = (next, self.mutation)
                let steps = SeedRun.length(of: seed, average: self.averageSteps)
                group.addTask { await SeedRun.run(seed, steps: steps, mutation: mutation) }
                next += 1
            }
            for _ in 0..<self.concurrency { add(to: &group) }
            for await run in group {
                summary.seeds += 1
                summary.steps += min(run.steps, run.failedAfter ?? .max)
                summary.tally.add(run.tally)
                if run.failedAfter != nil, run.seed < summary.failure?.seed ?? .max { summary.failure = run }
                // Those with lower seeds are under way already, and are awaited.
                if summary.failure == nil { add(to: &group) }
                progress(summary)
            }
        }
        return summary
    }
}
