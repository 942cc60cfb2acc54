// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockEvents
import PenstockRuntime
import PenstockStore
import Testing

/// Programs that are run for each event.
struct ExecutableTests {
    /// A target that runs the script with the arguments.
    private func program(_ script: String, _ arguments: String..., seconds: Int = 300) -> any EventSender {
        ExecutableSender(
            command: ["/bin/sh", "-c", script, "sh"] + arguments, target: "run", timeout: .seconds(seconds))
    }

    private func failure(of sender: any EventSender, _ message: EventMessage = message()) async -> String? {
        let failure = await #expect(throws: EventSendFailure.self) { try await sender.send(delivery(message)) }
        return failure?.reason
    }

    private func inDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "penstock-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(directory.path)
    }

    @Test func `A program gets the event, and what it is, and nothing of the server's environment`() async throws {
        try await self.inDirectory { directory in
            try await self.program("cat >$1/event; env >$1/environment; pwd >$1/place", directory).send(
                delivery(attempt: 3))
            #expect(try String(contentsOfFile: "\(directory)/event", encoding: .utf8) == message().document)
            let environment = try String(contentsOfFile: "\(directory)/environment", encoding: .utf8)
            let names = Set(environment.split(separator: "\n").map { String($0.prefix { $0 != "=" }) })
            let given: Set = [
                "PATH", "PENSTOCK_ATTEMPT", "PENSTOCK_EVENT_ID", "PENSTOCK_EVENT_TYPE", "PENSTOCK_TARGET",
            ]
            #expect(names.subtracting(["PWD", "OLDPWD", "SHLVL", "_"]) == given)
            #expect(environment.contains("PENSTOCK_ATTEMPT=3\n"))
            #expect(environment.contains("PENSTOCK_TARGET=run\n"))
            #expect(environment.contains("PENSTOCK_EVENT_ID=00000000-0000-4000-8000-000000000001\n"))
            #expect(try String(contentsOfFile: "\(directory)/place", encoding: .utf8) == "/\n")
        }
    }

    @Test func `A program that reads nothing of a long event has it all the same`() async throws {
        let long = message(detail: #"{"x":"\#(String(repeating: "y", count: 200_000))"}"#)
        for _ in 1...20 { try await self.program("exit 0").send(delivery(long)) }
    }

    @Test func `A program that does not end with 0 has failed, and the last line that it said is told`() async throws {
        let reason = await self.failure(of: self.program("echo first >&2; echo no disk >&2; exit 3"))
        #expect(reason == "/bin/sh ended with 3: no disk")
        #expect(await self.failure(of: self.program("exit 1")) == "/bin/sh ended with 1")
    }

    @Test func `A program that a signal ends has failed`() async throws {
        #expect(await self.failure(of: self.program("kill -9 $$")) == "/bin/sh was ended by signal 9")
    }

    @Test func `However much a program says, little is kept of it`() async throws {
        let script = "yes 0123456789 | head -c 1000000 >&2; yes | head -c 1000000; exit 1"
        let reason = await self.failure(of: self.program(script))
        #expect(reason?.hasPrefix("/bin/sh ended with 1: ") == true)
        #expect((reason ?? "").utf8.count <= ExecutableSender.maximumErrorBytes + 100)
    }

    @Test func `A program that takes too long is ended, with what it has started`() async throws {
        try await self.inDirectory { directory in
            let script = "sh -c 'echo $$ >$0/child; exec sleep 1000' $1 & echo $$ >$1/parent; wait"
            let reason = await self.failure(of: self.program(script, directory, seconds: 1))
            #expect(reason == "it took longer than 1 seconds")
            for name in ["parent", "child"] {
                let text = try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
                let process = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
                #expect(!Self.isAlive(process), "\(name) lives")
            }
        }
    }

    @Test func `A program that is not there has failed`() async throws {
        let sender = ExecutableSender(command: ["/no/such/program"], target: "run", timeout: .seconds(5))
        #expect(await self.failure(of: sender)?.hasPrefix("/no/such/program could not be run: ") == true)
    }

    /// A process that has ended and that nobody has waited for is not alive.
    private static func isAlive(_ process: pid_t) -> Bool {
        guard kill(process, 0) == 0 else { return false }
        let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        return status.map { !$0.contains(") Z ") } ?? true
    }
}
