// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

/// The stages of one pipeline as GetPipelineState shows them.
struct StageStates {
    private let stages: [PenstockModel.StageDeclaration]
    private let entrances: [String: StageEntranceRow]
    private let runs: [String: StageRunRow]
    private let actions: ActionStates

    init(_ view: PipelineStateView, actions: ActionStates) {
        self.stages = view.declaration.stages
        self.entrances = Dictionary(uniqueKeysWithValues: view.entrances.map { ($0.stageName, $0) })
        self.runs = Dictionary(uniqueKeysWithValues: view.shownRuns.map { ($0.run.stageName, $0) })
        self.actions = actions
    }

    func state(at index: Int) -> StageState {
        let stage = self.stages[index]
        let entrance = self.entrances[stage.name]
        let run = self.runs[stage.name]
        let waiting = entrance?.waiting.map { StageExecution(pipelineExecutionID: $0.description, status: .inProgress) }
        return StageState(
            stageName: stage.name,
            inboundExecution: waiting?.first ?? entrance?.departed.map { StageExecution($0) },
            inboundExecutions: waiting ?? [],
            inboundTransitionState: self.transition(into: index),
            actionStates: stage.actions.map { self.actions.state(of: $0, in: stage.name, run: run?.run) },
            latestExecution: run.map { StageExecution($0) },
            beforeEntryConditionState: run?.run.beforeEntry.map { StageConditionState($0) },
            onSuccessConditionState: run?.run.onSuccess.map { StageConditionState($0) },
            onFailureConditionState: run?.run.onFailure.map { StageConditionState($0) },
            retryStageMetadata: run.flatMap { RetryStageMetadata($0.run) }
        )
    }

    /// The way into a stage is closed from either side; what closes it is shown, whichever side that is.
    private func transition(into index: Int) -> TransitionState {
        let inbound = self.entrances[self.stages[index].name]?.inbound ?? StageTransition()
        let outbound = index > 0 ? self.entrances[self.stages[index - 1].name]?.outbound : nil
        if inbound.isEnabled, let outbound, !outbound.isEnabled { return TransitionState(outbound) }
        return TransitionState(inbound)
    }
}

extension PipelineStateView {
    /// None in PARALLEL mode, where a stage has as many executions as there are.
    fileprivate var shownRuns: [StageRunRow] { self.declaration.executionMode == .parallel ? [] : self.runs }
}

extension StageExecution {
    fileprivate init(_ row: StageRunRow) {
        self.init(
            pipelineExecutionID: row.executionID.description,
            status: PenstockWire.StageExecutionStatus(rawValue: row.run.status.rawValue),
            type: row.isRollback ? .rollback : nil
        )
    }

    /// An execution that waited and was stopped or cancelled, shown so that users see why nothing moves.
    fileprivate init(_ departed: DepartedExecution) {
        self.init(
            pipelineExecutionID: departed.id.description,
            status: PenstockWire.StageExecutionStatus(rawValue: departed.status.rawValue)
        )
    }
}

extension TransitionState {
    fileprivate init(_ transition: StageTransition) {
        self.init(
            enabled: transition.isEnabled,
            lastChangedBy: transition.lastChangedBy,
            lastChangedAt: transition.lastChangedAt.map { WireTimestamp($0) },
            disabledReason: transition.disabledReason
        )
    }
}

extension RetryStageMetadata {
    /// `nil` while nobody retried the stage.
    fileprivate init?(_ run: StageRun) {
        guard let latest = run.latestRetry else { return nil }
        self.init(
            autoStageRetryAttempt: run.automaticRetries > 0 ? run.automaticRetries : nil,
            manualStageRetryAttempt: run.manualRetries > 0 ? run.manualRetries : nil,
            latestRetryTrigger: PenstockWire.RetryTrigger(rawValue: latest.rawValue)
        )
    }
}
