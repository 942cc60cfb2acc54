// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct ParallelModeTests {
    @Test func `Executions never wait for each other and hold no locks`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        let executions = try (1...3).map { _ in try pipeline.start() }
        #expect(pipeline.state.head.parallel == executions)
        try pipeline.succeed(executions[2])
        #expect(try pipeline.run(executions[2]).stageName == "S2")
        #expect(pipeline.picture == "")
        #expect(pipeline.state.head.gates.allSatisfy { $0.latest == nil })
        for id in executions { try pipeline.succeed(id) }
        #expect(try pipeline.status(executions[2]) == .succeeded)
        try pipeline.succeed(executions[0])
        #expect(pipeline.state.head.parallel == [executions[1]])
    }

    @Test func `Five actions of an execution run at a time, the rest of the group follows in declared order`() throws {
        let actions = ["A", "B", "C", "D", "E", "F", "G"].map { ActionDeclaration.work($0) }
        let stages = [StageDeclaration(name: "S1", actions: actions), .stage("S2")]
        var pipeline = PipelineUnderTest(.shop(stages, mode: .parallel))
        let execution = try pipeline.start()
        #expect(pipeline.startedActions == ["A", "B", "C", "D", "E"])
        try pipeline.succeed(execution, "D")
        #expect(pipeline.startedActions == ["F"])
        let other = try pipeline.start()
        #expect(pipeline.startedActions == ["A", "B", "C", "D", "E"])
        try pipeline.fail(execution, "A")
        #expect(pipeline.startedActions == [])
        #expect(try pipeline.actions(execution).hasSuffix("F InProgress, G -"))
        for action in ["B", "C", "E", "F"] { try pipeline.succeed(execution, action) }
        #expect(try pipeline.status(execution) == .failed)
        #expect(try pipeline.status(other) == .inProgress)
    }

    @Test func `A locked mode starts a whole group`() throws {
        let actions = (1...7).map { ActionDeclaration.work("A\($0)") }
        var pipeline = PipelineUnderTest(.shop([StageDeclaration(name: "S1", actions: actions), .stage("S2")]))
        try pipeline.start()
        #expect(pipeline.startedActions.count == 7)
    }

    @Test func `A disabled transition holds executions up, and enabling releases all in their order`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        try pipeline.disable("S2")
        let executions = try (1...3).map { _ in try pipeline.start() }
        for id in executions.reversed() { try pipeline.succeed(id) }
        #expect(try pipeline.gate("S2").held == executions.reversed())
        #expect(pipeline.state.head.parallel == [])
        try pipeline.enable("S2")
        #expect(pipeline.state.head.parallel == executions.reversed())
        #expect(pipeline.startedActions == ["Work", "Work", "Work"])
    }

    @Test func `Who is held up is stopped, and stops by itself after thirty days`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        try pipeline.disable("S1")
        let executions = try (1...3).map { _ in try pipeline.start() }
        #expect(pipeline.effects == [.limitWait(executions[2], since: pipeline.now)])
        try pipeline.stop(executions[0])
        pipeline.now = pipeline.now + .days(30)
        try pipeline.apply(.waitTimedOut(executions[1], limit: .days(30)))
        #expect(try executions.map { try pipeline.status($0) } == [.stopped, .stopped, .inProgress])
        #expect(try pipeline.gate("S1").held == [executions[2]])
    }

    @Test func `Each execution is retried by itself, no matter who came after it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        let executions = try (1...2).map { _ in try pipeline.start() }
        for id in executions { try pipeline.fail(id) }
        for id in executions {
            try pipeline.retry("S1", id)
            #expect(try pipeline.status(id) == .inProgress)
        }
        let refusal = pipeline.refusal(of: .retryStage("S2", executions[0], .failedActions))
        #expect(refusal?.message == "The stage 'S2' cannot be retried: the execution has left it")
    }

    @Test func `An edit within the mode leaves executions alone, also where their stages are gone`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"), mode: .parallel)
        try pipeline.disable("S2")
        let executions = try (1...2).map { _ in try pipeline.start() }
        try pipeline.succeed(executions[0])
        try pipeline.update(.stage("S1"), .stage("S4"), mode: .parallel)
        #expect(try executions.map { try pipeline.run($0).stageName } == ["S2", "S1"])
        for id in executions {
            while try pipeline.status(id) == .inProgress { try pipeline.succeed(id) }
            #expect(try pipeline.status(id) == .succeeded)
        }
        let stages = pipeline.starts(of: "Work").filter { $0.executionID == executions[0] }.map(\.stageName)
        #expect(stages == ["S1", "S2", "S3"])
    }

    @Test func `After a change to a mode with locks the others go on beside it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        let parallel = try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        let locked = try pipeline.start()
        #expect(pipeline.picture == "S1:E2")
        for id in [locked, parallel, parallel] { try pipeline.succeed(id) }
        #expect(try pipeline.status(parallel) == .succeeded)
        #expect(pipeline.picture == "S2:E2")
        #expect(try pipeline.gate("S2").latest == locked)
    }

    @Test func `A change to the mode ends who holds locks and who waits for them`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let executions = try (1...2).map { _ in try pipeline.start() }
        try pipeline.update(.stage("S1"), .stage("S2"), mode: .parallel)
        try pipeline.succeed(executions[0])
        #expect(try executions.map { try pipeline.status($0) } == [.cancelled, .cancelled])
    }

    @Test func `At most fifty executions are under way, those that are held up included`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .parallel)
        for _ in 1...25 { try pipeline.start() }
        try pipeline.disable("S1")
        for _ in 1...25 { try pipeline.start() }
        let request = StartRequest(id: id(99), trigger: Trigger(type: .startPipelineExecution, detail: mia))
        #expect(pipeline.refusal(of: .start(request))?.code == .concurrentExecutionsLimitExceeded)
    }
}
