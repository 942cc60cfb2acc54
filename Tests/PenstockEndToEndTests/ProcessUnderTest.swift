// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockClient
import PenstockServer

/// A process of the `penstock`, or another program, that was just built.
///
/// Its streams are files: the end of a pipe would be inherited by whatever else is being started at that moment, and
/// come only when that has ended too.
final class ProcessUnderTest: Sendable {
    struct Ended: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    private let process: Process
    private let output: Transcript
    private let errors: Transcript
    /// What the process reads, which never ends and has nothing in it.
    private let input = Pipe()

    /// What a stream has brought so far.
    private struct Transcript: Sendable {
        private let file: URL

        init() throws {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("penstock-\(UUID().uuidString)")
            try Data().write(to: file, options: .withoutOverwriting)
            self.file = file
        }

        var text: String { (try? String(decoding: Data(contentsOf: self.file), as: UTF8.self)) ?? "" }

        func handle() throws -> FileHandle { try FileHandle(forWritingTo: self.file) }

        func remove() { try? FileManager.default.removeItem(at: self.file) }
    }

    /// Starts the command.
    ///
    /// - Parameters:
    ///   - program: The name of the executable.
    ///   - environment: What differs from the environment of the tests.
    init(_ arguments: [String], of program: String = "penstock", environment: [String: String] = [:]) throws {
        self.process = Process()
        // The tests' own executable lies beside it.
        let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        self.process.executableURL = directory.appendingPathComponent(program)
        self.process.arguments = arguments
        self.process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        self.process.standardInput = self.input
        self.output = try Transcript()
        self.errors = try Transcript()
        self.process.standardOutput = try self.output.handle()
        self.process.standardError = try self.errors.handle()
        try self.process.run()
    }

    deinit {
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
        self.output.remove()
        self.errors.remove()
    }

    /// Runs a command to its end.
    static func run(_ arguments: String...) async throws -> Ended {
        try await ProcessUnderTest(arguments).ended()
    }

    /// A server on a free port, once it says that it is ready.
    static func serve(_ directory: String, _ options: String...) async throws -> (server: ProcessUnderTest, Endpoint) {
        let server = try ProcessUnderTest(["serve", "--data-dir", directory, "--port", "0"] + options)
        try await until { server.output.text.contains("\n") || !server.process.isRunning }
        guard let url = server.output.text.split(whereSeparator: \.isWhitespace).last.flatMap({ Endpoint(String($0)) })
        else { throw Failed(errors: server.errors.text) }
        return (server, url)
    }

    /// No server came of it.
    struct Failed: Error { var errors: String }

    var readyLine: String { self.output.text }

    /// Waits until the process has said this, or has ended.
    func says(_ text: String) async throws {
        try await until { self.output.text.contains(text) || !self.process.isRunning }
    }

    func send(_ signal: Int32) { kill(self.process.processIdentifier, signal) }

    /// Waits for the end.
    func ended() async throws -> Ended {
        try await until { !self.process.isRunning }
        return Ended(
            status: self.process.terminationStatus, output: self.output.text, errors: self.errors.text)
    }
}
