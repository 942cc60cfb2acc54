// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

struct LateEnablingTests {
    @Test(arguments: [29, 30])
    func `Who waited for thirty days is not let in by enabling, though no timer has come`(days: Int) async throws {
        let fixture = try await RuntimeFixture()
        try await fixture.createPipeline()
        try await Self.setTransition(fixture, reason: "freeze")
        let job = try #require(try await fixture.takeJob())
        try await fixture.succeed(job.id)
        fixture.clock.advance(by: .days(days))
        try await Self.setTransition(fixture, reason: nil)
        let row = try await fixture.pipelines.execution(fixture.call, name: "shop", id: job.executionID)
        let isOver = days >= 30
        #expect(row.execution.status == (isOver ? .stopped : .inProgress))
        #expect(row.execution.statusSummary == (isOver ? Self.summary : nil))
        #expect(try await fixture.poll().isEmpty == isOver)
    }

    private static let summary = "Waited 30 days at the disabled transition into stage 'Release'"

    private static func setTransition(_ fixture: RuntimeFixture, reason: String?) async throws {
        try await fixture.pipelines.setTransition(
            fixture.call, name: "shop", stage: "Release", side: .inbound, disabledReason: reason)
    }
}
