// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockEngine
import PenstockModel

/// A pipeline on its way to the step that is measured, kept as a store keeps it: with every execution it ever had.
struct DrivenPipeline {
    private let key: PipelineKey
    private let declaration: PipelineDeclaration
    private var head: PipelineHead
    private var executions: [PipelineExecutionID: PipelineExecution] = [:]
    private var stepCount: UInt64 = 0
    private let at = Timestamp(millisecondsSinceEpoch: 1_800_000_000_000)

    /// More than any step needs.
    private static let identifiersPerStep: UInt64 = 256
    private static let caller = "arn:aws:iam::000000000000:user/mia"

    init(_ declaration: PipelineDeclaration) {
        self.key = PipelineKey(scope: Scope(account: .default, region: .default), name: declaration.name)
        self.declaration = declaration
        self.head = PipelineHead(declaration: declaration)
    }

    // MARK: Steps

    /// The event, about to happen.
    func before(_ event: PipelineEvent) throws(PipelineInterruption) -> Situation { try self.step(event).situation }

    mutating func apply(_ event: PipelineEvent) throws(PipelineInterruption) {
        let (_, state, outcome) = try self.step(event)
        self.head = state.head
        for id in outcome.changedExecutions { self.executions[id] = state.executions[id] }
        self.stepCount += 1
    }

    private func step(
        _ event: PipelineEvent
    ) throws(PipelineInterruption) -> (situation: Situation, state: PipelineState, outcome: PipelineOutcome) {
        let first = self.stepCount * Self.identifiersPerStep
        let identifiers = (first..<first + Self.identifiersPerStep).map { UniqueID(high: 0xA4000, low: 1 << 63 | $0) }
        var situation = Situation(
            state: PipelineState(key: self.key, head: self.head), event: event, at: self.at, identifiers: identifiers)
        while true {
            do throws(PipelineInterruption) {
                let (state, outcome) = try situation.step()
                return (situation, state, outcome)
            } catch {
                guard case .needs(let need) = error, self.load(need, into: &situation.state) else { throw error }
            }
        }
    }

    /// Adds what the step asks for; `false` when there is no such thing.
    private func load(_ need: PipelineInterruption.Need, into state: inout PipelineState) -> Bool {
        switch need {
        case .execution(let id):
            guard let execution = self.executions[id] else { return false }
            state.add(execution)
        case .declaration(let version):
            guard version == self.declaration.version else { return false }
            state.add(self.declaration)
        case .identifiers: return false
        }
        return true
    }

    // MARK: Events

    @discardableResult
    mutating func start() throws(PipelineInterruption) -> PipelineExecutionID {
        let id = PipelineExecutionID(UniqueID(high: 0x4000, low: 1 << 63 | UInt64(self.head.nextSequence)))
        let trigger = Trigger(type: .startPipelineExecution, detail: Self.caller)
        try self.apply(.start(StartRequest(id: id, trigger: trigger)))
        return id
    }

    /// Lets every action of the stage that the execution is in succeed.
    mutating func passStage(_ id: PipelineExecutionID) throws(PipelineInterruption) {
        for action in self.running(in: id) { try self.apply(self.success(of: action, in: id)) }
    }

    /// Lets the first action that runs fail.
    mutating func fail(_ id: PipelineExecutionID) throws(PipelineInterruption) {
        let failure = FailureDetails(type: .jobFailed, message: "3 tests failed")
        try self.apply(.actionFailed(id, self.firstRunning(in: id), failure, externalExecutionID: "run-42"))
    }

    /// The report that the first action that runs has succeeded.
    func success(in id: PipelineExecutionID) -> PipelineEvent { self.success(of: self.firstRunning(in: id), in: id) }

    /// Opens or closes the way into the stage.
    func transition(into stage: String, isEnabled: Bool) -> PipelineEvent {
        .setTransition(stage: stage, .inbound, reason: isEnabled ? nil : "freeze", by: Self.caller)
    }

    private func success(of action: ActionExecutionID, in id: PipelineExecutionID) -> PipelineEvent {
        let revision = SourceRevision(revisionID: "0f3c1a7be2d94586", summary: "Fix the build")
        let progress = ActionProgress(
            summary: "All checks passed", externalExecutionID: "run-42", revision: revision)
        let variables = [KeyedValue("CommitId", revision.revisionID)]
        return .actionSucceeded(id, action, ActionSuccess(progress: progress, outputVariables: variables))
    }

    private func running(in id: PipelineExecutionID) -> [ActionExecutionID] {
        let attempts = self.executions[id]?.stageRun?.actions.compactMap(\.attempt) ?? []
        return attempts.filter { $0.status == .inProgress }.map(\.id)
    }

    private func firstRunning(in id: PipelineExecutionID) -> ActionExecutionID {
        guard let action = self.running(in: id).first else { preconditionFailure("an action of \(id) runs") }
        return action
    }
}
