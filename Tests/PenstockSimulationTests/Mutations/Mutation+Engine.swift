// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel
import PenstockRuntime

// An engine that is broken: what it does with locks, queues and transitions, with stops and reports.
extension Mutation {
    static let ofTheEngine: [Self] = ofLocks + ofCommands + ofReports + ofEffects

    private static let ofLocks: [Self] = [
        Self(
            name: "skip-lock-release",
            summary: "who leaves a stage keeps its lock",
            engine: .spoiling { result in
                let before = result.before.head.gates
                result.after.changeHead { head in
                    for index in head.gates.indices where head.gates[index].owner == nil {
                        head.gates[index].owner = before.first { $0.name == head.gates[index].name }?.owner
                    }
                }
            }
        ),
        Self(
            name: "supersede-owner",
            summary: "who arrives at a stage in SUPERSEDED mode supersedes who is inside of it, too",
            engine: .spoiling { result throws(PipelineInterruption) in
                for gate in result.after.head.gates {
                    let hasArrival = gate.waiting != result.gateBefore(gate.name)?.waiting
                    guard let owner = gate.owner, hasArrival else { continue }
                    try result.change(owner) { execution in
                        guard execution.mode == .superseded else { return }
                        execution.status = .superseded
                        execution.position = .finished
                    }
                }
            }
        ),
        Self(
            name: "jump-queue",
            summary: "who arrives at a queue goes to its front",
            engine: .spoiling { result in
                let before = result.before.head.gates
                result.after.changeHead { head in
                    for index in head.gates.indices where head.gates[index].waiting.count > 1 {
                        let old = before.first { $0.name == head.gates[index].name }?.waiting.last
                        guard let last = head.gates[index].waiting.last, last != old else { continue }
                        head.gates[index].waiting.removeLast()
                        head.gates[index].waiting.insert(last, at: 0)
                    }
                }
            }
        ),
        Self(
            name: "forget-who-waits",
            summary: "a lock that is released lets nobody in",
            engine: .deceived { state, event in
                guard !event.isStart else { return }
                state.changeHead { head in for index in head.gates.indices { head.gates[index].waiting = [] } }
            } restore: { state, before in
                state.changeHead { head in
                    for index in head.gates.indices {
                        let waiting = before.head.gates.first { $0.name == head.gates[index].name }?.waiting ?? []
                        head.gates[index].waiting = waiting + head.gates[index].waiting
                    }
                }
            }
        ),
        Self(
            name: "ignore-transitions",
            summary: "a transition that is disabled holds up nobody",
            engine: .deceived { state, event in
                if case .setTransition = event { return }
                state.changeHead { head in
                    for index in head.gates.indices {
                        head.gates[index].inbound.isEnabled = true
                        head.gates[index].outbound.isEnabled = true
                    }
                }
            } restore: { state, before in
                state.changeHead { head in
                    for index in head.gates.indices {
                        guard let gate = before.head.gates.first(where: { $0.name == head.gates[index].name }) else {
                            continue
                        }
                        head.gates[index].inbound.isEnabled = head.gates[index].inbound.disabledReason == nil
                        head.gates[index].outbound.isEnabled = gate.outbound.disabledReason == nil
                    }
                }
            }
        ),
        Self(
            name: "retry-without-lock",
            summary: "a stage that is retried is not locked",
            engine: .spoiling { result in
                guard case .retryStage(let stage, _, _) = result.event else { return }
                result.after.changeHead { head in
                    if let index = head.gateIndex(named: stage) { head.gates[index].owner = nil }
                }
            }
        ),
    ]

    private static let ofCommands: [Self] = [
        Self(
            name: "forget-stop",
            summary: "a stop is accepted and forgotten",
            engine: .spoiling { result throws(PipelineInterruption) in
                guard case .stop(let id, _) = result.event else { return }
                try result.change(id) { execution in
                    guard execution.status == .stopping else { return }
                    execution.status = .inProgress
                    execution.stageRun?.status = .inProgress
                }
            }
        ),
        Self(
            name: "run-groups-at-once",
            summary: "the actions of a stage start together, whatever their run order",
            engine: .deceived { state, _ in
                let declarations = state.declarations.values.map { declaration in
                    var declaration = declaration
                    for stage in declaration.stages.indices {
                        for action in declaration.stages[stage].actions.indices {
                            declaration.stages[stage].actions[action].runOrder = 1
                        }
                    }
                    return declaration
                }
                state.rebuild(head: state.head, declarations: declarations)
            } restore: { state, before in
                let added = state.declarations.values.filter { before.declarations[$0.version] == nil }
                state.rebuild(head: state.head, declarations: Array(before.declarations.values) + added)
            }
        ),
    ]

    private static let ofReports: [Self] = [
        Self(
            name: "apply-late-report",
            summary: "a report about an attempt that has ended counts",
            engine: .deceived { state, event in
                let (id, action): (PipelineExecutionID, ActionExecutionID)
                switch event {
                case .actionSucceeded(let execution, let attempt, _): (id, action) = (execution, attempt)
                case .actionFailed(let execution, let attempt, _, _): (id, action) = (execution, attempt)
                case _: return
                }
                guard var execution = state.executions[id], let run = execution.stageRun,
                    let index = run.actionIndex(of: action), let attempt = run.actions[index].attempt,
                    execution.position == .inside, attempt.status != .inProgress
                else { return }
                execution.stageRun?.actions[index].attempt = ActionAttempt(
                    id: action, startedAt: attempt.startedAt, outputs: attempt.outputs)
                state.add(execution)
            }
        ),
        Self(
            name: "failure-as-success",
            summary: "an action that failed counts as one that succeeded",
            engine: .deceived { _, event in
                if case .actionFailed(let execution, let action, _, _) = event {
                    event = .actionSucceeded(execution, action, ActionSuccess())
                }
            }
        ),
        Self(
            name: "ask-chance",
            summary: "the engine draws a number of its own",
            engine: .spoiling { result throws(PipelineInterruption) in
                guard let id = result.outcome.startedExecution else { return }
                try result.change(id) { $0.statusSummary = "\(UInt64.random(in: .min ... .max))" }
            }
        ),
    ]

    private static let ofEffects: [Self] = [
        Self(
            name: "lose-job",
            summary: "one action in eight starts without a job",
            engine: .losing { effect in
                if case .startAction(let start) = effect { start.id.value.low.isMultiple(of: 8) } else { false }
            }
        ),
        Self(
            name: "lose-end-of-job",
            summary: "the job of an action that ended in another way stays open",
            engine: .losing { effect in if case .endAction(_, .abandoned) = effect { true } else { false } }
        ),
        Self(
            name: "lose-history",
            summary: "the end of an attempt is not written",
            engine: .losing { effect in
                if case .recordAction(_, let attempt, _) = effect { attempt.status == .failed } else { false }
            }
        ),
        Self(
            name: "lose-wait-limit",
            summary: "a wait at a disabled transition is not limited",
            engine: .losing { effect in if case .limitWait = effect { true } else { false } }
        ),
        Self(
            name: "lose-end-of-rule",
            summary: "the check of a rule goes on after it ended",
            engine: .losing { effect in if case .endRule = effect { true } else { false } }
        ),
        Self(
            name: "tell-twice",
            summary: "the end of an execution is told twice",
            engine: .spoiling { result in
                result.outcome.effects += result.outcome.effects.filter { effect in
                    guard case .announce(let change) = effect, case .pipeline = change.subject else { return false }
                    return change.state == .failed
                }
            }
        ),
        Self(
            name: "foreign-input",
            summary: "an action is given an artifact that its execution did not make",
            engine: .spoiling { result in
                result.outcome.effects = result.outcome.effects.map { effect in
                    switch effect {
                    case .startAction(let start): .startAction(start.withForeignInput)
                    case .recordActionStart(let start): .recordActionStart(start.withForeignInput)
                    case _: effect
                    }
                }
            }
        ),
    ]
}

extension PipelineEvent {
    fileprivate var isStart: Bool { if case .start = self { true } else { false } }
}

extension ActionStart {
    fileprivate var withForeignInput: Self {
        guard !self.inputs.isEmpty else { return self }
        var start = self
        start.inputs[0].location.key = "another/App/0000000"
        return start
    }
}
