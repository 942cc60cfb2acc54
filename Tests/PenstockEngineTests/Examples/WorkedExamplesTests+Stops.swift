// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import Testing

extension WorkedExamplesTests {
    // MARK: Stop

    @Test func `A parallel group with an approval, a stop, and its upgrade to abandon`() throws {
        var (pipeline, token) = try Self.waitingForTheApproval()
        #expect(try pipeline.standing(.e1) == "InProgress, InProgress: SignOff InProgress, Load InProgress")
        try pipeline.stop(.e1)
        #expect(try pipeline.standing(.e1) == "Stopping, Stopping: SignOff InProgress, Load InProgress")
        #expect(pipeline.refusal(of: .stop(.e1))?.code == .duplicatedStopRequest)
        try pipeline.succeed(.e1, "Load")
        #expect(try pipeline.standing(.e1) == "Stopping, Stopping: SignOff InProgress, Load Succeeded")
        #expect(try pipeline.attempt("SignOff", .e1).id == token)

        var approved = pipeline
        try approved.answer(.e1)
        #expect(try approved.standing(.e1) == "Stopped, Stopped: SignOff Succeeded, Load Succeeded")

        try pipeline.stop(.e1, abandon: true)
        #expect(try pipeline.standing(.e1) == "Stopped, Stopped: SignOff Abandoned, Load Succeeded")
        #expect(pipeline.refusal(of: .answer(.e1, token)) == .invalidApprovalToken)
        let load = try pipeline.attempt("Load", .e1)
        try pipeline.retry("S2", .e1)
        #expect(try pipeline.standing(.e1) == "InProgress, InProgress: SignOff InProgress, Load Succeeded")
        #expect(try pipeline.attempt("SignOff", .e1).id != token)
        #expect(try pipeline.attempt("Load", .e1) == load)
    }

    @Test(arguments: [[], ["Ship"]])
    func `A parallel group with an approval, whose stop is retried when all of it has succeeded`(
        next: [String]
    ) throws {
        var (pipeline, _) = try Self.waitingForTheApproval(before: next.map { .work($0, runOrder: 2) })
        try pipeline.stop(.e1)
        try pipeline.succeed(.e1, "Load")
        try pipeline.answer(.e1)
        #expect(try pipeline.status(.e1) == .stopped)
        #expect(pipeline.startedActions == [])
        try pipeline.retry("S2", .e1)
        #expect(pipeline.picture == (next.isEmpty ? "S3:E1" : "S2:E1"))
        #expect(pipeline.startedActions == (next.isEmpty ? ["Work"] : next))
    }

    /// E1 is in S2, where its approval and its load test run side by side.
    private static func waitingForTheApproval(
        before next: [ActionDeclaration] = []
    ) throws -> (pipeline: PipelineUnderTest, token: ActionExecutionID) {
        let group: [ActionDeclaration] = [.approval(), .work("Load")]
        var pipeline = PipelineUnderTest(
            .stage("S1"), StageDeclaration(name: "S2", actions: group + next), .stage("S3"))
        try pipeline.startAndLeaveFirstStage()
        return (pipeline, try pipeline.attempt("SignOff", .e1).id)
    }

    // MARK: Update

    @Test func `An update while a build and an approval run`() throws {
        let stages: [StageDeclaration] = [.stage("S1"), .stage("S2", .work("Build")), .stage("S3", .approval())]
        var example = WorkedExample(stages[0], stages[1], stages[2])
        try example.row("E1 waits for approval, E2 builds, E3 waits for S2", "in(S2):E3 S2:E2 S3:E1") {
            try $0.startAndLeaveFirstStage()
            try $0.succeed(.e1, "Build")
            for _ in 2...3 { try $0.startAndLeaveFirstStage() }
        }
        try example.row("the pipeline is updated", "S2:E2", "E1 Cancelled, E3 Cancelled") {
            try $0.update(stages[0], stages[1], stages[2])
        }
        #expect(example.pipeline.state.executions.count == 3)
        let summary = "The pipeline was updated to version 2 before the execution completed"
        for id in [PipelineExecutionID.e1, .e3] {
            #expect(try example.pipeline.execution(id).statusSummary == summary)
        }
        #expect(try example.pipeline.standing(.e1) == "Cancelled, Cancelled: SignOff Abandoned")
        #expect(try example.pipeline.attempt("SignOff", .e1).summary == "The approval action has been canceled.")
        #expect(try example.pipeline.gate("S2").departed == DepartedExecution(id: .e3, status: .cancelled))
        let note = "The pipeline was updated; waiting for running actions"
        #expect(try example.pipeline.execution(.e2).statusSummary == note)

        try example.row("E4 of the new version leaves S1", "in(S2):E4 S2:E2") { try $0.startAndLeaveFirstStage() }
        #expect(try example.pipeline.execution(.e4).pipelineVersion == 2)
        try example.row("the build of E2 ends", "S2:E4", "E2 Cancelled") {
            try $0.succeed(.e2, "Build", ActionSuccess(progress: ActionProgress(summary: "built")))
        }
        #expect(try example.pipeline.standing(.e2) == "Cancelled, Cancelled: Build Succeeded")
        #expect(try example.pipeline.attempt("Build", .e2).summary == "built")
        #expect(try example.pipeline.execution(.e2).statusSummary == summary)
    }
}
