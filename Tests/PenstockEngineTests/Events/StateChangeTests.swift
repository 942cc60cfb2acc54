// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

/// What the outside is told, in the order in which it is.
struct StateChangeTests {
    @Test func `Success is told from the inside out, and entry from the outside in`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        #expect(pipeline.told == ["pipeline STARTED", "S1 STARTED", "Work STARTED"])
        try pipeline.succeed(execution)
        #expect(pipeline.told == ["Work SUCCEEDED", "S1 SUCCEEDED", "S2 STARTED", "Work STARTED"])
        try pipeline.succeed(execution)
        #expect(pipeline.told == ["Work SUCCEEDED", "S2 SUCCEEDED", "pipeline SUCCEEDED"])
    }

    @Test func `A failure says where and why`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.fail(execution, "A")
        #expect(pipeline.told == ["A FAILED"])
        try pipeline.fail(execution, "B", FailureDetails(type: .permissionError, message: "denied"))
        #expect(pipeline.told == ["B FAILED", "S1 FAILED", "pipeline FAILED"])
        for change in pipeline.announcements.suffix(2) {
            #expect(change.failedStage == "S1")
            #expect(change.failedActions.map(\.name) == ["A", "B"])
            #expect(change.failedActions.map(\.message) == ["3 tests failed", "denied"])
        }
    }

    @Test func `A rejection tells the reviewer's words`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .approval()))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.answer(execution, isApproved: false, summary: "basket total is wrong")
        #expect(pipeline.announcements.last?.failedActions.map(\.message) == ["basket total is wrong"])
    }

    @Test func `A stop that abandons tells everything in one step, with its reason`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution, abandon: true, reason: "wrong region")
        let expected = [
            "pipeline STOPPING", "S1 STOPPING", "Work ABANDONED", "S1 STOPPED", "pipeline STOPPED",
        ]
        #expect(pipeline.told == expected)
        #expect(pipeline.announcements[0].stopReason == "wrong region")
    }

    @Test func `A stop that waits tells the rest when it is done, and an upgrade does not repeat itself`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.stop(execution)
        #expect(pipeline.told == ["pipeline STOPPING", "S1 STOPPING"])
        var upgraded = pipeline
        try pipeline.fail(execution)
        #expect(pipeline.told == ["Work FAILED", "S1 STOPPED", "pipeline STOPPED"])
        try upgraded.stop(execution, abandon: true)
        #expect(upgraded.told == ["Work ABANDONED", "S1 STOPPED", "pipeline STOPPED"])
    }

    @Test func `A waiting execution tells both halves of its stop, or that it was superseded`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        let second = try pipeline.start()
        #expect(pipeline.told == ["pipeline STARTED"])
        var stopped = pipeline
        try stopped.stop(second)
        #expect(stopped.told == ["pipeline STOPPING", "pipeline STOPPED"])
        try pipeline.start()
        #expect(pipeline.told == ["pipeline STARTED", "pipeline SUPERSEDED"])
        #expect(pipeline.announcements[1].executionID == second)
    }

    @Test(arguments: [false, true])
    func `A retry resumes from the outside in, and counts`(isStopped: Bool) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        if isStopped { try pipeline.stop(execution, abandon: true) } else { try pipeline.fail(execution) }
        try pipeline.retry("S1", execution)
        #expect(pipeline.told == ["pipeline RESUMED", "S1 RESUMED", "Work STARTED"])
        for change in pipeline.announcements {
            #expect(change.executionAttempt == 2)
            #expect(change.retriedAt == pipeline.now)
        }
    }

    @Test func `A retry beside a running sibling resumes nothing that had ended`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.fail(execution, "A")
        try pipeline.retry("S1", execution)
        #expect(pipeline.told == ["A STARTED"])
    }

    @Test func `An automatic retry is told of the stage alone`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", onFailure: .retry(.failedActions)), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.fail(execution)
        #expect(pipeline.told == ["Work FAILED", "S1 FAILED", "S1 RESUMED", "Work STARTED"])
    }

    @Test(arguments: [
        (ConditionGate.beforeEntry, ["Work STARTED"]), (.onSuccess, ["S2 SUCCEEDED", "pipeline SUCCEEDED"]),
    ])
    func `An override of what failed resumes from the outside in`(gate: ConditionGate, next: [String]) throws {
        let condition = ConditionDeclaration.condition(.fail)
        var pipeline = PipelineUnderTest(
            .stage("S1"),
            .stage(
                "S2", beforeEntry: gate == .beforeEntry ? condition : nil,
                onSuccess: gate == .onSuccess ? condition : nil))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        if gate == .onSuccess { try pipeline.succeed(execution) }
        try pipeline.end(execution, .failed("closed"))
        try pipeline.override(gate, "S2", execution)
        #expect(pipeline.told == ["pipeline RESUMED", "S2 RESUMED"] + next)
    }

    @Test func `A failure that goes back tells of both executions, one after the other`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", onFailure: .rollback))
        let first = try pipeline.start()
        for _ in 1...2 { try pipeline.succeed(first) }
        let second = try pipeline.start()
        try pipeline.succeed(second)
        try pipeline.fail(second)
        let expected = [
            "Work FAILED", "S2 FAILED", "pipeline FAILED", "pipeline STARTED", "S2 STARTED", "Work STARTED",
        ]
        #expect(pipeline.told == expected)
        #expect(pipeline.announcements[3].trigger?.type == .automatedRollback)
    }

    @Test func `An update cancels approvals at once, and the rest when it ends`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .approval(), .work("Load")))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.update(.stage("S1"), .stage("S2"))
        #expect(pipeline.told == ["SignOff CANCELED"])
        try pipeline.succeed(execution, "Load")
        #expect(pipeline.told == ["Load SUCCEEDED", "S2 CANCELED", "pipeline CANCELED"])
    }

    @Test func `A skipped stage is told as such`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", beforeEntry: .condition(.skip)))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.end(execution, .failed("not on main"))
        #expect(pipeline.told == ["S2 SKIPPED", "pipeline SUCCEEDED"])
    }

    @Test func `What failed at once was started`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: [VariableDeclaration(name: "Env")])
        try pipeline.start()
        #expect(pipeline.told == ["pipeline STARTED", "pipeline FAILED"])
        #expect(pipeline.announcements[0].trigger == Trigger(type: .startPipelineExecution, detail: mia))
        #expect(pipeline.announcements[1].trigger == nil)
    }

    @Test(arguments: [true, false])
    func `Where more is known of the trigger it is told again at the end`(isKnown: Bool) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let members = isKnown ? [KeyedValue("branch-name", "main")] : []
        let trigger = Trigger(type: .webhookV2, detail: "{}")
        let request = StartRequest(id: pipeline.freshExecutionID(), trigger: trigger, announcedMembers: members)
        try pipeline.apply(.start(request))
        #expect(pipeline.announcements.map(\.trigger) == [trigger, nil, nil])
        #expect(pipeline.announcements[0].triggerMembers == members)
        var failed = pipeline
        try failed.fail(request.id)
        for _ in 1...2 { try pipeline.succeed(request.id) }
        for change in [pipeline.announcements.last, failed.announcements.last] {
            #expect(change?.trigger == (isKnown ? trigger : nil))
            #expect(change?.triggerMembers == members)
        }
    }

    @Test func `An action tells its inputs as it starts, and its attempt as it ends`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("Make", outputs: ["App"])), .stage("S2", .work("Ship", inputs: ["App"])))
        let execution = try pipeline.start()
        try pipeline.succeed(execution, "Make")
        let actions = pipeline.announcements.compactMap { change in
            if case .action(let action) = change.subject { action } else { nil }
        }
        #expect(actions.map(\.stage) == ["S1", "S2"])
        #expect(actions[0].attempt.status == .succeeded)
        #expect(actions[0].inputs == [])
        #expect(actions[1].inputs == actions[0].attempt.outputs)
        #expect(actions[1].declaration.name == "Ship")
    }
}
