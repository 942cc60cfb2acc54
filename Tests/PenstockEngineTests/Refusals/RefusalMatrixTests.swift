// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

/// Which commands are refused where an execution stands, for every such place and the stage S.
struct RefusalMatrixTests {
    /// Where E1 stands with respect to S.
    enum Place: CaseIterable {
        case waiting, running, failedWithRunningSibling, failed, failedAndOvertaken, stopping, stoppedInside
        case succeededAndLater, succeededAndWaiting, superseded, cancelled, cancelledWhileRunning, succeeded
        case succeededAndOvertaken, stoppedWhileWaiting, failedAtOnce
    }

    /// What each command comes to; `nil` is accepted.
    struct Answers: Equatable {
        var stop: Rejection.Code?
        var abandon: Rejection.Code?
        var retryFailed: Rejection.Code?
        var retryAll: Rejection.Code?

        init(
            _ stop: Rejection.Code?,
            _ abandon: Rejection.Code?,
            _ retryFailed: Rejection.Code?,
            _ retryAll: Rejection.Code?
        ) {
            self.stop = stop
            self.abandon = abandon
            self.retryFailed = retryFailed
            self.retryAll = retryAll
        }
    }

    @Test(arguments: Place.allCases)
    func `Commands are refused by where the execution stands`(place: Place) throws {
        let pipeline = try Self.pipeline(at: place)
        let answers = Answers(
            pipeline.refusal(of: .stop(id(1)))?.code,
            pipeline.refusal(of: .stop(id(1), abandon: true))?.code,
            pipeline.refusal(of: .retryStage("S", id(1), .failedActions))?.code,
            pipeline.refusal(of: .retryStage("S", id(1), .allActions))?.code
        )
        #expect(answers == Self.expected(at: place))
    }

    private static func expected(at place: Place) -> Answers {
        let (gone, overtaken) = (
            Rejection.Code.pipelineExecutionNotStoppable, Rejection.Code.notLatestPipelineExecution
        )
        return switch place {
        case .waiting: Answers(nil, nil, overtaken, overtaken)
        case .running: Answers(nil, nil, .stageNotRetryable, .stageNotRetryable)
        case .failedWithRunningSibling: Answers(nil, nil, nil, .stageNotRetryable)
        case .failed: Answers(gone, gone, nil, nil)
        case .failedAndOvertaken: Answers(gone, gone, overtaken, overtaken)
        case .stopping: Answers(.duplicatedStopRequest, nil, .conflict, .conflict)
        case .stoppedInside: Answers(gone, gone, nil, nil)
        case .succeededAndLater, .succeededAndWaiting: Answers(nil, nil, .stageNotRetryable, .stageNotRetryable)
        case .superseded, .stoppedWhileWaiting, .failedAtOnce: Answers(gone, gone, overtaken, overtaken)
        case .cancelled: Answers(gone, gone, .stageNotRetryable, .stageNotRetryable)
        case .cancelledWhileRunning: Answers(nil, nil, .stageNotRetryable, .stageNotRetryable)
        case .succeeded: Answers(gone, gone, .stageNotRetryable, .stageNotRetryable)
        case .succeededAndOvertaken: Answers(gone, gone, overtaken, overtaken)
        }
    }

    /// Brings E1 to the place.
    private static func pipeline(at place: Place) throws -> PipelineUnderTest {
        let stages: [StageDeclaration] = [.stage("Before"), .stage("S", .work("A"), .work("B")), .stage("After")]
        let variables = [VariableDeclaration(name: "Env", defaultValue: place == .failedAtOnce ? nil : "prod")]
        var pipeline = PipelineUnderTest(.shop(stages, variables: variables))
        if place == .waiting || place == .superseded || place == .stoppedWhileWaiting { try pipeline.disable("S") }
        if place == .succeededAndWaiting { try pipeline.disable("After") }
        let execution = try pipeline.start()
        if place == .failedAtOnce { return pipeline }
        try pipeline.succeed(execution)
        switch place {
        case .waiting, .running, .failedAtOnce: break
        case .failedWithRunningSibling: try pipeline.fail(execution, "A")
        case .failed, .failedAndOvertaken:
            try pipeline.fail(execution, "A")
            try pipeline.succeed(execution, "B")
            if place == .failedAndOvertaken { try pipeline.succeed(pipeline.start()) }
        case .stopping: try pipeline.stop(execution)
        case .stoppedInside: try pipeline.stop(execution, abandon: true)
        case .succeededAndLater, .succeededAndWaiting, .succeeded, .succeededAndOvertaken:
            for action in ["A", "B"] { try pipeline.succeed(execution, action) }
            if place == .succeeded || place == .succeededAndOvertaken { try pipeline.succeed(execution) }
            if place == .succeededAndOvertaken { try pipeline.succeed(pipeline.start()) }
        case .superseded: try pipeline.succeed(pipeline.start())
        case .stoppedWhileWaiting: try pipeline.stop(execution)
        case .cancelled, .cancelledWhileRunning:
            try pipeline.apply(.update(.shop(stages, version: 2)))
            if place == .cancelled { for action in ["A", "B"] { try pipeline.succeed(execution, action) } }
        }
        return pipeline
    }

    // MARK: What exists nowhere

    @Test func `A stage that the pipeline does not have is refused before anything else`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        let expected = Rejection(.stageNotFound, "Pipeline 'shop' does not have a stage with name 'S3'")
        let events: [PipelineEvent] = [
            .retryStage("S3", execution, .failedActions),
            .setTransition(stage: "S3", .inbound, reason: "freeze", by: mia),
            .setTransition(stage: "S3", .outbound, reason: nil, by: mia),
        ]
        for event in events { #expect(pipeline.refusal(of: event) == expected) }
    }

    @Test func `An execution that never was is not the latest, and a stop of it asks for it first`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let refusal = pipeline.refusal(of: .retryStage("S1", id(99), .failedActions))
        #expect(refusal?.code == .notLatestPipelineExecution)
        #expect(throws: PipelineInterruption.needs(.execution(id(99)))) { try pipeline.stop(id(99)) }
    }
}
