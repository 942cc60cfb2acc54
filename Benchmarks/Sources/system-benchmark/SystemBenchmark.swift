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
    }

    func run() throws {
        if self.wants("g") { try self.start() }
        let constant = try self.constantAnswer()
        if self.wants("b", "h"), let constant { try self.calls(constant) }
        if self.wants("a") {
            for callers in self.callers {
                try self.withServers { deployment in
                    try LifecycleScenario.run(
                        deployment, jobs: self.jobs, callers: callers, constant: constant,
                        interlude: self.between.map { Interlude(command: $0) })
                }
            }
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

    private func calls(_ constant: ConstantAnswer) throws {
        try self.withServer { target, server in
            try CallScenario.run(
                target, server: server, constant: constant, callers: self.callers[0], for: .seconds(self.seconds))
        }
    }

    /// Measured where something is told as a multiple of it.
    private func constantAnswer() throws -> ConstantAnswer? {
        guard let constant = self.constant, self.wants("a", "b", "h") else { return nil }
        return try ConstantAnswer(constant, callers: self.callers[0], for: .seconds(self.seconds))
    }

    /// (j) The same calls to this service and to another.
    private func peer() throws {
        let callers = self.callers[0]
        let duration = Duration.seconds(self.seconds)
        try self.withServers { deployment in
            let ours = try PeerScenario.run("penstock", deployment.target, callers: callers, for: duration)
            guard let port = self.peerPort else { return }
            let other = Target(port: port, accessKeyID: "peer", secret: "of no importance")
            let theirs = try PeerScenario.run("the peer", other, callers: callers, for: duration)
            PeerScenario.compare(ours, with: theirs)
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

    private func withServers(registering: Bool = true, _ body: (Deployment) throws -> Void) throws {
        let deployment = try Deployment(self.options)
        defer { deployment.stop() }
        if registering {
            var client = try APIClient(deployment.target)
            try Declarations.registerTypes(&client)
        }
        try body(deployment)
    }

    private var options: Deployment.Options {
        Deployment.Options(
            executable: self.executable, database: self.database, databaseConnections: self.databaseConnections,
            replicas: self.database == nil ? 1 : self.replicas,
            maximumPipelines: max(self.pipelines, self.executions) + 10_000)
    }
}
