// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

/// Stories of what a pipeline does, told row by row; what reads show of them is in the API's suite of this name.
struct WorkedExamplesTests {
    // MARK: Modes

    @Test func `Example A: SUPERSEDED, while the second of three stages takes long`() throws {
        var example = WorkedExample(.stage("S1"), .stage("S2"), .stage("S3"))
        try example.row("E1 has entered S2", "S2:E1") { try $0.startAndLeaveFirstStage() }
        try example.row("E2 leaves S1", "in(S2):E2 S2:E1") { try $0.startAndLeaveFirstStage() }
        try example.row("E3 starts", "S1:E3 in(S2):E2 S2:E1") { try $0.start() }
        try example.row("E3 leaves S1", "in(S2):E3 S2:E1", "E2 Superseded") { try $0.succeed(.e3) }
        try example.row("E1's action fails, and E3 enters in the same step", "S2:E3", "E1 Failed") { try $0.fail(.e1) }
        #expect(try example.pipeline.run(.e3).enteredAt == example.pipeline.now)
        let refusal = example.pipeline.refusal(of: .retryStage("S2", .e1, .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
        try example.row("E3 is done with S2", "S3:E3") { try $0.succeed(.e3) }
        try example.row("E3 is done", "", "E3 Succeeded") { try $0.succeed(.e3) }
        #expect(try example.pipeline.status(.e1) == .failed)
    }

    @Test func `Example B: QUEUED, with a queue in front of the second stage`() throws {
        var example = WorkedExample(.stage("S1"), .stage("S2"), .stage("S3"), mode: .queued)
        try example.row("E1 is in S2, E2 and E3 wait for it, E4 is in S1", "S1:E4 in(S2):E2,E3 S2:E1") {
            for _ in 1...3 { try $0.startAndLeaveFirstStage() }
            try $0.start()
        }
        try example.row("E1 leaves S2", "S1:E4 in(S2):E3 S2:E2 S3:E1") { try $0.succeed(.e1) }
        try example.row("E4 leaves S1", "in(S2):E3,E4 S2:E2 S3:E1") { try $0.succeed(.e4) }
    }

    @Test(arguments: [
        (
            ExecutionMode.superseded,
            ["S1 at 0, S2 at 10, Succeeded at 70", "Superseded at 0", "S1 at 10, S2 at 70, Succeeded at 130"]
        ),
        (
            .queued,
            [
                "S1 at 0, S2 at 10, Succeeded at 70", "S1 at 10, S2 at 70, Succeeded at 130",
                "S1 at 20, S2 at 130, Succeeded at 190",
            ]
        ),
        (.parallel, Array(repeating: "S1 at 0, S2 at 10, Succeeded at 70", count: 3)),
    ])
    func `Three quick starts side by side, with 10 seconds in S1 and 60 in S2`(
        mode: ExecutionMode,
        stories: [String]
    ) throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: mode)
        let beginning = pipeline.now
        for _ in 1...3 {
            pipeline.now = beginning - .seconds(1)
            try pipeline.start()
        }
        while let next = Self.nextEnd(pipeline) {
            pipeline.now = next.at - .seconds(1)
            try pipeline.succeed(next.execution)
        }
        let told = try [PipelineExecutionID.e1, .e2, .e3].map { id in
            let entries = pipeline.starts(of: "Work").filter { $0.executionID == id }
                .map { "\($0.stageName) at \(($0.startedAt - beginning).components.seconds)" }
            let execution = try pipeline.execution(id)
            let end = (execution.updatedAt - beginning).components.seconds
            return (entries + ["\(execution.status.rawValue) at \(end)"]).joined(separator: ", ")
        }
        #expect(told == stories)
    }

    /// The running action that ends first, and of those that end together the one of the oldest execution.
    private static func nextEnd(_ pipeline: PipelineUnderTest) -> (execution: PipelineExecutionID, at: Timestamp)? {
        pipeline.ledger.starts.filter { pipeline.ledger.openJobs.contains($0.id) }
            .map { (execution: $0.executionID, at: $0.startedAt + .seconds($0.stageName == "S1" ? 10 : 60)) }
            .min { ($0.at, $0.execution) < ($1.at, $1.execution) }
    }
}
