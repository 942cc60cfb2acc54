// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

/// A pipeline driven by events, with everything it ever had in memory, which checks itself after each of them.
struct PipelineUnderTest {
    private(set) var state: PipelineState
    /// The instant of the last step; the next one is a second later.
    var now = at(1_000_000)
    private(set) var ledger = StepLedger()
    /// What the last step called for, without what it told the outside.
    private(set) var effects: [PipelineEffect] = []
    /// What the last step told the outside.
    private(set) var announcements: [StateChange] = []
    private static let identifiersPerStep = 32
    private var stepCount = 0
    private var executionCount = 0

    init(_ declaration: PipelineDeclaration) {
        self.state = PipelineState(key: shopKey, head: PipelineHead(declaration: declaration))
        self.state.add(declaration)
    }

    init(
        _ stages: StageDeclaration...,
        mode: ExecutionMode = .superseded,
        variables: [VariableDeclaration] = []
    ) {
        self.init(.shop(stages, mode: mode, variables: variables))
    }

    /// A pipeline in the middle of its life, as a store would give it back.
    init(_ state: PipelineState) {
        self.state = state
        self.ledger = StepLedger(startingWith: state)
    }

    @discardableResult
    mutating func apply(_ event: PipelineEvent) throws(PipelineInterruption) -> PipelineOutcome {
        let before = self.state
        self.now = self.now + .seconds(1)
        let identifiers = self.nextIdentifiers
        self.stepCount += 1
        let outcome: PipelineOutcome
        do throws(PipelineInterruption) {
            outcome = try self.state.apply(event, at: self.now, identifiers: identifiers)
        } catch {
            #expect(self.state == before, "an event that was not applied changes nothing")
            throw error
        }
        (self.effects, self.announcements) = Self.divide(outcome.effects)
        let violations = self.ledger.note(
            Step(event: event, outcome: outcome, before: before, after: self.state, at: self.now))
        #expect(violations.isEmpty, "after \(event)")
        return outcome
    }

    private static func divide(_ effects: [PipelineEffect]) -> ([PipelineEffect], [StateChange]) {
        var (others, announcements): ([PipelineEffect], [StateChange]) = ([], [])
        for effect in effects {
            if case .announce(let change) = effect { announcements.append(change) } else { others.append(effect) }
        }
        return (others, announcements)
    }

    /// What the next step is given.
    var nextIdentifiers: [UniqueID] {
        let first = self.stepCount * Self.identifiersPerStep
        return (first..<first + Self.identifiersPerStep).map {
            UniqueID(high: 0xA4000, low: 0x8000_0000_0000_0000 | UInt64($0))
        }
    }

    /// The n-th execution that a test starts has the id n.
    mutating func freshExecutionID() -> PipelineExecutionID {
        self.executionCount += 1
        return id(self.executionCount)
    }

    /// Why the event would be refused now; `nil` when it would be applied.
    func refusal(of event: PipelineEvent) -> Rejection? {
        var trial = self
        do throws(PipelineInterruption) {
            try trial.apply(event)
            return nil
        } catch {
            switch error {
            case .rejected(let rejection): return rejection
            case .needs(let need):
                Issue.record("the event asks for \(need)")
                return nil
            }
        }
    }

    /// Whether the event would change nothing and call for nothing.
    func ignores(_ event: PipelineEvent) throws -> Bool {
        var trial = self
        let outcome = try trial.apply(event)
        return trial.state == self.state && outcome.effects.isEmpty && outcome.changedExecutions.isEmpty
    }
}
