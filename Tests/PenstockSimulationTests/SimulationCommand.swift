// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Runs pipelines, workers, servers, faults and time as seeds decide, and holds everything against the rules.
@main
struct SimulationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "penstock-simulation",
        abstract: "Runs what may happen to pipelines, as seeds decide, and checks it after every step."
    )

    @Option(help: "How many seeds to run.")
    var seeds: UInt64 = 1000

    @Option(help: "The first of the seeds.")
    var firstSeed: UInt64 = 1

    @Option(help: "How many steps a seed has on average.")
    var steps = 180

    @Option(help: "Runs this seed alone, and tells everything that happens.")
    var seed: UInt64?

    @Option(help: "With --seed: takes so many steps, in place of those that the seed decides.")
    var prefix: Int?

    @Option(help: "Breaks something on purpose; --list-mutations tells what.")
    var mutation: String?

    @Flag(help: "Tells what can be broken on purpose.")
    var listMutations = false

    @Flag(help: "Repeats seeds, and sees that each mutation is found.")
    var selfCheck = false

    @Option(help: "How many seeds run at once.")
    var jobs = Terminal.processorCount

    func run() async throws {
        if self.listMutations {
            for mutation in Mutation.all { Terminal.say("\(mutation.name): \(mutation.summary)") }
        } else if self.selfCheck {
            try await SelfCheck(averageSteps: self.steps, concurrency: self.jobs).run()
        } else if let seed {
            try await self.run(seed: seed)
        } else {
            try await self.runSeeds()
        }
    }

    private func chosenMutation() throws -> Mutation? {
        guard let mutation else { return nil }
        guard let found = Mutation.named(mutation) else { throw ValidationError("There is no mutation '\(mutation)'") }
        return found
    }

    private func run(seed: UInt64) async throws {
        let run = await SeedRun.run(
            seed, steps: self.prefix ?? SeedRun.length(of: seed, average: self.steps),
            mutation: try self.chosenMutation())
        for line in run.trace.lines { Terminal.say(line) }
        Terminal.say("seed \(seed): \(run.steps) steps, trace \(String(run.trace.hash, radix: 16))")
        for violation in run.violations { Terminal.say("BROKEN: \(violation)") }
        if run.failedAfter != nil { throw ExitCode.failure }
    }

    private func runSeeds() async throws {
        let mutation = try self.chosenMutation()
        let range = SeedRange(
            first: self.firstSeed, count: self.seeds, averageSteps: self.steps, mutation: mutation,
            concurrency: self.jobs)
        let start = ContinuousClock.now
        let summary = await range.run { summary in
            if summary.seeds.isMultiple(of: 100) { Terminal.say("\(summary.seeds) seeds, \(summary.steps) steps") }
        }
        if let failure = summary.failure {
            Terminal.say("seed \(failure.seed) fails after step \(failure.failedAfter ?? 0): \(failure.violations)")
            let shortest = await failure.shortest(mutation: mutation)
            Terminal.say(shortest.report)
            Terminal.say("repeat it with: penstock-simulation --seed \(shortest.seed) --prefix \(shortest.steps)")
            throw ExitCode.failure
        }
        for (what, number) in summary.tally.counts.sorted(by: { $0.key < $1.key }) { Terminal.say("\(number) \(what)") }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let average = summary.steps / max(1, summary.seeds)
        Terminal.say(
            "\(summary.seeds) seeds passed in \(Int(seconds.rounded())) s, \(average) steps each on average,"
                + " first seed \(self.firstSeed)")
    }
}
