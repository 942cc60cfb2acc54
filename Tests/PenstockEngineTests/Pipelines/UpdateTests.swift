// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import Testing

struct UpdateTests {
    @Test func `An update starts no execution`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(pipeline.state.executions.isEmpty)
        #expect(pipeline.state.head.version == 2)
        #expect(pipeline.effects == [])
    }

    @Test func `Nothing more starts, not even in the group that an approval left`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("A"), .work("B"), .work("C", runOrder: 2)), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        for action in ["A", "B"] {
            #expect(try pipeline.status(execution) == .inProgress)
            try pipeline.succeed(execution, action)
            #expect(pipeline.startedActions == [])
        }
        #expect(try pipeline.status(execution) == .cancelled)
        #expect(try pipeline.actions(execution) == "A Succeeded, B Succeeded, C -")
    }

    @Test func `A failure after an update ends in cancelled as well`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        try pipeline.fail(execution)
        #expect(try pipeline.status(execution) == .cancelled)
        #expect(try pipeline.attempt("Work", execution).failure == .broken)
    }

    @Test func `A further update changes nothing for what the first one ends`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        let before = try pipeline.execution(execution)
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(try pipeline.execution(execution) == before)
        try pipeline.succeed(execution)
        let summary = "The pipeline was updated to version 2 before the execution completed"
        #expect(try pipeline.execution(execution).statusSummary == summary)
    }

    // MARK: Stops

    @Test(arguments: [false, true])
    func `A stop of what an update ends is allowed and wins`(abandon: Bool) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        try pipeline.stop(execution, abandon: abandon)
        if !abandon {
            #expect(try pipeline.status(execution) == .stopping)
            try pipeline.succeed(execution)
        }
        #expect(try pipeline.status(execution) == .stopped)
        #expect(try pipeline.run(execution).status == .stopped)
        #expect(try pipeline.execution(execution).statusSummary == nil)
    }

    @Test func `What is being stopped is stopped, and its approval is given up`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .approval(), .work("Load")))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.stop(execution)
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(try pipeline.actions(execution) == "SignOff Abandoned, Load InProgress")
        #expect(try pipeline.status(execution) == .stopping)
        try pipeline.succeed(execution, "Load")
        #expect(try pipeline.status(execution) == .stopped)
    }

    // MARK: Stages

    @Test func `A stage that keeps its name keeps its transition, its latest execution and its lock`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.disable("S1", .outbound)
        let before = try pipeline.gate("S1")
        try pipeline.update(.stage("S0"), .stage("S1", .work("Other")), .stage("S2"))
        #expect(try pipeline.gate("S1") == before)
        #expect(try pipeline.gate("S0") == StageGate(name: "S0"))
        #expect(pipeline.state.head.gates.map(\.name) == ["S0", "S1", "S2"])
        try pipeline.succeed(execution)
        #expect(pipeline.picture == "")
    }

    @Test func `A removed stage is forgotten, and its execution ends unseen`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.update(.stage("S1"), .stage("S3"))
        #expect(pipeline.effects.contains(.forgetStage("S2")))
        #expect(pipeline.state.head.removedGates.map(\.owner) == [execution])
        #expect(pipeline.state.head.liveExecutionCount == 1)
        let newest = try pipeline.start()
        try pipeline.succeed(newest)
        #expect(pipeline.picture == "S3:E2")
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .cancelled)
        #expect(pipeline.state.head.removedGates == [])
    }

    @Test func `A removed stage without an owner leaves nothing behind`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"))
        try pipeline.update(.stage("S1"), .stage("S3"))
        #expect(pipeline.effects == [.forgetStage("S2")])
        #expect(pipeline.state.head.removedGates == [])
    }

    @Test func `A stage that comes back under its name is still locked by who is inside`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.update(.stage("S1"), .stage("S9"))
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(pipeline.picture == "S2:E1")
        #expect(try pipeline.gate("S2").latest == nil)
        try pipeline.succeed(pipeline.start())
        #expect(pipeline.picture == "in(S2):E2 S2:E1")
        try pipeline.succeed(execution)
        #expect(pipeline.picture == "S2:E2")
        #expect(try pipeline.gate("S2").latest == id(2))
    }

    @Test func `Everybody who waits is cancelled in QUEUED mode, and the new mode is that of new executions`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        for _ in 1...3 { try pipeline.start() }
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(try [2, 3].map { try pipeline.status(id($0)) } == [.cancelled, .cancelled])
        #expect(pipeline.picture == "S1:E1")
        for _ in 4...6 { try pipeline.start() }
        #expect(pipeline.picture == "in(S1):E6 S1:E1")
        #expect(try pipeline.execution(id(6)).mode == .superseded)
        #expect(try pipeline.execution(id(1)).mode == .queued)
    }

    @Test func `A change from SUPERSEDED to QUEUED mode ends who is there, and new executions queue up`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        for _ in 1...2 { try pipeline.start() }
        try pipeline.update(.stage("S1"), .stage("S2"), mode: .queued)
        for _ in 3...4 { try pipeline.start() }
        #expect(pipeline.picture == "in(S1):E3,E4 S1:E1")
        try pipeline.succeed(id(1))
        #expect(pipeline.picture == "in(S1):E4 S1:E3")
        #expect(try [1, 2].map { try pipeline.status(id($0)) } == [.cancelled, .cancelled])
    }

    @Test func `Executions of the new version start with its variables and actions, older ones keep theirs`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1"), .stage("S2"), variables: [VariableDeclaration(name: "Env", defaultValue: "test")])
        let old = try pipeline.start()
        let variables = [VariableDeclaration(name: "Env", defaultValue: "prod")]
        let stages: [StageDeclaration] = [.stage("S1", .work("New")), .stage("S2")]
        try pipeline.apply(.update(.shop(stages, version: 2, variables: variables)))
        try pipeline.succeed(old)
        let execution = try pipeline.start()
        #expect(pipeline.startedActions == ["New"])
        #expect(pipeline.starts(of: "New").map(\.pipelineVersion) == [2])
        #expect(try pipeline.execution(execution).variables == [KeyedValue("Env", "prod")])
        #expect(try pipeline.execution(old).variables == [KeyedValue("Env", "test")])
    }
}
