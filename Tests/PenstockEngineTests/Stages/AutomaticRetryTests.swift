// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct AutomaticRetryTests {
    @Test func `A stage runs again by itself once, keeping its lock, and then fails`() throws {
        var pipeline = Self.pipeline()
        let first = try pipeline.start()
        try pipeline.start()
        try pipeline.fail(first)
        #expect(pipeline.picture == "in(S1):E2 S1:E1")
        #expect(pipeline.startedActions == ["Work"])
        let run = try pipeline.run(first)
        #expect(run.status == .inProgress)
        #expect(run.automaticRetries == 1)
        #expect(run.manualRetries == 0)
        #expect(run.latestRetry == .automatic)
        #expect(try pipeline.execution(first).attempt == 2)
        try pipeline.fail(first)
        #expect(try pipeline.status(first) == .failed)
        #expect(pipeline.picture == "S1:E2")
    }

    @Test func `A manual retry is counted apart and brings no second automatic one`() throws {
        var pipeline = Self.pipeline()
        let execution = try pipeline.start()
        for _ in 1...2 { try pipeline.fail(execution) }
        try pipeline.retry("S1", execution)
        let run = try pipeline.run(execution)
        #expect(run.automaticRetries == 1)
        #expect(run.manualRetries == 1)
        #expect(run.latestRetry == .manual)
        try pipeline.fail(execution)
        #expect(try pipeline.status(execution) == .failed)
        let ids = pipeline.starts(of: "Work").map(\.id)
        #expect(ids.count == 3)
        #expect(pipeline.starts(of: "Work").map(\.replaces) == [nil, ids[0], ids[1]])
    }

    @Test func `It waits until no action runs, whatever is run again`() throws {
        for mode in StageRetryMode.allCases {
            var pipeline = PipelineUnderTest(
                .stage("S1", .work("Test"), .work("Lint"), onFailure: .retry(mode)), .stage("S2"))
            let execution = try pipeline.start()
            try pipeline.fail(execution, "Test")
            #expect(try pipeline.actions(execution) == "Test Failed, Lint InProgress")
            try pipeline.succeed(execution, "Lint")
            #expect(pipeline.startedActions == (mode == .allActions ? ["Test", "Lint"] : ["Test"]))
        }
    }

    @Test func `Each stage of an execution has its own`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", onFailure: .retry(.failedActions)), .stage("S2", onFailure: .retry(.failedActions)))
        let execution = try pipeline.start()
        for stage in ["S1", "S2"] {
            #expect(try pipeline.run(execution).stageName == stage)
            try pipeline.fail(execution)
            #expect(try pipeline.run(execution).automaticRetries == 1)
            try pipeline.succeed(execution)
        }
        #expect(try pipeline.status(execution) == .succeeded)
    }

    @Test func `What cannot begin is tried twice within one step`() throws {
        let ship = ActionDeclaration.work("Ship", inputs: ["Nothing"])
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", ship, onFailure: .retry(.failedActions)))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        #expect(try pipeline.status(execution) == .failed)
        #expect(pipeline.starts(of: "Ship").count == 2)
    }

    @Test func `Who is being stopped is not retried`() throws {
        var pipeline = Self.pipeline()
        let execution = try pipeline.start()
        try pipeline.stop(execution)
        try pipeline.fail(execution)
        #expect(try pipeline.status(execution) == .stopped)
        #expect(pipeline.startedActions == [])
    }

    @Test func `Who is cancelled by an update is not retried`() throws {
        var pipeline = Self.pipeline()
        let execution = try pipeline.start()
        try pipeline.update(.stage("S1"), .stage("S2"))
        try pipeline.fail(execution)
        #expect(try pipeline.status(execution) == .cancelled)
    }

    @Test func `A condition at the entry that was not met is not tried again`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1"), .stage("S2", beforeEntry: .condition(.fail), onFailure: .retry(.failedActions)))
        let execution = try pipeline.start()
        try pipeline.succeed(execution)
        try pipeline.end(execution, .failed("closed"))
        #expect(try pipeline.status(execution) == .failed)
        #expect(try pipeline.run(execution).automaticRetries == 0)
    }

    private static func pipeline() -> PipelineUnderTest {
        PipelineUnderTest(.stage("S1", onFailure: .retry(.failedActions)), .stage("S2"))
    }
}
