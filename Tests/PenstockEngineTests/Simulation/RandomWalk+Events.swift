// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel

extension RandomWalk {
    mutating func nextEvent() -> PipelineEvent {
        if self.pipeline.state.executions.isEmpty { return self.start() }
        return switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<7: self.start()
        case 7..<54: self.report()
        case 54..<64: self.reportOnRule()
        case 64..<76: self.answer()
        case 76..<80: .stop(self.execution(), abandon: self.random.chance(40))
        case 80..<87: self.retry()
        case 87..<93: self.transition()
        case 93..<95: self.rollback()
        case 95..<97: self.overrideCondition()
        case 97..<98: .waitTimedOut(self.execution(), limit: .days(30))
        case _: self.update()
        }
    }

    // MARK: Commands

    private mutating func start() -> PipelineEvent {
        let trigger = self.random.pick(TriggerType.allCases) ?? .startPipelineExecution
        let variables = self.random.chance(80) ? [KeyedValue("Env", "prod")] : []
        return .start(
            StartRequest(
                id: self.freshExecutionID(),
                trigger: Trigger(type: trigger, detail: mia),
                variables: self.random.chance(3) ? [KeyedValue("Other", "x")] : variables
            ))
    }

    private mutating func answer() -> PipelineEvent {
        let (execution, action) = self.attempt { $0.status == .inProgress && $0.isApproval }
        let isApproved = self.random.chance(85)
        return .answer(execution, action, isApproved: isApproved, summary: self.random.chance(50) ? "fine" : "")
    }

    private mutating func retry() -> PipelineEvent {
        let mode: StageRetryMode = self.random.chance(50) ? .failedActions : .allActions
        let (stage, execution) = self.place()
        return .retryStage(stage, execution, mode)
    }

    private mutating func rollback() -> PipelineEvent {
        let stage = self.random.pick(self.pipeline.state.head.gates)?.name ?? "S1"
        let succeeded = self.pipeline.state.executions.values.filter { $0.succeededStages.contains(stage) }
        let target = self.random.chance(80) ? self.random.pick(succeeded.suffix(3))?.id : nil
        let trigger = Trigger(type: .manualRollback, detail: "{}")
        let request = RollbackRequest(id: self.freshExecutionID(), trigger: trigger)
        return .rollback(stage: stage, target: target ?? self.execution(), request)
    }

    private mutating func overrideCondition() -> PipelineEvent {
        let gate: ConditionGate = self.random.chance(50) ? .beforeEntry : .onSuccess
        let barred = self.pipeline.state.executions.values.compactMap { execution -> (String, PipelineExecutionID)? in
            guard let run = execution.stageRun, let condition = run[gate] else { return nil }
            return condition.isRunning || condition.hasFailed ? (run.stageName, execution.id) : nil
        }
        let (stage, execution) = self.random.pick(barred) ?? self.place()
        return .overrideCondition(gate, stage: stage, execution, by: mia)
    }

    /// Enables more often than it disables, so that the pipeline keeps moving.
    private mutating func transition() -> PipelineEvent {
        let gate = self.random.pick(self.pipeline.state.head.gates)
        let side: TransitionSide = self.random.chance(60) ? .inbound : .outbound
        let reason = self.random.chance(40) ? "freeze" : nil
        return .setTransition(stage: gate?.name ?? "S1", side, reason: reason, by: mia)
    }

    private mutating func update() -> PipelineEvent {
        let version = self.pipeline.state.head.version + 1
        return .update(RandomPipeline.declaration(version: version, &self.random))
    }

    /// Mostly a stage with the execution that was there last, or one of those that are there.
    private mutating func place() -> (stage: String, PipelineExecutionID) {
        let latest = self.pipeline.state.head.gates.compactMap { gate in gate.latest.map { (gate.name, $0) } }
        let last = self.pipeline.state.executions.values.suffix(8).compactMap { execution in
            execution.stageRun.map { ($0.stageName, execution.id) }
        }
        let chosen = self.random.chance(85) ? self.random.pick(latest + last) : nil
        return chosen ?? ("S\(Int.random(in: 1...6, using: &self.random))", self.execution())
    }

    // MARK: Reports

    /// Mostly about an attempt that runs, sometimes about one that has ended.
    private mutating func report() -> PipelineEvent {
        let (execution, action) = self.attempt { $0.status == .inProgress && !$0.isApproval }
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<16: return .actionSucceeded(execution, action, self.success())
        case 16..<17: return .actionFailed(execution, action, .broken, externalExecutionID: nil)
        case 17..<18: return .actionTimedOut(execution, action)
        case _: return .actionProgressed(execution, action, ActionProgress(percentComplete: 50))
        }
    }

    private mutating func success() -> ActionSuccess {
        let app = ArtifactReference(name: "App", location: ObjectLocation(bucket: "b", key: "k", versionID: "v"))
        let revision = SourceRevision(revisionID: "r\(self.history.count)")
        return ActionSuccess(
            progress: ActionProgress(summary: "done", revision: self.random.chance(50) ? revision : nil),
            outputs: self.random.chance(10) ? [app] : nil,
            outputVariables: self.random.chance(90) ? [KeyedValue("Tag", "7")] : []
        )
    }

    private mutating func reportOnRule() -> PipelineEvent {
        let (execution, rule) = self.rule()
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<10: return .ruleEnded(execution, rule, RuleVerdict(.satisfied))
        case 10..<13: return .ruleEnded(execution, rule, .failed("the window is closed"))
        case 13..<16: return .ruleEnded(execution, rule, .errored("no such alarm"))
        case 16..<18: return .ruleTimedOut(execution, rule)
        case _: return .ruleProgressed(execution, rule, summary: "waiting")
        }
    }
}
