// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

/// A pipeline to which things happen at random: sensible ones, late ones, and ones that must be refused.
struct RandomWalk {
    /// An event as it was applied, for a replay.
    struct Happening {
        let event: PipelineEvent
        let at: Timestamp
        let identifiers: [UniqueID]
        /// `nil` when the event was refused.
        let outcome: PipelineOutcome?
    }

    let first: PipelineDeclaration
    private(set) var pipeline: PipelineUnderTest
    private(set) var history: [Happening] = []
    private(set) var refusals: [Rejection.Code: Int] = [:]
    var random: SeededGenerator

    init(seed: UInt64) {
        self.random = SeededGenerator(seed: seed)
        self.first = RandomPipeline.declaration(version: 1, &self.random)
        self.pipeline = PipelineUnderTest(self.first)
    }

    /// Lets one thing happen. The pipeline checks itself.
    mutating func step() {
        let pause: [Duration] = [.zero, .zero, .seconds(40), .minutes(20), .hours(9), .days(4)]
        self.pipeline.now = self.pipeline.now + (self.random.pick(pause) ?? .zero)
        let event = self.nextEvent()
        let identifiers = self.pipeline.nextIdentifiers
        var outcome: PipelineOutcome?
        do throws(PipelineInterruption) {
            outcome = try self.pipeline.apply(event)
        } catch {
            switch error {
            case .rejected(let rejection): self.refusals[rejection.code, default: 0] += 1
            case .needs(let need): Issue.record("the event \(event) asks for \(need)")
            }
        }
        let at = self.pipeline.now
        self.history.append(Happening(event: event, at: at, identifiers: identifiers, outcome: outcome))
    }

    mutating func freshExecutionID() -> PipelineExecutionID { self.pipeline.freshExecutionID() }

    // MARK: Choices

    /// One of the newest executions, however it stands.
    mutating func execution() -> PipelineExecutionID {
        let live = self.pipeline.state.executions.values.filter { $0.status.isLive }
        let chosen = self.random.chance(70) ? self.random.pick(live) : nil
        return chosen?.id ?? self.random.pick(self.pipeline.state.executions.values.suffix(8))?.id ?? id(1)
    }

    /// One that is as wanted; at times, or if there is none, any that ever started.
    mutating func attempt(
        where isWanted: (ActionAttempt) -> Bool
    ) -> (PipelineExecutionID, ActionExecutionID) {
        let executions = self.pipeline.state.executions.values.filter { $0.status.isLive }
        let wanted = executions.flatMap { execution in
            (execution.stageRun?.actions ?? []).compactMap(\.attempt).filter(isWanted).map { (execution.id, $0.id) }
        }
        if self.random.chance(92), let chosen = self.random.pick(wanted) { return chosen }
        let any = self.random.pick(self.pipeline.ledger.starts.suffix(40))
        return any.map { ($0.executionID, $0.id) } ?? (self.execution(), id(4711))
    }

    /// A rule, mostly one that is being checked.
    mutating func rule() -> (PipelineExecutionID, RuleExecutionID) {
        let all = self.pipeline.state.executions.values.flatMap { execution in
            ConditionGate.allCases.compactMap { execution.stageRun?[$0] }.flatMap(\.rules).map { (execution.id, $0) }
        }
        let running = all.filter { $0.1.status == .inProgress }
        let chosen = self.random.chance(90) ? self.random.pick(running) : self.random.pick(all.suffix(20))
        return chosen.map { ($0.0, $0.1.id) } ?? (self.execution(), id(4712))
    }
}
