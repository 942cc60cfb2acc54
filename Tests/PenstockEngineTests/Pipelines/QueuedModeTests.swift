// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct QueuedModeTests {
    @Test func `Each stage has its queue, first come first served`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"), mode: .queued)
        let executions = try (1...4).map { _ in try pipeline.start() }
        #expect(pipeline.picture == "in(S1):E2,E3,E4 S1:E1")
        for id in executions.prefix(3) { try pipeline.succeed(id) }
        #expect(pipeline.picture == "S1:E4 in(S2):E2,E3 S2:E1")
        try pipeline.succeed(executions[0])
        #expect(pipeline.picture == "S1:E4 in(S2):E3 S2:E2 S3:E1")
        try pipeline.succeed(executions[3])
        #expect(pipeline.picture == "in(S2):E3,E4 S2:E2 S3:E1")
        try pipeline.succeed(executions[1])
        #expect(pipeline.picture == "in(S2):E4 S2:E3 in(S3):E2 S3:E1")
    }

    @Test func `A failure lets the next one in at once, and the failed one is not retried any more`() throws {
        var pipeline = try Self.withTwoBehindOne()
        try pipeline.fail(id(1))
        #expect(pipeline.picture == "in(S2):E3 S2:E2")
        let refusal = pipeline.refusal(of: .retryStage("S2", id(1), .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
    }

    @Test func `A stop lets the next one in at once`() throws {
        var pipeline = try Self.withTwoBehindOne()
        try pipeline.stop(id(1), abandon: true)
        #expect(pipeline.picture == "in(S2):E3 S2:E2")
    }

    @Test func `A stop takes a waiting execution out of the queue`() throws {
        var pipeline = try Self.withTwoBehindOne()
        try pipeline.stop(id(2))
        #expect(pipeline.picture == "in(S2):E3 S2:E1")
        #expect(try pipeline.status(id(2)) == .stopped)
        #expect(try pipeline.gate("S2").departed == DepartedExecution(id: id(2), status: .stopped))
    }

    @Test func `Nobody is superseded`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), mode: .queued)
        let executions = try (1...3).map { _ in try pipeline.start() }
        for id in executions {
            try pipeline.succeed(id)
            try pipeline.succeed(id)
        }
        #expect(try executions.map { try pipeline.status($0) } == [.succeeded, .succeeded, .succeeded])
    }

    /// E1 is inside S2, E2 and E3 wait in front of it; their ids are 1 to 3.
    private static func withTwoBehindOne() throws -> PipelineUnderTest {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), .stage("S3"), mode: .queued)
        for number in 1...3 {
            #expect(try pipeline.start() == id(number))
            try pipeline.succeed(id(number))
        }
        #expect(pipeline.picture == "in(S2):E2,E3 S2:E1")
        return pipeline
    }
}
