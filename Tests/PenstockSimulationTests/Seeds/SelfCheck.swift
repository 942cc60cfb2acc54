// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Whether the simulation can be trusted: the same seed goes the same way, and whatever is broken is found.
struct SelfCheck {
    /// A mutation must be found within so many seeds.
    static let maximumSeeds: UInt64 = 64

    let averageSteps: Int
    let concurrency: Int

    func run() async throws {
        try await self.checkRepetition()
        for mutation in Mutation.all {
            let summary = await SeedRange(
                first: 1, count: Self.maximumSeeds, averageSteps: self.averageSteps, mutation: mutation,
                concurrency: self.concurrency
            )
            .run()
            guard let failure = summary.failure else {
                Terminal.say("\(mutation.name) is not found by \(Self.maximumSeeds) seeds")
                throw ExitCode.failure
            }
            let step = failure.failedAfter ?? 0
            Terminal.say(
                "\(mutation.name): found by seed \(failure.seed), after step \(step): \(failure.violations[0])")
        }
        Terminal.say("all \(Mutation.all.count) mutations are found")
    }

    private func checkRepetition() async throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let steps = SeedRun.length(of: seed, average: self.averageSteps)
            let first = await SeedRun.run(seed, steps: steps)
            let second = await SeedRun.run(seed, steps: steps)
            guard first.trace.hash == second.trace.hash else {
                Terminal.say("seed \(seed) does not go the same way twice")
                throw ExitCode.failure
            }
        }
        Terminal.say("seeds go the same way twice")
    }
}
