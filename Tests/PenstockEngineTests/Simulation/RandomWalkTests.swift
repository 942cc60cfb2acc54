// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

/// Thousands of random events, each followed by every check that ``InvariantCheck`` and ``StepLedger`` know.
///
/// A failure names its seed; the same seed walks the same way again.
struct RandomWalkTests {
    private static let steps = 200

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `Whatever happens, the rules hold, and a replay comes to the same bytes`(seed: UInt64) throws {
        var walk = RandomWalk(seed: seed)
        for _ in 0..<Self.steps { walk.step() }

        var state = PipelineState(key: shopKey, head: PipelineHead(declaration: walk.first))
        state.add(walk.first)
        var rows = PipelineRows(walk.first)
        for (number, step) in walk.history.enumerated() {
            let whole = try? state.apply(step.event, at: step.at, identifiers: step.identifiers)
            let sparse = try? rows.apply(step.event, at: step.at, identifiers: step.identifiers).outcome
            try #require(whole == step.outcome, "step \(number) of a replay")
            try #require(sparse == step.outcome, "step \(number) of a replay that loads only what is asked for")
        }
        #expect(state.bytes == walk.pipeline.state.bytes)
        #expect(rows.bytes == walk.pipeline.state.bytes)
    }

    @Test func `Walks come to every end, and to every refusal`() {
        var ends: Set<PipelineExecutionStatus> = []
        var runs: [StageRun] = []
        var refusals: Set<Rejection.Code> = []
        for seed in 13...24 as ClosedRange<UInt64> {
            var walk = RandomWalk(seed: seed)
            for _ in 0..<Self.steps { walk.step() }
            ends.formUnion(walk.pipeline.state.executions.values.map(\.status))
            refusals.formUnion(walk.refusals.keys)
            runs += walk.history.flatMap { $0.outcome?.effects ?? [] }.compactMap { effect in
                if case .recordStage(_, let run) = effect { run } else { nil }
            }
        }
        #expect(ends.isSuperset(of: [.succeeded, .failed, .stopped, .superseded, .cancelled]))
        #expect(Set(runs.map(\.status)) == Set(StageExecutionStatus.allCases))
        let conditions = runs.flatMap { run in ConditionGate.allCases.compactMap { run[$0]?.status } }
        #expect(Set(conditions) == Set(ConditionStatus.allCases))
        #expect(
            refusals == [
                .approvalAlreadyCompleted, .conditionNotOverridable, .conflict, .duplicatedStopRequest,
                .invalidApprovalToken, .notLatestPipelineExecution, .pipelineExecutionNotStoppable,
                .pipelineExecutionOutdated, .stageNotFound, .stageNotRetryable, .unableToRollbackStage, .validation,
            ])
    }
}
