// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct SupersededModeTests {
    @Test func `A queue of one forms in front of the first stage as well`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let first = try pipeline.start()
        let second = try pipeline.start()
        #expect(pipeline.picture == "in(S1):E2 S1:E1")
        let third = try pipeline.start()
        #expect(pipeline.picture == "in(S1):E3 S1:E1")
        #expect(try pipeline.execution(second).statusSummary == "Superseded by pipeline execution \(third)")
        #expect(try pipeline.execution(second).position == .finished)
        try pipeline.succeed(first)
        #expect(pipeline.picture == "S1:E3 S2:E1")
        try pipeline.succeed(third)
        try pipeline.succeed(first)
        #expect(pipeline.picture == "S2:E3")
    }

    @Test func `An execution inside a stage is never superseded, however long its approval stays open`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", .approval()))
        let first = try pipeline.start()
        try pipeline.succeed(first)
        for _ in 2...4 { try pipeline.succeed(pipeline.start()) }
        #expect(pipeline.picture == "in(S2):E4 S2:E1")
        try pipeline.answer(first)
        #expect(try pipeline.status(first) == .succeeded)
        #expect(pipeline.picture == "S2:E4")
    }

    @Test func `An execution that was superseded is over`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        let second = try pipeline.start()
        try pipeline.start()
        #expect(pipeline.refusal(of: .stop(second)) == .notStoppable(second, in: "shop"))
        #expect(pipeline.refusal(of: .stop(second, abandon: true)) == .notStoppable(second, in: "shop"))
        let refusal = pipeline.refusal(of: .retryStage("S1", second, .allActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
    }

    @Test func `What was bound to an execution that is superseded stays with it`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .source()), .stage("S2"))
        try pipeline.start()
        let bound = ActionRevision(actionName: "Get", revision: SourceRevision(revisionID: "v7"))
        let second = try pipeline.start(boundRevisions: [bound])
        try pipeline.start()
        try pipeline.succeed(id(1), "Get")
        #expect(pipeline.picture == "S1:E3 S2:E1")
        #expect(pipeline.starts(of: "Get").map(\.boundRevision) == [nil, nil])
        #expect(try pipeline.execution(second).boundRevisions == [bound])
    }

    @Test func `Superseding tells of the one that goes and changes nothing else`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        try pipeline.start()
        let second = try pipeline.start()
        let third = try pipeline.start()
        #expect(pipeline.effects == [])
        #expect(try pipeline.execution(second).updatedAt == pipeline.now)
        #expect(try pipeline.execution(third).position == .waiting(stage: "S1"))
    }
}
