// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Letting an execution pass a condition that has not been met.
extension PipelineStep {
    mutating func override(
        _ gate: ConditionGate,
        stage: String,
        _ id: PipelineExecutionID,
        by: String
    ) throws(PipelineInterruption) {
        let execution = try self.checkLatest(id, in: stage)
        guard execution.pipelineVersion == self.state.head.version else { throw .rejected(.pipelineIsBusy) }
        guard let run = execution.stageRun, run.stageName == stage, let condition = run[gate],
            let declared = try self.declaredStage(stage, ofVersionOf: id).condition(of: gate), declared.result != .skip
        else { throw .rejected(.conditionNotOverridable(gate, of: stage)) }
        switch (condition.isRunning, condition.hasFailed, execution.status) {
        case (true, _, .inProgress):
            break
        case (_, true, .failed) where run.status == .failed && declared.result == .fail:
            if self.isAtLimit(mode: execution.mode) { throw .rejected(self.limitProblem) }
            try self.resume(id, in: stage)
            try self.change(id) { $0.stageRun?.status = .inProgress }
            try self.announce(.resumed, of: id)
            try self.announceStage(.resumed, of: id)
        case (_, _, _):
            throw .rejected(.conditionNotOverridable(gate, of: stage))
        }
        let at = self.at
        try self.changeCondition(gate, of: id) { $0.end(as: .overridden, by: by, at: at) }
    }
}
