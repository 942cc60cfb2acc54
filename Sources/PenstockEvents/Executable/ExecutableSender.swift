// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockModel
package import PenstockRuntime
import PenstockStore
import Subprocess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

/// Runs a program for each event, which is on its standard input; when it ends with 0, it has the event.
///
/// The program gets nothing of the server's environment, where secrets may be. When its time is over, it and what it has
/// started are ended.
package struct ExecutableSender: EventSender {
    /// As much of what a program says on standard error is told to the operator.
    package static let maximumErrorBytes = 4096
    /// How long a program may take to end when it is asked to.
    package static let grace: Duration = .seconds(2)
    /// Where programs are looked for by what is run.
    private static let searchPath = "/usr/local/bin:/usr/bin:/bin"

    private let command: [String]
    private let target: String
    private let timeout: Duration

    /// - Parameters:
    ///   - command: The absolute path of the program, then its arguments.
    ///   - timeout: In real time.
    package init(command: [String], target: String, timeout: Duration) {
        precondition(command.first?.hasPrefix("/") == true, "a program is named by its absolute path")
        self.command = command
        self.target = target
        self.timeout = timeout
    }

    package func send(_ delivery: EventDelivery) async throws(EventSendFailure) {
        try await withinLimit(self.timeout) { () async throws(EventSendFailure) in
            let input = try Self.file(with: delivery.message.document)
            do {
                let said = try await self.run(delivery, input)
                guard said.isSuccess else { throw EventSendFailure(self.words(for: said)) }
            } catch let failure as EventSendFailure {
                throw failure
            } catch {
                throw EventSendFailure("\(self.command[0]) could not be run: \(error)")
            }
        }
    }

    /// How a program ended, and what it said.
    private struct Ending {
        var status: TerminationStatus
        var error: String

        var isSuccess: Bool { self.status.isSuccess }
    }

    private func run(_ delivery: EventDelivery, _ input: FileDescriptor) async throws -> Ending {
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: Self.grace)
        ]
        var session: pid_t?
        // What a program has started need not end when the program does.
        defer { if Task.isCancelled, let session { kill(-session, SIGKILL) } }
        let result = try await Subprocess.run(
            .path(FilePath(self.command[0])),
            arguments: Arguments(Array(self.command.dropFirst())),
            environment: .custom([
                "PATH": Self.searchPath,
                "PENSTOCK_TARGET": self.target,
                "PENSTOCK_EVENT_ID": delivery.message.id.description,
                "PENSTOCK_EVENT_TYPE": delivery.message.detailType,
                "PENSTOCK_ATTEMPT": String(delivery.attempt),
            ]),
            workingDirectory: "/",
            platformOptions: options,
            input: .fileDescriptor(input, closeAfterSpawningProcess: true),
            output: .discarded,
            error: .sequence
        ) { execution in
            session = execution.processIdentifier.value
            var said: [UInt8] = []
            for try await part in execution.standardError where said.count < Self.maximumErrorBytes {
                part.withUnsafeBytes { said += $0.prefix(Self.maximumErrorBytes - said.count) }
            }
            return said
        }
        return Ending(
            status: result.terminationStatus, error: String(decoding: result.closureResult, as: UTF8.self))
    }

    private func words(for ending: Ending) -> String {
        let line = ending.error.split(whereSeparator: \.isNewline).last.map { ": \($0)" } ?? ""
        switch ending.status {
        case .exited(let code): return "\(self.command[0]) ended with \(code)\(line)"
        case .signaled(let signal): return "\(self.command[0]) was ended by signal \(signal)\(line)"
        }
    }

    /// A file without a name, read from its beginning: a program that does not read what it is given leaves no pipe
    /// broken behind it.
    private static func file(with text: String) throws(EventSendFailure) -> FileDescriptor {
        let path = FileManager.default.temporaryDirectory.path + "/penstock-event-\(UUID().uuidString)"
        do {
            let file = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite)
            do {
                try FileManager.default.removeItem(atPath: path)
                try file.writeAll(text.utf8)
                try file.seek(offset: 0, from: .start)
            } catch {
                try? file.close()
                throw error
            }
            return file
        } catch {
            throw EventSendFailure("the event could not be written for the program: \(error)")
        }
    }
}
