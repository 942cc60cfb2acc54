// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Going back: an execution of its own that runs one stage with what an earlier execution had there.
extension PipelineStep {
    mutating func rollBack(stage: String, to target: PipelineExecutionID, _ request: RollbackRequest)
        throws(PipelineInterruption)
    {
        guard let gate = self.state.head.gateIndex(named: stage) else {
            throw .rejected(.stageNotFound(stage, in: self.state.key.name))
        }
        let problem = try self.rollbackProblem(gate, try self.execution(target))
        if let problem { throw .rejected(problem) }
        try self.startRollback(request.id, stage: stage, to: target, request.trigger)
    }

    /// Starts a rollback for a stage that failed, if something succeeded there under the current version.
    mutating func rollBackAutomatically(
        stage: String,
        after failed: PipelineExecutionID
    ) throws(PipelineInterruption) {
        guard try self.execution(failed).mode != .parallel, let gate = self.state.head.gateIndex(named: stage),
            let target = self.state.head.gates[gate].lastSuccess
        else { return }
        let detail = "{\"FailedPipelineExecutionId\":\"\(failed)\"}"
        try self.startRollback(
            PipelineExecutionID(try self.nextIdentifier()),
            stage: stage,
            to: target,
            Trigger(type: .automatedRollback, detail: detail)
        )
    }

    /// Why the stage cannot be rolled back, if it cannot, in the order in which the requirements are checked.
    private func rollbackProblem(
        _ gate: Int,
        _ target: PipelineExecution
    ) throws(PipelineInterruption) -> Rejection? {
        let stage = self.state.head.gates[gate].name
        func refusal(_ reason: String) -> Rejection {
            Rejection(.unableToRollbackStage, "Unable to roll back stage '\(stage)': \(reason)")
        }
        guard gate > 0 else { return refusal("the first stage cannot be rolled back") }
        guard target.pipelineVersion == self.state.head.version else {
            return Rejection(
                .pipelineExecutionOutdated,
                "The pipeline has been updated since execution '\(target.id)': it ran version"
                    + " \(target.pipelineVersion), and version \(self.state.head.version) is in force"
            )
        }
        guard !target.isRollback else { return refusal("execution '\(target.id)' is itself a rollback") }
        guard target.succeededStages.contains(stage) else {
            return refusal("execution '\(target.id)' has not succeeded in it")
        }
        guard try self.declaration(version: self.state.head.version).executionMode != .parallel else {
            return refusal("stages of a pipeline in PARALLEL mode cannot be rolled back")
        }
        guard self.state.head.gates[gate].owner == nil else {
            return refusal("an execution is in progress in it")
        }
        return nil
    }

    /// Places the rollback in the stage: it waits for nobody, and no transition holds it up.
    private mutating func startRollback(
        _ id: PipelineExecutionID,
        stage name: String,
        to target: PipelineExecutionID,
        _ trigger: Trigger
    ) throws(PipelineInterruption) {
        let origin = try self.execution(target)
        let declaration = try self.declaration(version: origin.pipelineVersion)
        var execution = PipelineExecution(
            id: id,
            sequence: self.state.head.nextSequence,
            pipelineVersion: declaration.version,
            mode: declaration.executionMode,
            trigger: trigger,
            startedAt: self.at,
            firstStage: name,
            rollbackTarget: target
        )
        self.state.head.nextSequence += 1
        execution.variables = origin.variables
        execution.sourceRevisions = origin.sourceRevisions
        // What the stage itself makes comes from the rollback, and what comes after it is not there yet.
        let later = declaration.stageIndex(named: name).map { declaration.stages[$0...] } ?? []
        let remade = later.flatMap(\.actions)
        execution.artifacts = origin.artifacts.filter { artifact in
            !remade.contains { $0.outputArtifacts.contains(artifact.name) }
        }
        execution.outputs = origin.outputs.filter { output in !remade.contains { $0.namespace == output.namespace } }
        let stage = self.declaredStage(name, of: declaration)
        execution.position = .inside
        execution.stageRun = StageRun(entering: stage, at: self.at)
        self.create(execution)
        try self.takeLock(of: name, for: id)
        try self.announce(.started, of: id)
        try self.announceStage(.started, of: id)
    }
}
