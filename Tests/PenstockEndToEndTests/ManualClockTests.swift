// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockModel
import PenstockRuntime
import PenstockServer
import PenstockTesting
import PenstockWire
import Testing

/// A server whose clock stands still until it is moved.
@Suite(.timeLimit(.minutes(2))) struct ManualClockTests {
    private static func now(_ server: TestServer) async throws -> ClockReading {
        let client = CodePipelineClient(configuration: server.clientConfiguration)
        return try await client.administer(Administration.GetClock.self, GetClockInput())
    }

    @Test func `A restart goes on where the clock stood`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let first = try await TestServer.run(dataDirectory: path, clock: .manual) { server in
                let begin = try await Self.now(server)
                #expect(begin.manual)
                #expect(begin.now.millisecondsSinceEpoch.isMultiple(of: 1000))
                return begin.now
            }
            let second = try await TestServer.run(dataDirectory: path, clock: .manual) { server in
                #expect(try await Self.now(server).now == first)
                try await server.advanceClock(by: .seconds(7 * 86_400))
                return try await Self.now(server).now
            }
            #expect(second.millisecondsSinceEpoch == first.millisecondsSinceEpoch + 7 * 86_400_000)
            let third = try await TestServer.run(dataDirectory: path, clock: .manual) { try await Self.now($0).now }
            #expect(third == second)
        }
    }

    @Test func `A server on real time is not moved`() async throws {
        try await TestServer.run { server in
            let told = try await Self.now(server)
            #expect(!told.manual)
            let error = await #expect(throws: CallError.self) { try await server.advanceClock(by: .seconds(1)) }
            guard case .refused(let refusal)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(refusal.code == .conflict)
            #expect(refusal.message.contains("penstock serve --clock manual"))
        }
    }

    @Test func `Data that is ahead of real time is not served on real time`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            try await TestServer.run(dataDirectory: path, clock: .manual) {
                try await $0.advanceClock(by: .seconds(3600))
            }
            let error = await #expect(throws: ServerError.self) {
                try await TestServer.run(dataDirectory: path) { _ in }
            }
            #expect(error?.code == .configuration)
            #expect(error?.message.contains("was moved by hand to") == true)
        }
    }

    @Test func `Data that real time has caught up with is served on it, and a manual clock begins anew`() async throws {
        try await TemporaryDirectory.use { directory in
            let path = directory + "/data"
            let configuration = ServerConfiguration(dataDirectory: path)
            let clock = ManualServiceClock()
            let old = clock.now
            try await TestServer.run(configuration, clock: clock) { try await $0.advanceClock(by: .seconds(60)) }
            let moved = try await TestServer.run(dataDirectory: path, clock: .manual) { try await Self.now($0).now }
            #expect(moved.millisecondsSinceEpoch == old.millisecondsSinceEpoch + 60_000)
            let real = try await TestServer.run(dataDirectory: path) { try await Self.now($0).now }
            let anew = try await TestServer.run(dataDirectory: path, clock: .manual) { try await Self.now($0).now }
            #expect(anew > real)
        }
    }
}
