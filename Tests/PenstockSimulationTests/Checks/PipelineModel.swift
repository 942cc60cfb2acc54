// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import PenstockRuntime

/// A pipeline as the notes of the engine's boundary make it: every step is replayed, on a state that has everything,
/// and held against the rules.
struct PipelineModel {
    let id: PipelineID
    let name: String
    private(set) var state: PipelineState
    private(set) var ledger = StepLedger()
    /// Executions that changed since rows were compared last.
    private(set) var changed: OrderedSet<PipelineExecutionID> = []

    /// - Parameter declaration: The first version.
    init(id: PipelineID, key: PipelineKey, declaration: PipelineDeclaration) {
        self.id = id
        self.name = key.name
        self.state = PipelineState(key: key, head: PipelineHead(declaration: declaration))
        self.state.add(declaration)
    }

    /// Replays a step, and returns every rule that it broke.
    mutating func replay(_ step: EngineStep, _ engine: PipelineEngine) -> [String] {
        let before = self.state
        let outcome: PipelineOutcome
        do {
            outcome = try engine.apply(&self.state, step.event, step.at, step.identifiers)
        } catch {
            return ["a replay of \(step.event.kind) ends with \(error)"]
        }
        self.changed.formUnion(outcome.changedExecutions)
        var violations = outcome == step.outcome ? [] : ["a replay of \(step.event.kind) comes to something else"]
        for execution in step.executions where self.state.executions[execution.id] != execution {
            violations.append("a replay of \(step.event.kind) leaves \(execution.label) in another state")
        }
        for report in step.event.lateReports where !self.ignores(report, at: step.at, engine) {
            violations.append("a \(report.kind) that comes after a \(step.event.kind) of the same counts")
        }
        return violations
            + self.ledger.note(
                Step(event: step.event, outcome: outcome, before: before, after: self.state, at: step.at))
    }

    /// Whether a report would change nothing and call for nothing.
    private func ignores(_ report: PipelineEvent, at: Timestamp, _ engine: PipelineEngine) -> Bool {
        var state = self.state
        let identifiers = (0..<64).map { UniqueID(high: 0x4000, low: 0x8000_0000_0000_0000 | UInt64($0)) }
        guard let outcome = try? engine.apply(&state, report, at, identifiers) else { return false }
        return outcome.effects.isEmpty && outcome.changedExecutions.isEmpty && state == self.state
    }

    mutating func noteComparison() { self.changed = [] }

    var liveExecutions: [PipelineExecution] { self.state.executions.values.filter { $0.status.isLive } }

    /// Attempts that run, with the executions that they are of.
    var runningAttempts: [(execution: PipelineExecutionID, attempt: ActionAttempt)] {
        self.state.executions.values.flatMap { execution in
            (execution.stageRun?.actions ?? []).compactMap(\.attempt).filter { $0.status == .inProgress }
                .map { (execution.id, $0) }
        }
    }

    /// Everything, in its stored form.
    var bytes: [UInt8] {
        var writer = StateWriter()
        writer.write(self.state.head)
        writer.write(Array(self.state.executions.values))
        return writer.bytes
    }
}

extension PipelineEvent {
    /// What happened, in a word or two.
    var kind: String {
        switch self {
        case .start(let request): "start (\(request.trigger.type.rawValue))"
        case .stop: "stop"
        case .retryStage: "retry"
        case .setTransition: "transition"
        case .answerApproval: "answer"
        case .rollback: "rollback"
        case .overrideCondition: "override"
        case .update: "update"
        case .actionProgressed: "progress"
        case .actionSucceeded: "success"
        case .actionFailed: "failure"
        case .actionTimedOut: "timeout"
        case .ruleProgressed: "rule progress"
        case .ruleEnded: "rule end"
        case .ruleTimedOut: "rule timeout"
        case .waitTimedOut: "end of a wait"
        }
    }

    /// Reports that have come too late once this one counts: the same again, and one to the contrary.
    var lateReports: [PipelineEvent] {
        let failure = FailureDetails(type: .jobFailed, message: "late")
        switch self {
        case .actionSucceeded(let id, let action, _):
            return [self, .actionFailed(id, action, failure, externalExecutionID: nil)]
        case .actionFailed(let id, let action, _, _), .actionTimedOut(let id, let action):
            return [self, .actionSucceeded(id, action, ActionSuccess()), .actionTimedOut(id, action)]
        case .ruleEnded(let id, let rule, _), .ruleTimedOut(let id, let rule):
            return [self, .ruleEnded(id, rule, RuleVerdict(.satisfied)), .ruleTimedOut(id, rule)]
        case .answerApproval(let answer): return [.actionTimedOut(answer.executionID, answer.actionExecutionID)]
        case .start, .stop, .retryStage, .setTransition, .rollback, .overrideCondition, .update, .actionProgressed,
            .ruleProgressed, .waitTimedOut:
            return []
        }
    }
}
