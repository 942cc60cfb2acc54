// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

// Telling the outside what has changed, in the order in which it did.
extension PipelineStep {
    mutating func announce(_ state: StateChange.State, of id: PipelineExecutionID) throws(PipelineInterruption) {
        try self.announce(.pipeline, state, of: id)
    }

    /// Announces a change of the stage that the execution is in, or was in last.
    mutating func announceStage(_ state: StateChange.State, of id: PipelineExecutionID) throws(PipelineInterruption) {
        guard let run = try self.execution(id).stageRun else { return }
        let stage = StateChange.Stage(name: run.stageName, enteredAt: run.enteredAt, retriedAt: run.retriedAt)
        try self.announce(.stage(stage), state, of: id)
    }

    mutating func announceAction(
        _ state: StateChange.State,
        at place: Place,
        _ attempt: ActionAttempt,
        inputs: [ArtifactReference] = []
    ) throws(PipelineInterruption) {
        let action = StateChange.Action(
            stage: place.stage, declaration: try self.declaredAction(at: place), attempt: attempt, inputs: inputs)
        try self.announce(.action(action), state, of: place.execution)
    }

    private mutating func announce(
        _ subject: StateChange.Subject,
        _ state: StateChange.State,
        of id: PipelineExecutionID
    ) throws(PipelineInterruption) {
        let execution = try self.execution(id)
        var change = StateChange(
            subject: subject,
            state: state,
            executionID: id,
            pipelineVersion: execution.pipelineVersion,
            executionStartedAt: execution.startedAt,
            executionAttempt: execution.attempt,
            retriedAt: execution.retriedAt,
            triggerMembers: [],
            failedActions: [],
            at: self.at
        )
        if case .pipeline = subject, execution.tellsTrigger(state) {
            change.trigger = execution.trigger
            change.triggerMembers = execution.announcedMembers
        }
        switch (subject, state) {
        case (.pipeline, .stopping): change.stopReason = execution.stop?.reason
        case (.pipeline, .failed), (.stage, .failed):
            change.failedStage = execution.stageRun?.stageName
            change.failedActions = execution.stageRun?.failedActions ?? []
        case (.pipeline, _), (.stage, _), (.action, _): break
        }
        self.effects.append(.announce(change))
    }
}

extension PipelineExecution {
    /// Whether the event says what started the execution.
    ///
    /// Source: AWS CodePipeline User Guide, Monitoring CodePipeline events; its samples of git triggers say it at the end as
    /// well.
    fileprivate func tellsTrigger(_ state: StateChange.State) -> Bool {
        switch state {
        case .started: true
        case .succeeded, .failed: !self.announcedMembers.isEmpty
        case .resumed, .stopping, .stopped, .canceled, .superseded, .abandoned, .skipped: false
        }
    }
}

extension StageRun {
    /// Every action that failed, with the message of its failure or the words of who rejected it.
    fileprivate var failedActions: [StateChange.FailedAction] {
        self.actions.compactMap { action in
            guard let attempt = action.attempt, attempt.status == .failed else { return nil }
            let message = attempt.failure?.message ?? attempt.summary ?? ""
            return StateChange.FailedAction(name: action.name, message: message)
        }
    }
}
