// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import Testing

/// Thirty days without an execution.
struct IdlePollingTests {
    private func disabledAt(_ fixture: RunnerFixture) async throws -> Timestamp? {
        let service = PipelineService(context: fixture.context)
        return try await service.description(fixture.call, name: "shop", version: nil).pollingDisabledAt
    }

    /// A pipeline whose one execution started just now.
    private func idle() async throws -> RunnerFixture {
        let fixture = try await RunnerFixture()
        try await fixture.put("one")
        fixture.clock.advance(by: .days(1))
        try await fixture.createPipeline()
        try await fixture.work()
        return fixture
    }

    @Test func `Polling stops after thirty days without an execution, and says when it did`() async throws {
        let fixture = try await self.idle()
        let end = fixture.clock.now + .days(30)
        fixture.clock.advance(by: .days(30) - .milliseconds(1))
        #expect(try await self.disabledAt(fixture) == nil)
        fixture.clock.advance(by: .milliseconds(1))
        #expect(try await self.disabledAt(fixture) == end)
        try await fixture.put("two")
        try await fixture.work()
        #expect(try await fixture.executions().count == 1)
        fixture.clock.advance(by: .days(1))
        #expect(try await self.disabledAt(fixture) == end)
    }

    @Test func `A change within thirty days of the last one is still found`() async throws {
        let fixture = try await self.idle()
        for number in 2...3 {
            fixture.clock.advance(by: .days(29))
            try await fixture.put("\(number)")
            try await fixture.work()
            #expect(try await fixture.executions().count == number)
        }
        #expect(try await self.disabledAt(fixture) == nil)
    }

    @Test func `An execution that somebody starts does not bring polling back, an update does`() async throws {
        let fixture = try await self.idle()
        let end = fixture.clock.now + .days(30)
        fixture.clock.advance(by: .days(31))
        try await fixture.startPipeline()
        await fixture.runners.carryOutClaimableJobs()
        #expect(try await self.disabledAt(fixture) == end)
        try await fixture.put("two")
        try await fixture.work()
        #expect(try await fixture.executions().count == 2)

        try await fixture.updatePipeline(RunnerFixture.source())
        try await fixture.work()
        #expect(try await self.disabledAt(fixture) == nil)
        #expect(try await fixture.executions().count == 3)
    }

    @Test func `A pipeline that does not poll has nothing to stop`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline(polls: "false")
        fixture.clock.advance(by: .days(365))
        #expect(try await self.disabledAt(fixture) == nil)
    }
}
