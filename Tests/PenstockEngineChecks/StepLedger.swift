// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
package import PenstockEngine
package import PenstockModel

/// One event and what it made of a pipeline.
package struct Step {
    package let event: PipelineEvent
    package let outcome: PipelineOutcome
    package let before: PipelineState
    package let after: PipelineState
    package let at: Timestamp

    package init(
        event: PipelineEvent,
        outcome: PipelineOutcome,
        before: PipelineState,
        after: PipelineState,
        at: Timestamp
    ) {
        self.event = event
        self.outcome = outcome
        self.before = before
        self.after = after
        self.at = at
    }
}

/// What steps added up to, as jobs, rows and timers would: the promises that one state alone cannot show.
package struct StepLedger {
    /// Every attempt that ever started, in order.
    package private(set) var starts: [ActionStart] = []
    private var startedIDs: Set<ActionExecutionID> = []
    private var places: Set<ObjectLocation> = []
    /// The attempts that have a job.
    package private(set) var openJobs: Set<ActionExecutionID> = []
    private var entered: [PipelineExecutionID: Set<String>] = [:]
    private var produced: [PipelineExecutionID: Set<ArtifactReference>] = [:]
    package private(set) var attempts: [ActionExecutionID: ActionAttempt] = [:]
    /// Of each stage the execution that entered it last.
    package private(set) var stages: [String: (execution: PipelineExecutionID, run: StageRun)] = [:]
    /// The rules that are being checked.
    package private(set) var openRules: Set<RuleExecutionID> = []
    package private(set) var rules: [RuleExecutionID: RuleRun] = [:]
    private var targets: [PipelineExecutionID: PipelineExecutionID] = [:]
    /// How often each execution was announced to be under way, less how often to have ended.
    private var activity: [PipelineExecutionID: Int] = [:]
    package private(set) var successes: [PipelineExecutionID: [String]] = [:]
    /// From when on the wait of an execution at a disabled transition is counted.
    package private(set) var waits: [PipelineExecutionID: Timestamp] = [:]
    private var violations: [String] = []

    package init() {}

    /// Takes a pipeline's state for what earlier steps left.
    package init(startingWith state: PipelineState) {
        for execution in state.executions.values {
            guard let run = execution.stageRun else { continue }
            self.activity[execution.id] = execution.status.isLive ? 1 : 0
            self.stages[run.stageName] = (execution.id, run)
            self.produced[execution.id] = Set(execution.artifacts)
            for attempt in run.actions.compactMap(\.attempt) {
                self.attempts[attempt.id] = attempt
                if attempt.status == .inProgress { self.openJobs.insert(attempt.id) }
            }
        }
    }

    private mutating func check(_ condition: Bool, _ rule: @autoclosure () -> String) {
        if !condition { self.violations.append(rule()) }
    }

    /// Takes the step down, and returns every rule that it broke.
    package mutating func note(_ step: Step) -> [String] {
        self.violations = InvariantCheck(step.after).violations
        if case .waitTimedOut(let id, _) = step.event { self.waits[id] = nil }
        for execution in step.after.executions.values { self.targets[execution.id] = execution.rollbackTarget }
        for effect in step.outcome.effects { self.note(effect) }
        self.checkStatuses(step)
        self.checkRows(step)
        self.checkJobs(step.after)
        self.checkRules(step.after)
        self.checkActivity(step.after)
        self.checkWaits(step.after)
        return self.violations
    }

    // MARK: Effects

    private mutating func note(_ effect: PipelineEffect) {
        switch effect {
        case .startAction(let start):
            self.check(self.openJobs.insert(start.id).inserted, "an attempt has one job")
            self.check(self.attempts[start.id]?.status == .inProgress, "a job is of an attempt that runs")
        case .endAction(let id, let status):
            self.openJobs.remove(id)
            self.check(self.attempts[id]?.status == status && status != .inProgress, "an end is shown as it is")
        case .recordActionStart(let start): self.note(start)
        case .recordAction(let execution, let attempt, _):
            let old = self.attempts.updateValue(attempt, forKey: attempt.id)
            self.check(old == nil || old?.status == .inProgress, "an attempt that has ended changes no more")
            if attempt.status == .succeeded {
                self.produced[execution, default: []].formUnion(Self.places(of: attempt.outputs))
            }
        case .recordStage(let id, let run): self.stages[run.stageName] = (id, run)
        case .recordStageSuccess(let id, let stage): self.successes[id, default: []].append(stage)
        case .limitWait(let id, let since): self.waits[id] = since
        case .forgetStage(let stage): self.stages[stage] = nil
        case .startRule(let start):
            self.check(self.openRules.insert(start.id).inserted, "a rule is checked once")
        case .endRule(let id):
            self.openRules.remove(id)
            self.check(self.rules[id].map { $0.status != .inProgress } == true, "the end of a rule is shown")
        case .recordRuleStart(let start):
            let isKnown = self.known(to: start.executionID).isSuperset(of: Self.places(of: start.inputs))
            self.check(isKnown, "a rule's inputs come from actions of the same execution")
            let former = start.replaces.map { self.rules[$0] }
            let isOver = former.map { $0?.name == start.rule.name && $0?.status != .inProgress } ?? true
            self.check(isOver, "a rule takes the place of one of its name that has ended")
        case .recordRule(_, let rule):
            let old = self.rules.updateValue(rule, forKey: rule.id)
            self.check(old == nil || old?.status == .inProgress, "a rule that has ended changes no more")
        case .announce(let change): self.note(change)
        case .recordRevision: break
        }
    }

    private mutating func note(_ change: StateChange) {
        guard case .pipeline = change.subject else { return }
        switch change.state {
        case .started, .resumed: self.activity[change.executionID, default: 0] += 1
        case .stopped, .succeeded, .failed, .canceled, .superseded: self.activity[change.executionID, default: 0] -= 1
        case .stopping: break
        case .abandoned, .skipped: self.check(false, "an execution is never \(change.state)")
        }
    }

    /// What the actions of an execution have made; of a rollback also those of the one that it goes back to.
    private func known(to id: PipelineExecutionID) -> Set<ArtifactReference> {
        let target = self.targets[id].flatMap { self.produced[$0] } ?? []
        return (self.produced[id] ?? []).union(target)
    }

    /// The artifacts without the revision, which their action tells only when it ends.
    private static func places(of artifacts: [ArtifactReference]) -> Set<ArtifactReference> {
        Set(artifacts.map { ArtifactReference(name: $0.name, location: $0.location) })
    }

    private mutating func note(_ start: ActionStart) {
        self.check(self.startedIDs.insert(start.id).inserted, "every attempt has an id of its own")
        let isKnown = self.known(to: start.executionID).isSuperset(of: Self.places(of: start.inputs))
        self.check(isKnown, "inputs come from actions of the same execution")
        for output in start.outputs {
            self.check(self.places.insert(output.location).inserted, "no object is written twice")
        }
        self.starts.append(start)
    }

    // MARK: Checks

    private mutating func checkStatuses(_ step: Step) {
        for (id, execution) in step.after.executions {
            let old = step.before.executions[id]
            let change = "\(execution.label) from \(old.map { "\($0.status)" } ?? "none") to \(execution.status)"
            self.check(Self.isAllowed(old?.status, execution.status, by: step.event, of: id), change)
            if execution.status == .superseded, case .waiting(let stage)? = old?.position {
                let entered = self.entered[id] ?? []
                self.check(!entered.contains(stage), "who is superseded never entered the stage it waited for")
            }
            self.checkEntrance(execution, step)
            if let stage = execution.stageRun?.stageName { self.entered[id, default: []].insert(stage) }
        }
    }

    /// Nobody enters a stage by a way that is closed, but rollbacks.
    private mutating func checkEntrance(_ execution: PipelineExecution, _ step: Step) {
        let old = step.before.executions[execution.id]?.stageRun
        guard let run = execution.stageRun, !execution.isRollback,
            old?.stageName != run.stageName || old?.enteredAt != run.enteredAt,
            let index = step.after.head.gateIndex(named: run.stageName)
        else { return }
        let gates = step.after.head.gates
        let isOpen = gates[index].inbound.isEnabled && (index == 0 || gates[index - 1].outbound.isEnabled)
        self.check(isOpen, "\(execution.label) came to \(run.stageName) by an open way")
    }

    /// Which end follows which state, and that only a retry revives.
    private static func isAllowed(
        _ old: PipelineExecutionStatus?,
        _ new: PipelineExecutionStatus,
        by event: PipelineEvent,
        of id: PipelineExecutionID
    ) -> Bool {
        guard old != new else { return true }
        switch old {
        case nil: return new == .inProgress || new == .failed
        case .inProgress: return true
        case .stopping: return new == .stopped
        case .failed, .stopped:
            switch event {
            case .retryStage(_, id, _), .overrideCondition(_, _, id, _):
                return new == .inProgress || new == .failed || new == .succeeded
            case _: return false
            }
        case .succeeded, .superseded, .cancelled: return false
        }
    }

    /// What changed is written, and rows show what the state says.
    private mutating func checkRows(_ step: Step) {
        for (id, execution) in step.after.executions where step.before.executions[id] != execution {
            self.check(step.outcome.changedExecutions.contains(id), "\(execution.label) changed and is written")
            self.check(execution.updatedAt == step.at, "\(execution.label) was updated at the step's instant")
        }
        for execution in step.after.executions.values {
            for attempt in execution.stageRun?.actions.compactMap(\.attempt) ?? [] {
                self.check(self.attempts[attempt.id] == attempt, "the history shows attempts as they are")
            }
        }
        for gate in step.after.head.gates {
            guard let latest = gate.latest, let run = step.after.executions[latest]?.stageRun else { continue }
            let shown = self.stages[gate.name]
            let isPast = shown?.run.status == .succeeded || shown?.run.status == .skipped
            let isCurrent = run.stageName == gate.name ? shown?.run == run : isPast
            self.check(shown?.execution == latest && isCurrent, "\(gate.name) shows who entered it last, as it is")
        }
    }

    /// There is a job exactly for each attempt that runs.
    private mutating func checkJobs(_ state: PipelineState) {
        let running = state.executions.values.flatMap { $0.stageRun?.actions.compactMap(\.attempt) ?? [] }
            .filter { $0.status == .inProgress }
        self.check(Set(running.map(\.id)) == self.openJobs, "jobs are open exactly for attempts that run")
    }

    /// A rule is checked exactly while it runs, and the history shows it as it is.
    private mutating func checkRules(_ state: PipelineState) {
        let runs = state.executions.values.compactMap(\.stageRun)
        let shown = runs.flatMap { run in ConditionGate.allCases.compactMap { run[$0] } }.flatMap(\.rules)
        self.check(shown.allSatisfy { self.rules[$0.id] == $0 }, "the history shows rules as they are")
        let running = shown.filter { $0.status == .inProgress }
        self.check(Set(running.map(\.id)) == self.openRules, "rules are checked exactly while they run")
    }

    /// Every start and every revival is announced, and every end, once.
    private mutating func checkActivity(_ state: PipelineState) {
        for execution in state.executions.values {
            let expected = execution.status.isLive ? 1 : 0
            self.check(self.activity[execution.id] == expected, "starts and ends of \(execution.label) were told")
        }
    }

    /// Who waits at a disabled transition is looked at again no later than its time is over.
    private mutating func checkWaits(_ state: PipelineState) {
        for (index, gate) in state.head.gates.enumerated() {
            let sides = [gate.inbound] + (index > 0 ? [state.head.gates[index - 1].outbound] : [])
            guard let closed = sides.compactMap(\.closedSince).min() else { continue }
            for execution in (gate.waiting + gate.held).compactMap({ state.executions[$0] }) {
                let due = max(closed, execution.waitingSince)
                let isInTime = self.waits[execution.id].map { $0 <= due } ?? false
                self.check(isInTime, "the wait of \(execution.label) at \(gate.name) ends in time")
            }
        }
    }
}
