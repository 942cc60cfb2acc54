// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct WaitLimitTests {
    @Test func `Whoever arrives at a disabled transition is looked at again, counted from then`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S2")
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        #expect(pipeline.effects.last == .limitWait(execution, since: pipeline.now))
    }

    @Test func `Whoever waits for a stage is counted from when its transition is disabled`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        for _ in 1...3 { try pipeline.succeed(pipeline.start()) }
        #expect(pipeline.picture == "in(S2):E2,E3 S2:E1")
        try pipeline.disable("S2")
        #expect(pipeline.effects == [2, 3].map { .limitWait(id($0), since: pipeline.now) })
    }

    @Test func `Nobody is counted at an enabled transition, however long the stage is occupied`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        for _ in 1...2 { try pipeline.succeed(pipeline.start()) }
        #expect(pipeline.picture == "in(S2):E2 S2:E1")
        #expect(pipeline.ledger.waits.isEmpty)
        pipeline.now = pipeline.now + .days(40)
        #expect(try pipeline.ignores(Self.look(2)))
    }

    @Test func `After thirty days an execution is stopped, and says where it waited`() throws {
        var pipeline = try Self.waiting()
        pipeline.now = pipeline.now + .days(30) - .seconds(1)
        try pipeline.apply(Self.look(1))
        let execution = try pipeline.execution(id(1))
        #expect(execution.status == .stopped)
        #expect(execution.position == .finished)
        #expect(execution.statusSummary == "Waited 30 days at the disabled transition into stage 'S2'")
        #expect(try pipeline.gate("S2").departed == DepartedExecution(id: id(1), status: .stopped))
        try pipeline.enable("S2")
        #expect(pipeline.picture == "")
    }

    @Test func `Looked at too early, it waits on and is looked at again`() throws {
        var pipeline = try Self.waiting()
        let since = pipeline.now
        pipeline.now = pipeline.now + .days(30) - .seconds(2)
        try pipeline.apply(Self.look(1))
        #expect(pipeline.picture == "in(S2):E1")
        #expect(pipeline.effects == [.limitWait(id(1), since: since)])
    }

    @Test func `A transition that was enabled meanwhile starts the count anew`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        for _ in 1...2 { try pipeline.succeed(pipeline.start()) }
        try pipeline.disable("S2")
        pipeline.now = pipeline.now + .days(20)
        try pipeline.enable("S2")
        try pipeline.disable("S2")
        let since = pipeline.now
        pipeline.now = pipeline.now + .days(15)
        try pipeline.apply(Self.look(2))
        #expect(pipeline.effects == [.limitWait(id(2), since: since)])
        #expect(try pipeline.status(id(2)) == .inProgress)
    }

    @Test func `Another reason does not start the count anew`() throws {
        var pipeline = try Self.waiting()
        pipeline.now = pipeline.now + .days(29)
        try pipeline.disable("S2", reason: "still frozen")
        #expect(pipeline.effects == [])
        pipeline.now = pipeline.now + .days(1)
        try pipeline.apply(Self.look(1))
        #expect(try pipeline.status(id(1)) == .stopped)
    }

    @Test func `The other side's closing does not put off the look at what waits already`() throws {
        var pipeline = try Self.waiting()
        pipeline.now = pipeline.now + .days(10)
        try pipeline.disable("S1", .outbound)
        #expect(pipeline.effects == [])
        pipeline.now = pipeline.now + .days(20)
        try pipeline.apply(Self.look(1))
        #expect(try pipeline.status(id(1)) == .stopped)
    }

    @Test func `Looks at whoever has entered, ended or never came are ignored`() throws {
        var pipeline = try Self.waiting()
        try pipeline.enable("S2")
        pipeline.now = pipeline.now + .days(40)
        #expect(try pipeline.ignores(Self.look(1)))
        try pipeline.succeed(id(1))
        #expect(try pipeline.ignores(Self.look(1)))
    }

    /// E1 has come to wait at the disabled transition into S2 just now.
    private static func waiting() throws -> PipelineUnderTest {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.disable("S2")
        try pipeline.succeed(pipeline.start())
        #expect(pipeline.picture == "in(S2):E1")
        return pipeline
    }

    private static func look(_ number: Int) -> PipelineEvent { .waitTimedOut(id(number), limit: .days(30)) }
}
