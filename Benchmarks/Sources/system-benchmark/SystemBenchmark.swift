// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// Measures a whole server, as a process of its own on embedded storage, beside a ceiling in the same run.
@main
struct SystemBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures penstock serve: lifecycles, latencies, reads, memory, the start.")

    @Option(help: "The penstock executable, a release build.")
    var executable: String

    @Option(help: "The executable that answers a constant, of which other calls' costs are told as a multiple.")
    var constant: String?

    @Option(help: "Jobs whose lives are measured in (a) and (i).")
    var jobs = 20_000

    @Option(
        parsing: .upToNextOption,
        help: "Callers at once, each on its connection. With several numbers (a) is measured with each.")
    var callers = [32]

    @Option(help: "Pipelines of the large measurement of (e).")
    var pipelines = 100_000

    @Option(help: "Executions in flight of (f).")
    var executions = 10_000

    @Option(help: "Rounds of (d).")
    var rounds = 500

    @Option(help: "Seconds of each steady load.")
    var seconds = 5

    @Option(help: "How often (a) and (j) are measured, in turns with what they are compared to.")
    var turns = 1

    @Option(help: "An empty PostgreSQL database instead of embedded storage, by its connection string; for a or for i.")
    var database: String?

    @Option(help: "Transactions that each server runs at once on that database, if it is to be told.")
    var databaseConnections: Int?

    @Option(help: "Servers on that database; (a) and (i) call all of them.")
    var replicas = 1

    @Option(help: "A command that is run before (a) is measured, while no server uses the database PENSTOCK_DATABASE.")
    var between: String?

    @Option(help: "The port of another server of the same API, for (j).")
    var peerPort: UInt16?

    @Option(parsing: .upToNextOption, help: "Which of a b d e f g h i j; all when there is none.")
    var only: [String] = []

    func validate() throws {
        guard let least = self.callers.min(), least > 0 else {
            throw ValidationError("--callers needs numbers of one or more")
        }
        guard self.callers.count == 1 || self.database == nil else {
            throw ValidationError("--callers takes one number with --database, which is empty only once")
        }
        guard self.turns > 0 else { throw ValidationError("--turns needs a number of one or more") }
        guard self.turns == 1 || self.database == nil else {
            throw ValidationError("--turns takes 1 with --database, which is empty only once")
        }
    }

    func run() throws {
        if self.wants("g") { try self.start() }
        if self.wants("b", "h") { try self.calls() }
        if self.wants("a") {
            for callers in self.callers { try self.lifecycles(callers: callers) }
        }
        if self.wants("d") {
            try self.withServer { target, _ in try LatencyScenario.run(target, rounds: self.rounds, background: 8) }
        }
        if self.wants("i") {
            try self.withServers { deployment in
                for width in [2, 1] {
                    try ExecutionScenario(width: width).run(
                        deployment.targets, executions: self.jobs / 5, callers: self.callers[0])
                }
            }
        }
        if self.wants("e") {
            try self.withServer { target, _ in
                try SizeScenario.run(
                    target, sizes: [100, self.pipelines], callers: 4, for: .seconds(self.seconds))
            }
        }
        if self.wants("j") { try self.peer() }
        if self.wants("f") {
            try self.withServer(registering: false) { target, server in
                try MemoryScenario.run(target, server: server, executions: self.executions)
            }
        }
    }

    private func wants(_ names: String...) -> Bool { self.only.isEmpty || names.contains(where: self.only.contains) }

    private func calls() throws {
        let callers = self.callers[0]
        guard let constant = try self.constantAnswer(callers: callers) else { return }
        try self.withServer { target, server in
            try CallScenario.run(
                target, server: server, constant: constant, callers: callers, for: .seconds(self.seconds))
        }
    }

    /// (a) In turns with the constant, which as many callers ask for before each and after it.
    private func lifecycles(callers: Int) throws {
        var outcomes: [LifecycleScenario.Outcome] = []
        var multiples: [Double] = []
        for _ in 0..<self.turns {
            let before = try self.constantAnswer(callers: callers)
            let interlude = self.between.map { Interlude(command: $0) }
            let outcome = try self.withServers { deployment in
                try LifecycleScenario.run(deployment, jobs: self.jobs, callers: callers, interlude: interlude)
            }
            outcomes.append(outcome)
            guard let before, let after = try self.constantAnswer(callers: callers) else { continue }
            multiples.append(outcome.cost / ((before.cost + after.cost) / 2))
            Report.line(
                "    the constant, before and after, \(callers) callers",
                "\(Report.microseconds(before.cost)) \(Report.microseconds(after.cost))   "
                    + Report.multiple(multiples[multiples.count - 1]))
        }
        guard self.turns > 1 else { return }
        Report.line("    median of \(self.turns) turns", Report.rate(outcomes.map(\.perSecond).median))
        Report.line(
            "    median of the server's CPU per call",
            Report.microseconds(outcomes.map(\.cost).median)
                + (multiples.isEmpty ? "" : "   \(Report.multiple(multiples.median))"))
    }

    private func constantAnswer(callers: Int) throws -> ConstantAnswer? {
        try self.constant.map { try ConstantAnswer($0, callers: callers, for: .seconds(self.seconds)) }
    }

    /// (j) The same calls to this service and to another.
    private func peer() throws {
        try self.withServers { deployment in
            var targets = [("penstock", deployment.target)]
            if let port = self.peerPort {
                targets.append(("the peer", Target(port: port, accessKeyID: "peer", secret: "of no importance")))
            }
            try PeerScenario(callers: self.callers[0], duration: .seconds(self.seconds), turns: self.turns).run(targets)
        }
    }

    /// (g) From exec to the ready line, on a new directory and on one that has been used.
    private func start() throws {
        let deployment = try Deployment(self.options)
        var times = [deployment.timeToReady]
        for _ in 0..<5 {
            deployment.stop()
            try deployment.start()
            times.append(deployment.timeToReady)
        }
        Report.line("(g) from exec to ready, new directory", Report.milliseconds(times[0]))
        Report.line("    used directory, median of 5", Report.milliseconds(times.dropFirst().sorted()[2]))
    }

    private func withServer(registering: Bool = true, _ body: (Target, ServerProcess) throws -> Void) throws {
        try self.withServers(registering: registering) { deployment in
            try body(deployment.target, deployment.servers[0])
        }
    }

    private func withServers<Result>(
        registering: Bool = true, _ body: (Deployment) throws -> Result
    ) throws -> Result {
        let deployment = try Deployment(self.options)
        defer { deployment.stop() }
        if registering {
            var client = try APIClient(deployment.target)
            try Declarations.registerTypes(&client)
        }
        return try body(deployment)
    }

    private var options: Deployment.Options {
        Deployment.Options(
            executable: self.executable, database: self.database, databaseConnections: self.databaseConnections,
            replicas: self.database == nil ? 1 : self.replicas,
            maximumPipelines: max(self.pipelines, self.executions) + 10_000)
    }
}
