// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

extension PipelineUnderTest {
    // MARK: Commands

    @discardableResult
    mutating func start(
        _ trigger: TriggerType = .startPipelineExecution,
        variables: [KeyedValue] = [],
        boundRevisions: [ActionRevision] = [],
        objectKeys: [KeyedValue] = []
    ) throws -> PipelineExecutionID {
        let request = StartRequest(
            id: self.freshExecutionID(),
            trigger: Trigger(type: trigger, detail: mia),
            variables: variables,
            boundRevisions: boundRevisions,
            objectKeys: objectKeys
        )
        return try #require(try self.apply(.start(request)).startedExecution)
    }

    mutating func stop(_ id: PipelineExecutionID, abandon: Bool = false, reason: String? = nil) throws {
        try self.apply(.stop(id, abandon: abandon, reason: reason))
    }

    mutating func retry(
        _ stage: String,
        _ id: PipelineExecutionID,
        _ mode: StageRetryMode = .failedActions
    ) throws {
        try self.apply(.retryStage(stage, id, mode))
    }

    mutating func disable(_ stage: String, _ side: TransitionSide = .inbound, reason: String = "freeze") throws {
        try self.apply(.setTransition(stage: stage, side, reason: reason, by: mia))
    }

    mutating func enable(_ stage: String, _ side: TransitionSide = .inbound) throws {
        try self.apply(.setTransition(stage: stage, side, reason: nil, by: mia))
    }

    mutating func answer(
        _ id: PipelineExecutionID,
        _ action: String = "SignOff",
        isApproved: Bool = true,
        summary: String = ""
    ) throws {
        let token = try self.attempt(action, id).id
        try self.apply(.answer(id, token, isApproved: isApproved, summary: summary))
    }

    /// Puts the next version in force.
    mutating func update(_ stages: StageDeclaration..., mode: ExecutionMode = .superseded) throws {
        try self.apply(.update(.shop(stages, version: self.state.head.version + 1, mode: mode)))
    }

    @discardableResult
    mutating func rollBack(_ stage: String, to target: PipelineExecutionID) throws -> PipelineExecutionID {
        try #require(try self.apply(.rollback(stage: stage, target: target, self.freshRollback())).startedExecution)
    }

    mutating func freshRollback() -> RollbackRequest {
        RollbackRequest(id: self.freshExecutionID(), trigger: Trigger(type: .manualRollback, detail: "{}"))
    }

    mutating func override(_ gate: ConditionGate, _ stage: String, _ id: PipelineExecutionID) throws {
        try self.apply(.overrideCondition(gate, stage: stage, id, by: mia))
    }

    // MARK: Reports

    /// Ends a rule of the condition that is being evaluated.
    mutating func end(
        _ id: PipelineExecutionID,
        rule: String = "Window",
        _ verdict: RuleVerdict = RuleVerdict(.satisfied)
    ) throws {
        try self.apply(.ruleEnded(id, self.rule(rule, id).id, verdict))
    }

    mutating func succeed(
        _ id: PipelineExecutionID,
        _ action: String = "Work",
        _ success: ActionSuccess = ActionSuccess()
    ) throws {
        try self.apply(.actionSucceeded(id, self.attempt(action, id).id, success))
    }

    mutating func fail(
        _ id: PipelineExecutionID,
        _ action: String = "Work",
        _ failure: FailureDetails = .broken
    ) throws {
        try self.apply(.actionFailed(id, self.attempt(action, id).id, failure, externalExecutionID: "run-42"))
    }

    // MARK: What there is

    func execution(_ id: PipelineExecutionID) throws -> PipelineExecution {
        try #require(self.state.executions[id])
    }

    func status(_ id: PipelineExecutionID) throws -> PipelineExecutionStatus { try self.execution(id).status }

    /// The stage that the execution is in, or was in last.
    func run(_ id: PipelineExecutionID) throws -> StageRun { try #require(try self.execution(id).stageRun) }

    /// The current attempt of an action of that stage.
    func attempt(_ action: String, _ id: PipelineExecutionID) throws -> ActionAttempt {
        try #require(try self.run(id).actions.first { $0.name == action }?.attempt)
    }

    /// How the actions of that stage stand, in declared order; `-` for one that has not started.
    func actions(_ id: PipelineExecutionID) throws -> String {
        try self.run(id).actions.map { "\($0.name) \($0.attempt?.status.rawValue ?? "-")" }.joined(separator: ", ")
    }

    /// A rule of the condition that is being evaluated, or was evaluated last in that stage.
    func rule(_ name: String = "Window", _ id: PipelineExecutionID) throws -> RuleRun {
        let run = try self.run(id)
        let gates = [run.runningGate].compactMap { $0 } + ConditionGate.allCases.reversed()
        return try #require(gates.compactMap { run[$0] }.first?.rules.first { $0.name == name })
    }

    func gate(_ stage: String) throws -> StageGate {
        try #require(self.state.head.gates.first { $0.name == stage })
    }

    /// Who waits and who is inside, stage by stage: `in(S2):E3,E4 S2:E2` while E3 and E4 wait for E2.
    var picture: String {
        self.state.head.gates.flatMap { gate in
            let waiting = gate.waiting.map(self.name).joined(separator: ",")
            return (waiting.isEmpty ? [] : ["in(\(gate.name)):\(waiting)"])
                + (gate.owner.map { ["\(gate.name):\(self.name($0))"] } ?? [])
        }
        .joined(separator: " ")
    }

    private func name(_ id: PipelineExecutionID) -> String {
        self.state.executions[id]?.label ?? "\(id)"
    }

    /// The attempts of an action that ever started, oldest first.
    func starts(of action: String) -> [ActionStart] { self.ledger.starts.filter { $0.action.name == action } }

    /// The actions that the last step handed to workers, in order.
    var startedActions: [String] {
        self.effects.compactMap { effect in
            if case .startAction(let start) = effect { start.action.name } else { nil }
        }
    }

    /// Who changed to what in the last step: `pipeline STARTED`, `S1 STARTED`, `Work STARTED`.
    var told: [String] {
        self.announcements.map { change in
            switch change.subject {
            case .pipeline: "pipeline \(change.state.rawValue)"
            case .stage(let stage): "\(stage.name) \(change.state.rawValue)"
            case .action(let action): "\(action.declaration.name) \(change.state.rawValue)"
            }
        }
    }
}

extension PipelineEvent {
    static func stop(_ id: PipelineExecutionID, abandon: Bool = false, reason: String? = nil) -> Self {
        .stop(id, StopRequest(abandon: abandon, reason: reason, requestedBy: mia))
    }

    static func answer(
        _ id: PipelineExecutionID,
        _ token: ActionExecutionID,
        isApproved: Bool = true,
        summary: String = ""
    ) -> Self {
        .answerApproval(
            ApprovalAnswer(
                executionID: id,
                actionExecutionID: token,
                isApproved: isApproved,
                summary: summary,
                by: "arn:aws:iam::000000000000:user/noa"
            )
        )
    }
}
