// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The servers under measurement: one on embedded storage, or several on one PostgreSQL.
final class Deployment {
    struct Options {
        var executable: String
        /// A PostgreSQL database, by its connection string; embedded storage if there is none.
        var database: String?
        /// Transactions that each server runs at once on that database; its own default if there is none.
        var databaseConnections: Int?
        /// Servers on that database.
        var replicas: Int
        var maximumPipelines: Int
    }

    private(set) var servers: [ServerProcess] = []
    /// Where each server is called, as the administrator.
    private(set) var targets: [Target] = []
    private let options: Options
    private let directory: URL

    /// Makes what the servers need and starts them.
    init(_ options: Options) throws {
        self.options = options
        self.directory = FileManager.default.temporaryDirectory.appending(
            path: "penstock-benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        let key = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        guard
            FileManager.default.createFile(
                atPath: self.masterKeyFile, contents: Data("\(key)\n".utf8), attributes: [.posixPermissions: 0o600])
        else { throw ServerProcess.Failure(description: "\(self.masterKeyFile) cannot be written") }
        try self.start()
    }

    deinit {
        self.stop()
        try? FileManager.default.removeItem(at: self.directory)
    }

    /// The one through which what is measured is prepared.
    var target: Target { self.targets[0] }

    /// The database that the servers use: a connection string, or a file.
    var database: String { self.options.database ?? self.dataDirectory(0).appending(path: "penstock.sqlite").path }

    /// What the servers have used of processors since they were started.
    var processorTime: Duration { self.servers.reduce(.zero) { $0 + $1.processorTime } }

    var timeToReady: Duration { self.servers.map(\.timeToReady).max() ?? .zero }

    func start() throws {
        for number in 0..<self.options.replicas {
            let data = self.dataDirectory(number)
            var arguments = [
                "serve", "--data-dir", data.path, "--port", "0", "--log-level", "error",
                "--maximum-pipelines", "\(self.options.maximumPipelines)",
            ]
            if let database = self.options.database {
                arguments += ["--database", database, "--master-key-file", self.masterKeyFile]
                if let connections = self.options.databaseConnections {
                    arguments += ["--database-connections", "\(connections)"]
                }
            }
            let server = try ServerProcess(
                self.options.executable, arguments, readyPrefix: "Penstock is ready at")
            self.servers.append(server)
            self.targets.append(try Self.target(data, port: server.port))
        }
    }

    func stop() {
        for server in self.servers { server.stop() }
        self.servers = []
        self.targets = []
    }

    private var masterKeyFile: String { self.directory.appending(path: "master-key").path }

    private func dataDirectory(_ number: Int) -> URL { self.directory.appending(path: "data-\(number)") }

    private static func target(_ data: URL, port: UInt16) throws -> Target {
        let file = try String(contentsOf: data.appending(path: "credentials"), encoding: .utf8)
        var values: [String: String] = [:]
        for line in file.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return Target(
            port: port, accessKeyID: values["aws_access_key_id"] ?? "", secret: values["aws_secret_access_key"] ?? "")
    }
}

/// What is done to a database between the preparation and the measurement, while no server runs: a command that is
/// told of the database by its environment.
struct Interlude {
    /// Starts whose time is measured afterwards.
    private static let starts = 5

    let command: String

    func run(_ deployment: Deployment) throws {
        var client = try APIClient(deployment.target)
        try Declarations.finishExecution(&client, of: "template")
        deployment.stop()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", self.command]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PENSTOCK_DATABASE": deployment.database], uniquingKeysWith: { $1 })
        // What it says is no part of the table.
        process.standardOutput = FileHandle.standardError
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ServerProcess.Failure(description: "\(self.command) ended with \(process.terminationStatus)")
        }
        var times: [Duration] = []
        for number in 0..<Self.starts {
            if number > 0 { deployment.stop() }
            try deployment.start()
            times.append(deployment.timeToReady)
        }
        let median = times.sorted()[Self.starts / 2]
        Report.line("(g) from exec to ready, median of \(Self.starts)", Report.milliseconds(median))
    }
}
