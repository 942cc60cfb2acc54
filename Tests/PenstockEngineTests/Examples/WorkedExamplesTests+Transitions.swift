// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

extension WorkedExamplesTests {
    @Test func `SUPERSEDED with a disabled transition`() throws {
        var example = WorkedExample(.stage("S1"), .stage("S2"))
        try example.row("E1 is in S2, whose inbound transition is disabled", "S2:E1") {
            try $0.startAndLeaveFirstStage()
            try $0.disable("S2", reason: "freeze")
        }
        try example.row("E2 leaves S1", "in(S2):E2 S2:E1") { try $0.startAndLeaveFirstStage() }
        try example.row("E1 leaves S2", "in(S2):E2", "E1 Succeeded") { try $0.succeed(.e1) }
        try example.row("E3 leaves S1", "in(S2):E3", "E2 Superseded") { try $0.startAndLeaveFirstStage() }
        try example.row("E3 is stopped", "", "E3 Stopped") { try $0.stop(.e3) }
        #expect(example.pipeline.told == ["pipeline STOPPING", "pipeline STOPPED"])
        var gate = try example.pipeline.gate("S2")
        #expect(gate.departed == DepartedExecution(id: .e3, status: .stopped))
        #expect(gate.latest == .e1)
        #expect(gate.inbound.disabledReason == "freeze")
        try example.row("E4 leaves S1", "in(S2):E4") { try $0.startAndLeaveFirstStage() }
        gate = try example.pipeline.gate("S2")
        #expect(gate.departed == nil)
        try example.row("S2 is enabled", "S2:E4") { try $0.enable("S2") }
    }

    @Test func `QUEUED with a failure and a retry`() throws {
        var example = WorkedExample(.stage("S1"), .stage("S2"), .stage("S3"), mode: .queued)
        try example.row("E1 is in S2, E2 and E3 wait for it", "in(S2):E2,E3 S2:E1") {
            for _ in 1...3 { try $0.startAndLeaveFirstStage() }
        }
        let inTime = example
        try example.row("S2 is disabled, and E1's action fails", "in(S2):E2,E3", "E1 Failed") {
            try $0.disable("S2")
            try $0.fail(.e1)
        }
        try example.row("E1 is retried", "in(S2):E2,E3 S2:E1", "E1 InProgress") { try $0.retry("S2", .e1) }
        #expect(example.pipeline.told == ["pipeline RESUMED", "S2 RESUMED", "Work STARTED"])
        try example.row("E1 leaves S2", "in(S2):E2,E3 S3:E1") { try $0.succeed(.e1) }
        try example.row("S2 is enabled", "in(S2):E3 S2:E2 S3:E1") { try $0.enable("S2") }

        example = inTime
        try example.row("instead, S2 stays enabled as E1 fails", "in(S2):E3 S2:E2", "E1 Failed") { try $0.fail(.e1) }
        let refusal = example.pipeline.refusal(of: .retryStage("S2", .e1, .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
    }
}
