// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockClient
import PenstockServer
import Synchronization

/// A process of the `penstock` that was just built.
final class ProcessUnderTest: Sendable {
    struct Ended: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    private let process: Process
    private let output = Transcript()
    private let errors = Transcript()

    /// What a stream has brought so far.
    private final class Transcript: Sendable {
        private let bytes = Mutex<(all: [UInt8], isOver: Bool)>(([], false))

        var text: String { String(decoding: self.bytes.withLock { $0.all }, as: UTF8.self) }
        var isOver: Bool { self.bytes.withLock { $0.isOver } }

        func follow(_ pipe: Pipe) {
            pipe.fileHandleForReading.readabilityHandler = { handle in
                let data = handle.availableData
                self.bytes.withLock { bytes in
                    bytes.all += data
                    bytes.isOver = data.isEmpty
                }
                if data.isEmpty { handle.readabilityHandler = nil }
            }
        }
    }

    /// Starts the command.
    init(_ arguments: [String]) throws {
        self.process = Process()
        // The tests' own executable lies beside it.
        let directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        self.process.executableURL = directory.appendingPathComponent("penstock")
        self.process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        self.process.standardOutput = output
        self.process.standardError = errors
        self.output.follow(output)
        self.errors.follow(errors)
        try self.process.run()
    }

    deinit { if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) } }

    /// Runs a command to its end.
    static func run(_ arguments: String...) async throws -> Ended {
        try await ProcessUnderTest(arguments).ended()
    }

    /// A server on a free port, once it says that it is ready.
    static func serve(_ directory: String, _ options: String...) async throws -> (server: ProcessUnderTest, Endpoint) {
        let server = try ProcessUnderTest(["serve", "--data-dir", directory, "--port", "0"] + options)
        try await until { server.output.text.contains("\n") || server.output.isOver }
        guard let url = server.output.text.split(whereSeparator: \.isWhitespace).last.flatMap({ Endpoint(String($0)) })
        else { throw Failed(errors: server.errors.text) }
        return (server, url)
    }

    /// No server came of it.
    struct Failed: Error { var errors: String }

    var readyLine: String { self.output.text }

    func send(_ signal: Int32) { kill(self.process.processIdentifier, signal) }

    /// Waits for the end.
    func ended() async throws -> Ended {
        try await until { !self.process.isRunning && self.output.isOver && self.errors.isOver }
        return Ended(
            status: self.process.terminationStatus, output: self.output.text, errors: self.errors.text)
    }
}
