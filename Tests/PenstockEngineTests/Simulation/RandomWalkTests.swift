// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import Testing

/// Thousands of random events, each followed by every check that ``InvariantCheck`` and ``StepLedger`` know.
///
/// A failure names its seed; the same seed walks the same way again.
struct RandomWalkTests {
    private static let steps = 200

    @Test(arguments: 1...15 as ClosedRange<UInt64>)
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

    @Test func `A walk comes to every end that an execution has, and to every refusal`() {
        var ends: Set<PipelineExecutionStatus> = []
        var refusals: Set<Rejection.Code> = []
        for seed in 16...25 as ClosedRange<UInt64> {
            var walk = RandomWalk(seed: seed)
            for _ in 0..<Self.steps { walk.step() }
            ends.formUnion(walk.pipeline.state.executions.values.map(\.status))
            refusals.formUnion(walk.refusals.keys)
        }
        #expect(ends.isSuperset(of: [.succeeded, .failed, .stopped, .superseded, .cancelled]))
        #expect(
            refusals == [
                .approvalAlreadyCompleted, .conflict, .duplicatedStopRequest, .invalidApprovalToken,
                .notLatestPipelineExecution, .pipelineExecutionNotStoppable, .stageNotFound, .stageNotRetryable,
                .validation,
            ])
    }
}
