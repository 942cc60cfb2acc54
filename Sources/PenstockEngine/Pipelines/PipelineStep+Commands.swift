// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import OrderedCollections
import PenstockModel

// Commands: calls that may be refused. Each checks everything before it changes anything.
extension PipelineStep {
    // MARK: Start

    mutating func start(_ request: StartRequest) throws(PipelineInterruption) {
        let declaration = try self.declaration(version: self.state.head.version)
        let variables = try Self.bind(request.variables, to: declaration.variables)
        var execution = PipelineExecution(
            id: request.id,
            sequence: self.state.head.nextSequence,
            pipelineVersion: declaration.version,
            mode: declaration.executionMode,
            trigger: request.trigger,
            startedAt: self.at,
            firstStage: declaration.stages[0].name
        )
        self.state.head.nextSequence += 1
        self.started = execution.id
        execution.boundRevisions = request.boundRevisions
        switch variables {
        case .bound(let values): execution.variables = values
        case .missing(let names):
            execution.status = .failed
            execution.position = .finished
            execution.statusSummary =
                "Values for required variables haven't been provided: \(names.joined(separator: ", "))"
        }
        self.state.executions[execution.id] = execution
        self.touched.append(execution.id)
        if execution.status == .inProgress { try self.arrive(execution.id, at: 0) }
    }

    private enum Binding {
        case bound([KeyedValue])
        case missing([String])
    }

    private static func bind(
        _ values: [KeyedValue],
        to declarations: [VariableDeclaration]
    ) throws(PipelineInterruption) -> Binding {
        for (index, value) in values.enumerated() {
            guard !values[..<index].contains(where: { $0.key == value.key }) else {
                let problem = "The following variable name is already in use: \(value.key)"
                throw .rejected(Rejection(.validation, "Variable names must be unique. \(problem)"))
            }
            guard declarations.contains(where: { $0.name == value.key }) else {
                throw .rejected(Rejection(.validation, "The pipeline does not declare a variable named '\(value.key)'"))
            }
        }
        let missing = declarations.filter { values[key: $0.name] == nil && $0.defaultValue == nil }.map(\.name)
        guard missing.isEmpty else { return .missing(missing) }
        return .bound(declarations.map { KeyedValue($0.name, values[key: $0.name] ?? $0.defaultValue ?? "") })
    }

    // MARK: Stop

    mutating func stop(_ id: PipelineExecutionID, _ request: StopRequest) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        switch execution.status {
        case .inProgress: break
        case .stopping:
            guard request.abandon, execution.stop?.abandon == false else {
                throw .rejected(Rejection(.duplicatedStopRequest, "The execution '\(id)' is already stopping"))
            }
        case .stopped, .succeeded, .superseded, .failed, .cancelled:
            throw .rejected(Self.notStoppable(id, in: self.state.key.name))
        }
        switch execution.position {
        case .waiting(let stage):
            try self.change(id) { execution in
                execution.stop = request
                execution.status = .stopped
                execution.position = .finished
            }
            self.removeWaiting(id, at: stage, as: .stopped)
        case .inside:
            try self.change(id) { execution in
                execution.stop = request
                execution.status = .stopping
                execution.stageRun?.status = .stopping
            }
            if request.abandon {
                try self.abandonActions(of: id, by: request.requestedBy) { _ in true }
            }
        case .finished:
            preconditionFailure("a live execution waits or is inside a stage")
        }
    }

    /// The refusal of a stop of an execution that has ended or never was.
    package static func notStoppable(_ id: PipelineExecutionID, in pipeline: String) -> Rejection {
        let problem =
            "Either it does not exist in the pipeline, or the pipeline execution has no action executions in progress."
        return Rejection(
            .pipelineExecutionNotStoppable,
            "The pipeline execution with ID '\(id)' in '\(pipeline)' can't be stopped now. \(problem)"
        )
    }

    private mutating func removeWaiting(
        _ id: PipelineExecutionID,
        at stage: String,
        as status: PipelineExecutionStatus
    ) {
        guard let index = self.state.head.gateIndex(named: stage) else { return }
        self.state.head.gates[index].waiting.removeAll { $0 == id }
        self.state.head.gates[index].departed = DepartedExecution(id: id, status: status)
    }

    // MARK: Retry

    mutating func retry(
        stage: String,
        _ id: PipelineExecutionID,
        _ mode: StageRetryMode
    ) throws(PipelineInterruption) {
        guard let gate = self.state.head.gateIndex(named: stage) else { throw .rejected(self.noStage(stage)) }
        guard self.state.head.gates[gate].latest == id else {
            throw .rejected(
                Rejection(.notLatestPipelineExecution, "The stage '\(stage)' is not at execution '\(id)'")
            )
        }
        let execution = try self.execution(id)
        let problem = try self.retryProblem(execution, stage: stage, mode)
        if let problem { throw .rejected(problem) }
        self.state.head.gates[gate].owner = id
        try self.change(id) { execution in
            execution.status = .inProgress
            execution.statusSummary = nil
            execution.stop = nil
            execution.position = .inside
            execution.attempt += 1
            execution.stageRun?.prepareRetry(mode)
        }
    }

    /// Why the stage cannot be retried, if it cannot, in the order in which the requirements are checked.
    private func retryProblem(
        _ execution: PipelineExecution,
        stage: String,
        _ mode: StageRetryMode
    ) throws(PipelineInterruption) -> Rejection? {
        func refusal(_ reason: String) -> Rejection {
            Rejection(.stageNotRetryable, "The stage '\(stage)' cannot be retried: \(reason)")
        }
        switch execution.status {
        case .superseded, .cancelled, .succeeded: return refusal("the execution is \(execution.status.rawValue)")
        case .inProgress, .stopping, .stopped, .failed: break
        }
        guard execution.pipelineVersion == self.state.head.version, execution.cancelledByVersion == nil else {
            return refusal("the pipeline has been updated since the execution started")
        }
        guard execution.status != .stopping else {
            return Rejection(
                .conflict,
                "Your request cannot be handled because the pipeline is busy handling ongoing activities."
                    + " Try again later."
            )
        }
        guard let run = execution.stageRun, run.stageName == stage else {
            return refusal("the execution has left it")
        }
        switch run.status {
        case .failed, .stopped: return nil
        case .inProgress:
            guard execution.position == .inside, run.hasFailedAction else { return refusal("no action has failed") }
            return mode == .allActions ? refusal("an action is still in progress") : nil
        case .stopping, .succeeded, .cancelled, .skipped: return refusal("the stage is \(run.status.rawValue)")
        }
    }

    func noStage(_ stage: String) -> Rejection {
        Rejection(.stageNotFound, "Pipeline '\(self.state.key.name)' does not have a stage with name '\(stage)'")
    }

    // MARK: Transitions

    mutating func setTransition(
        stage: String,
        _ side: TransitionSide,
        reason: String?,
        by: String
    ) throws(PipelineInterruption) {
        guard let index = self.state.head.gateIndex(named: stage) else { throw .rejected(self.noStage(stage)) }
        let path: WritableKeyPath<StageGate, StageTransition> = side == .inbound ? \.inbound : \.outbound
        let current = self.state.head.gates[index][keyPath: path]
        if reason == nil, current.isEnabled { return }
        var transition = StageTransition()
        transition.isEnabled = reason == nil
        transition.disabledReason = reason
        transition.lastChangedBy = by
        transition.lastChangedAt = self.at
        self.state.head.gates[index][keyPath: path] = transition
    }

    // MARK: Approval

    mutating func answer(_ answer: ApprovalAnswer) throws(PipelineInterruption) {
        let execution = try self.execution(answer.executionID)
        guard let run = execution.stageRun, let index = run.actionIndex(of: answer.actionExecutionID),
            let attempt = run.actions[index].attempt, attempt.isApproval
        else {
            throw .rejected(Rejection(.invalidApprovalToken, "The approval token is not valid"))
        }
        switch attempt.status {
        case .inProgress: break
        case .abandoned:
            throw .rejected(Rejection(.invalidApprovalToken, "The approval token is not valid"))
        case .succeeded, .failed:
            let problem = "The approval request that you responded to is already complete or has expired."
            throw .rejected(Rejection(.approvalAlreadyCompleted, problem))
        }
        let declaration = try self.declaration(version: execution.pipelineVersion)
        let action = declaration.stageIndex(named: run.stageName).map { declaration.stages[$0].actions[index] }
        let isSummaryRequired = action?.configuration[key: "IsSummaryRequired"]?.lowercased() == "true"
        if isSummaryRequired, answer.summary.allSatisfy(\.isWhitespace) {
            let place = "Action '\(run.actions[index].name)' in stage '\(run.stageName)'"
            throw .rejected(
                Rejection(
                    .invalidApprovalToken,
                    "\(place) requires a summary. Provide a summary in the approval result and try again."
                )
            )
        }
        try self.endAttempt(
            answer.actionExecutionID,
            of: answer.executionID,
            answer.isApproved
                ? .approved(summary: answer.summary, by: answer.by) : .rejected(summary: answer.summary, by: answer.by)
        )
    }

    // MARK: Update

    /// Puts a new version in force: who waits is cancelled, who runs may finish the actions under way.
    mutating func update(to declaration: PipelineDeclaration) throws(PipelineInterruption) {
        precondition(declaration.version == self.state.head.version + 1, "versions are consecutive")
        let old = self.state.head.gates
        for gate in old {
            for id in gate.waiting { try self.cancelWaiting(id, at: gate.name, version: declaration.version) }
        }
        for gate in old {
            guard let owner = gate.owner else { continue }
            try self.cancelRunning(owner, version: declaration.version)
        }
        let settled = self.state.head.gates
        self.state.head.version = declaration.version
        self.state.head.gates = declaration.stages.map { stage in
            settled.first { $0.name == stage.name } ?? StageGate(name: stage.name)
        }
        self.state.add(declaration)
        for gate in settled where declaration.stageIndex(named: gate.name) == nil {
            self.effects.append(.forgetStage(gate.name))
        }
    }

    private mutating func cancelWaiting(
        _ id: PipelineExecutionID,
        at stage: String,
        version: Int
    ) throws(PipelineInterruption) {
        try self.change(id) { execution in
            execution.status = .cancelled
            execution.position = .finished
            execution.statusSummary =
                "The pipeline was updated to version \(version) before the execution completed"
        }
        self.removeWaiting(id, at: stage, as: .cancelled)
    }

    private mutating func cancelRunning(_ id: PipelineExecutionID, version: Int) throws(PipelineInterruption) {
        try self.change(id) { execution in
            guard execution.cancelledByVersion == nil, execution.status == .inProgress else { return }
            execution.cancelledByVersion = version
            execution.statusSummary = "The pipeline was updated; waiting for running actions"
        }
        guard try self.execution(id).status == .inProgress else { return }
        try self.abandonActions(of: id, by: nil) { $0.isApproval }
    }
}
