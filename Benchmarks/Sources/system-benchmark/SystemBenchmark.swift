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

    @Option(help: "The executable that answers a constant.")
    var constant: String

    @Option(help: "Jobs whose lives are measured in (a) and (i).")
    var jobs = 10_000

    @Option(help: "Threads that call at once, each on its connection.")
    var threads = 32

    @Option(help: "Pipelines of the large measurement of (e).")
    var pipelines = 100_000

    @Option(help: "Executions in flight of (f).")
    var executions = 10_000

    @Option(help: "Rounds of (d).")
    var rounds = 500

    @Option(help: "Seconds of each steady load.")
    var seconds = 5

    @Option(parsing: .upToNextOption, help: "Which of a b d e f g h i; all when there is none.")
    var only: [String] = []

    func run() throws {
        if self.wants("g") { try self.start() }
        if self.wants("b", "h") { try self.calls() }
        if self.wants("a") {
            try self.withServer { target, server in
                try LifecycleScenario.run(target, server: server, jobs: self.jobs, threads: self.threads)
            }
        }
        if self.wants("d") {
            try self.withServer { target, _ in try LatencyScenario.run(target, rounds: self.rounds, background: 8) }
        }
        if self.wants("i") {
            try self.withServer { target, _ in
                try ExecutionScenario.run(target, executions: self.jobs / 5, threads: self.threads)
            }
        }
        if self.wants("e") {
            try self.withServer { target, _ in
                try SizeScenario.run(
                    target, sizes: [100, self.pipelines], threads: 4, for: .seconds(self.seconds))
            }
        }
        if self.wants("f") {
            try self.withServer(registering: false) { target, server in
                try MemoryScenario.run(target, server: server, executions: self.executions)
            }
        }
    }

    private func wants(_ names: String...) -> Bool { self.only.isEmpty || names.contains(where: self.only.contains) }

    private func calls() throws {
        let constant = try ServerProcess(self.constant, [], readyPrefix: "ready")
        defer { constant.stop() }
        try self.withServer { target, server in
            try CallScenario.run(
                target, server: server, constant: constant, threads: self.threads, for: .seconds(self.seconds))
        }
    }

    /// (g) From exec to the ready line, on a new directory and on one that has been used.
    private func start() throws {
        let directory = try self.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        var times: [Duration] = []
        for _ in 0..<6 {
            let server = try self.server(in: directory)
            times.append(server.timeToReady)
            server.stop()
        }
        Report.line("(g) from exec to ready, new directory", Self.milliseconds(times[0]))
        Report.line("    used directory, median of 5", Self.milliseconds(times.dropFirst().sorted()[2]))
    }

    private static func milliseconds(_ duration: Duration) -> String {
        String(format: "%9.1f ms", duration / .milliseconds(1))
    }

    private func withServer(registering: Bool = true, _ body: (Target, ServerProcess) throws -> Void) throws {
        let directory = try self.makeDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }
        let server = try self.server(in: directory)
        defer { server.stop() }
        let target = try Self.target(directory, port: server.port)
        if registering {
            var client = try APIClient(target)
            try Declarations.registerTypes(&client)
        }
        try body(target, server)
    }

    private func makeDirectory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "penstock-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }

    private func server(in directory: URL) throws -> ServerProcess {
        let arguments = [
            "serve", "--data-dir", directory.appending(path: "data").path, "--port", "0", "--log-level", "error",
            "--maximum-pipelines", "\(max(self.pipelines, self.executions) + 10_000)",
        ]
        return try ServerProcess(self.executable, arguments, readyPrefix: "Penstock is ready at")
    }

    private static func target(_ directory: URL, port: UInt16) throws -> Target {
        let file = try String(contentsOf: directory.appending(path: "data/credentials"), encoding: .utf8)
        var values: [String: String] = [:]
        for line in file.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return Target(
            port: port, accessKeyID: values["aws_access_key_id"] ?? "", secret: values["aws_secret_access_key"] ?? "")
    }
}
