// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct StageTransitionTests {
    @Test func `Transitions are enabled until somebody disables them`() throws {
        let pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        for gate in pipeline.state.head.gates {
            #expect(gate.inbound == StageTransition())
            #expect(gate.outbound == StageTransition())
            #expect(gate.inbound.isEnabled)
        }
    }

    @Test(arguments: TransitionSide.allCases)
    func `A disabled transition remembers why, who and when; an enabled one who and when`(side: TransitionSide) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S1", side, reason: "audit")
        let disabled = try pipeline.transition("S1", side)
        #expect(!disabled.isEnabled)
        #expect(disabled.disabledReason == "audit")
        #expect(disabled.lastChangedBy == mia)
        #expect(disabled.lastChangedAt == pipeline.now)
        #expect(disabled.closedSince == pipeline.now)
        let other: TransitionSide = side == .inbound ? .outbound : .inbound
        #expect(try pipeline.transition("S1", other) == StageTransition())
        try pipeline.enable("S1", side)
        let enabled = try pipeline.transition("S1", side)
        #expect(enabled.isEnabled)
        #expect(enabled.disabledReason == nil)
        #expect(enabled.closedSince == nil)
        #expect(enabled.lastChangedBy == mia)
        #expect(enabled.lastChangedAt == pipeline.now)
    }

    @Test func `Disabling again gives another reason and keeps since when`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S2", reason: "freeze")
        let since = pipeline.now
        try pipeline.disable("S2", reason: "still frozen")
        let inbound = try pipeline.gate("S2").inbound
        #expect(inbound.disabledReason == "still frozen")
        #expect(inbound.lastChangedAt == pipeline.now)
        #expect(inbound.closedSince == since)
    }

    @Test func `Enabling what is enabled changes nothing`() throws {
        let pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        #expect(try pipeline.ignores(.setTransition(stage: "S2", .inbound, reason: nil, by: mia)))
    }

    @Test func `Nobody enters through a disabled inbound transition; who is inside goes on`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"))
        let first = try pipeline.start()
        try pipeline.succeed(first)
        try pipeline.disable("S2")
        let second = try pipeline.start()
        try pipeline.succeed(second)
        try pipeline.succeed(first)
        #expect(pipeline.picture == "in(S2):E2 S3:E1")
        try pipeline.enable("S2")
        #expect(pipeline.picture == "S2:E2 S3:E1")
        #expect(pipeline.startedActions == ["Work"])
    }

    @Test func `A disabled outbound transition keeps executions in front of the next stage`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S1", .outbound)
        let first = try pipeline.start()
        try pipeline.succeed(first)
        #expect(pipeline.picture == "in(S2):E1")
        #expect(try pipeline.run(first).status == .succeeded)
        #expect(pipeline.ledger.successes[first] == ["S1"])
        try pipeline.start()
        #expect(pipeline.picture == "S1:E2 in(S2):E1")
        try pipeline.enable("S1", .outbound)
        #expect(pipeline.picture == "S1:E2 S2:E1")
        #expect(pipeline.ledger.successes[first] == ["S1"])
    }

    @Test func `Both sides must be enabled`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S1", .outbound)
        try pipeline.disable("S2", .inbound)
        try pipeline.succeed(pipeline.start())
        try pipeline.enable("S2", .inbound)
        #expect(pipeline.picture == "in(S2):E1")
        try pipeline.enable("S1", .outbound)
        #expect(pipeline.picture == "S2:E1")
    }

    @Test func `A disabled transition into the first stage keeps new executions in front of it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S1")
        let first = try pipeline.start()
        #expect(pipeline.picture == "in(S1):E1")
        #expect(try pipeline.status(first) == .inProgress)
        try pipeline.enable("S1")
        #expect(pipeline.picture == "S1:E1")
    }

    @Test func `Nothing leaves the last stage, so its outbound side holds nobody`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S2", .outbound)
        let first = try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(first) }
        #expect(try pipeline.status(first) == .succeeded)
    }

    @Test func `Enabling an occupied stage lets the waiting one in when the stage is free`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let first = try pipeline.start()
        try pipeline.succeed(first)
        try pipeline.disable("S2")
        try pipeline.succeed(pipeline.start())
        try pipeline.enable("S2")
        #expect(pipeline.picture == "in(S2):E2 S2:E1")
        try pipeline.succeed(first)
        #expect(pipeline.picture == "S2:E2")
    }

    @Test func `In QUEUED mode enabling releases the waiting ones in their order`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        try pipeline.disable("S2")
        for _ in 1...3 { try pipeline.succeed(pipeline.start()) }
        #expect(pipeline.picture == "in(S2):E1,E2,E3")
        try pipeline.enable("S2")
        #expect(pipeline.picture == "in(S2):E2,E3 S2:E1")
    }

    @Test func `A retry does not ask the inbound side`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let first = try pipeline.start()
        try pipeline.disable("S1")
        try pipeline.fail(first)
        try pipeline.retry("S1", first)
        #expect(pipeline.picture == "S1:E1")
    }
}

extension PipelineUnderTest {
    func transition(_ stage: String, _ side: TransitionSide) throws -> StageTransition {
        let gate = try self.gate(stage)
        return side == .inbound ? gate.inbound : gate.outbound
    }
}
