// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

struct RunOrderTests {
    @Test func `A group starts whole, in declared order, with ids in that order`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("B", runOrder: 7), .work("Late", runOrder: 9), .work("A", runOrder: 7)), .stage("S2"))
        try pipeline.start()
        #expect(pipeline.startedActions == ["B", "A"])
        let ids = pipeline.ledger.starts.map(\.id)
        #expect(ids == ids.sorted())
    }

    @Test func `Groups run in ascending order whatever the declared one is, and gaps mean nothing`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("C", runOrder: 999), .work("A", runOrder: 3), .work("B", runOrder: 40)), .stage("S2"))
        let execution = try pipeline.start()
        #expect(pipeline.startedActions == ["A"])
        try pipeline.succeed(execution, "A")
        #expect(pipeline.startedActions == ["B"])
        try pipeline.succeed(execution, "B")
        #expect(pipeline.startedActions == ["C"])
        try pipeline.succeed(execution, "C")
        #expect(pipeline.picture == "S2:E1")
    }

    @Test func `The next group waits for every action of the group`() throws {
        var pipeline = PipelineUnderTest(
            .stage("S1", .work("A"), .work("B"), .approval(), .work("Next", runOrder: 2)), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution, "B")
        #expect(pipeline.startedActions == [])
        try pipeline.answer(execution)
        #expect(pipeline.startedActions == [])
        try pipeline.succeed(execution, "A")
        #expect(pipeline.startedActions == ["Next"])
    }

    @Test func `A stage succeeds with the last action of its last group`() throws {
        var pipeline = PipelineUnderTest(.stage("S1", .work("A"), .work("B")), .stage("S2"))
        let execution = try pipeline.start()
        try pipeline.succeed(execution, "A")
        #expect(pipeline.picture == "S1:E1")
        try pipeline.succeed(execution, "B")
        #expect(pipeline.picture == "S2:E1")
    }

    @Test func `What a stage needs follows from how its actions stand`() {
        #expect(Self.need([]) == .succeed)
        #expect(Self.need([(1, nil), (2, nil), (1, nil)]) == .start([0, 2]))
        #expect(Self.need([(1, .inProgress), (1, nil), (2, nil)]) == .start([1]))
        #expect(Self.need([(1, .inProgress), (2, nil)]) == .wait)
        #expect(Self.need([(1, .succeeded), (2, nil)]) == .start([1]))
        #expect(Self.need([(1, .failed), (1, .inProgress), (2, nil)]) == .wait)
        #expect(Self.need([(1, .failed), (1, nil)]) == .fail(rollsBack: false))
        #expect(Self.need([(1, .abandoned), (1, .succeeded)]) == .fail(rollsBack: false))
        #expect(Self.need([(1, .succeeded), (2, .succeeded)]) == .succeed)
    }

    private static func need(_ actions: [(runOrder: Int, status: ActionExecutionStatus?)]) -> StageRun.Need {
        let terms = StageRun.Terms(stage: .stage("S1"))
        var run = StageRun(entering: .stage("S1"), at: at(1))
        run.actions = actions.enumerated().map { index, action in
            let attempt = action.status.map { ActionAttempt.sample(id(index), $0) }
            return ActionRun(name: "A\(index)", runOrder: action.runOrder, attempt: attempt)
        }
        return run.need(terms)
    }
}

extension ActionAttempt {
    /// An attempt that stands as told.
    static func sample(_ id: ActionExecutionID, _ status: ActionExecutionStatus) -> Self {
        var attempt = Self(id: id, startedAt: at(1))
        switch status {
        case .inProgress: break
        case .succeeded: attempt.end(.succeeded(outputs: nil), at: at(2))
        case .failed: attempt.end(.failed(.broken), at: at(2))
        case .abandoned: attempt.end(.abandoned(summary: nil, by: nil), at: at(2))
        }
        return attempt
    }
}
