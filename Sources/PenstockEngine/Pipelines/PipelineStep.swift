// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockModel

/// One step under way: the state as far as it has changed, and what the step has called for so far.
struct PipelineStep {
    var state: PipelineState
    let at: Timestamp
    private var identifiers: ArraySlice<UniqueID>
    var effects: [PipelineEffect] = []
    /// Executions that the step changed; only these can have anything left to do.
    private(set) var touched: OrderedSet<PipelineExecutionID> = []
    var started: PipelineExecutionID?

    init(state: PipelineState, at: Timestamp, identifiers: [UniqueID]) {
        self.state = state
        self.at = at
        self.identifiers = identifiers[...]
    }

    mutating func apply(_ event: PipelineEvent) throws(PipelineInterruption) {
        switch event {
        case .start(let request): try self.start(request)
        case .stop(let id, let request): try self.stop(id, request)
        case .retryStage(let stage, let id, let mode): try self.retry(stage: stage, id, mode)
        case .setTransition(let stage, let side, let reason, let by):
            try self.setTransition(stage: stage, side, reason: reason, by: by)
        case .answerApproval(let answer): try self.answer(answer)
        case .rollback(let stage, let target, let request): try self.rollBack(stage: stage, to: target, request)
        case .overrideCondition(let gate, let stage, let id, let by):
            try self.override(gate, stage: stage, id, by: by)
        case .update(let declaration): try self.update(to: declaration)
        case .actionProgressed(let id, let action, let progress):
            try self.changeAttempt(action, of: id) { attempt, at in attempt.report(progress, at: at) }
        case .actionSucceeded(let id, let action, let success): try self.succeed(action, of: id, success)
        case .actionFailed(let id, let action, let failure, let externalExecutionID):
            try self.fail(action, of: id, failure, externalExecutionID: externalExecutionID)
        case .actionTimedOut(let id, let action): try self.timeOut(action, of: id)
        case .ruleProgressed(let id, let rule, let summary): try self.reportRule(rule, of: id, summary: summary)
        case .ruleEnded(let id, let rule, let verdict): try self.endRule(rule, of: id, verdict)
        case .ruleTimedOut(let id, let rule): try self.timeOutRule(rule, of: id)
        case .waitTimedOut(let id, let limit): try self.endWait(of: id, limit: limit)
        }
    }

    /// Records the stages of the executions that the step changed.
    mutating func finish() throws(PipelineInterruption) {
        // A stage that was completed or skipped was recorded then, and the execution may have gone on since.
        for id in self.touched {
            switch self.state.executions[id]?.stageRun?.status {
            case .succeeded, .skipped, nil: break
            case .inProgress, .stopping, .stopped, .failed, .cancelled: try self.recordStage(of: id)
            }
        }
    }

    /// Calls for the stage's row, if the execution is the one that the stage shows.
    mutating func recordStage(of id: PipelineExecutionID) throws(PipelineInterruption) {
        guard let run = try self.execution(id).stageRun,
            let gate = self.state.head.gateIndex(named: run.stageName), self.state.head.gates[gate].latest == id
        else { return }
        self.effects.append(.recordStage(id, run))
    }

    // MARK: Access

    /// The execution, which the caller of the step must have loaded.
    func execution(_ id: PipelineExecutionID) throws(PipelineInterruption) -> PipelineExecution {
        guard let execution = self.state.executions[id] else { throw .needs(.execution(id)) }
        return execution
    }

    func declaration(version: Int) throws(PipelineInterruption) -> PipelineDeclaration {
        guard let declaration = self.state.declarations[version] else { throw .needs(.declaration(version: version)) }
        return declaration
    }

    /// The stage as declared in the version that the execution runs.
    func declaredStage(
        _ name: String,
        ofVersionOf id: PipelineExecutionID
    ) throws(PipelineInterruption) -> StageDeclaration {
        self.declaredStage(name, of: try self.declaration(version: try self.execution(id).pipelineVersion))
    }

    func declaredStage(_ name: String, of declaration: PipelineDeclaration) -> StageDeclaration {
        guard let index = declaration.stageIndex(named: name) else {
            preconditionFailure("an execution waits in front of and enters only stages of its own version")
        }
        return declaration.stages[index]
    }

    /// Adds an execution that the step creates.
    mutating func create(_ execution: PipelineExecution) {
        precondition(self.state.executions[execution.id] == nil, "execution ids are never used twice")
        self.state.add(execution)
        self.touched.append(execution.id)
        self.started = execution.id
    }

    /// Changes an execution where it is stored, without a copy, and notes that it changed now.
    @discardableResult
    mutating func change<Result>(
        _ id: PipelineExecutionID,
        _ body: (inout PipelineExecution) -> Result
    ) throws(PipelineInterruption) -> Result {
        guard let index = self.state.executions.index(forKey: id) else { throw .needs(.execution(id)) }
        self.touched.append(id)
        self.state.executions.values[index].updatedAt = self.at
        return body(&self.state.executions.values[index])
    }

    mutating func nextIdentifier() throws(PipelineInterruption) -> UniqueID {
        guard let identifier = self.identifiers.popFirst() else { throw .needs(.identifiers) }
        return identifier
    }
}
