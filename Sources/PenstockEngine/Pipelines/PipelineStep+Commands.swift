// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Commands: calls that may be refused. Each checks everything before it changes anything.
extension PipelineStep {
    // MARK: Start

    mutating func start(_ request: StartRequest) throws(PipelineInterruption) {
        let declaration = try self.declaration(version: self.state.head.version)
        let variables = try Self.bind(request.variables, to: declaration)
        let isAtLimit = self.isAtLimit(mode: declaration.executionMode)
        guard !isAtLimit || request.trigger.type.isAutomatic else { throw .rejected(self.limitProblem) }
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
        execution.boundRevisions = request.boundRevisions
        execution.objectKeys = request.objectKeys
        execution.announcedMembers = request.announcedMembers
        var problem = isAtLimit ? self.limitProblem.message : nil
        switch variables {
        case .bound(let values): execution.variables = values
        case .missing(let names):
            problem = "Values for required variables haven't been provided: \(names.joined(separator: ", "))"
        }
        if let problem {
            execution.status = .failed
            execution.position = .finished
            execution.statusSummary = problem
        }
        self.create(execution)
        try self.announce(.started, of: execution.id)
        guard problem == nil else { return try self.announce(.failed, of: execution.id) }
        try self.arrive(execution.id, at: declaration.stages[0].name)
    }

    /// Whether one more live execution would be too many; in SUPERSEDED mode the stages themselves are the bound.
    func isAtLimit(mode: ExecutionMode) -> Bool {
        mode != .superseded && self.state.head.liveExecutionCount >= PipelineHead.maximumLiveExecutions
    }

    var limitProblem: Rejection {
        Rejection(
            .concurrentExecutionsLimitExceeded,
            "The maximum number of concurrent executions (\(PipelineHead.maximumLiveExecutions))"
                + " for pipeline '\(self.state.key.name)' has been reached"
        )
    }

    private enum Binding {
        case bound([KeyedValue])
        case missing([String])
    }

    private static func bind(
        _ values: [KeyedValue],
        to declaration: PipelineDeclaration
    ) throws(PipelineInterruption) -> Binding {
        let declarations = declaration.variables
        guard values.isEmpty || declaration.pipelineType == .v2 else {
            throw .rejected(Rejection(.validation, "Pipeline variables need a pipeline of type V2"))
        }
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
            throw .rejected(.notStoppable(id, in: self.state.key.name))
        }
        var request = request
        request.reason = request.reason ?? execution.stop?.reason
        switch execution.position {
        case .waiting(let stage):
            try self.change(id) { [request] execution in
                execution.stop = request
                execution.status = .stopped
                execution.position = .finished
            }
            self.removeWaiting(id, at: stage, as: .stopped)
            try self.announce(.stopping, of: id)
            try self.announce(.stopped, of: id)
        case .inside:
            try self.change(id) { [request] execution in
                execution.stop = request
                execution.status = .stopping
                execution.stageRun?.status = .stopping
            }
            if execution.status == .inProgress {
                try self.announce(.stopping, of: id)
                try self.announceStage(.stopping, of: id)
            }
            try self.giveUpCondition(of: id, as: .abandoned, by: request.requestedBy)
            if request.abandon {
                try self.abandonActions(of: id, by: request.requestedBy, announcing: .abandoned) { _ in true }
            }
        case .finished:
            preconditionFailure("a live execution waits or is inside a stage")
        }
    }

    /// Takes an execution out of the waiting point, where it is shown until the next one arrives.
    mutating func removeWaiting(
        _ id: PipelineExecutionID,
        at stage: String,
        as status: PipelineExecutionStatus
    ) {
        guard let index = self.state.head.gateIndex(named: stage) else { return }
        self.state.head.gates[index].waiting.removeAll { $0 == id }
        self.state.head.gates[index].held.removeAll { $0 == id }
        self.state.head.gates[index].departed = DepartedExecution(id: id, status: status)
    }
}

extension TriggerType {
    /// Whether nobody waits for an answer, so that a refusal is recorded as an execution that failed.
    fileprivate var isAutomatic: Bool {
        switch self {
        case .startPipelineExecution, .putActionRevision, .manualRollback: false
        case .createPipeline, .pollForSourceChanges, .webhook, .webhookV2, .cloudWatchEvent, .automatedRollback: true
        }
    }
}
