// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A server under measurement, as a process of its own.
final class ServerProcess {
    struct Failure: Error, CustomStringConvertible { let description: String }

    let port: UInt16
    /// From the start of the process to its ready line.
    let timeToReady: Duration
    private let process: Process

    /// - Parameter readyPrefix: What the line begins with that ends with the server's address.
    init(_ executable: String, _ arguments: [String], readyPrefix: String) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: executable)
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        var line = [UInt8]()
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first {
            guard byte == 10 else {
                line.append(byte)
                continue
            }
            if line.starts(with: Array(readyPrefix.utf8)) { break }
            line = []
        }
        self.timeToReady = ContinuousClock.now - start
        self.process = process
        guard let port = String(decoding: line, as: UTF8.self).split(separator: ":").last.flatMap({ UInt16($0) }) else {
            process.terminate()
            throw Failure(description: "\(executable) did not become ready")
        }
        self.port = port
    }

    /// Ends the process and waits for it.
    func stop() {
        self.process.terminate()
        self.process.waitUntilExit()
    }

    /// Bytes in memory now.
    var residentBytes: Int {
        let text =
            (try? String(contentsOfFile: "/proc/\(self.process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0) * 1024
    }

    /// What the process has used of processors so far.
    var processorTime: Duration {
        let text = (try? String(contentsOfFile: "/proc/\(self.process.processIdentifier)/stat", encoding: .utf8)) ?? ""
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Int(fields[11]), let system = Int(fields[12]) else { return .zero }
        return .seconds(user + system) / sysconf(Int32(_SC_CLK_TCK))
    }
}
