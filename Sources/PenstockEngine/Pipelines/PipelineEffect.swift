// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// What a step of a pipeline calls for, in the transaction that commits the step.
public enum PipelineEffect: Sendable, Hashable {
    /// Create the job of an attempt, and its deadline.
    case startAction(ActionStart)
    /// The attempt has ended: close its job if that is still open, and drop its deadline.
    case endAction(ActionExecutionID, ActionExecutionStatus)
    /// Write the history entry of an attempt that starts.
    case recordActionStart(ActionStart)
    /// Write how an attempt stands now.
    case recordAction(PipelineExecutionID, ActionAttempt, outputVariables: [KeyedValue])
    /// Check a rule, and see that its deadline is kept.
    case startRule(RuleStart)
    /// The rule has ended: drop what is still being done about it, and its deadline.
    case endRule(RuleExecutionID)
    /// Write the history entry of a rule that starts.
    case recordRuleStart(RuleStart)
    /// Write how a rule stands now.
    case recordRule(PipelineExecutionID, RuleRun)
    /// Write what GetPipelineState shows of the stage's last execution.
    case recordStage(PipelineExecutionID, StageRun)
    /// Write the revision that GetPipelineState shows beside the action.
    case recordRevision(stage: String, action: String, SourceRevision)
    /// Note that the execution succeeded in the stage, for filters and rollbacks.
    case recordStageSuccess(PipelineExecutionID, stage: String)
    /// See after a while whether the execution still waits at a disabled transition, where it has waited since then.
    case limitWait(PipelineExecutionID, since: Timestamp)
    /// Tell those who want to know.
    case announce(StateChange)
    /// Forget what was shown of a stage that the pipeline no longer has.
    case forgetStage(String)
}

/// A step that was applied: what it calls for, and which rows it changed.
public struct PipelineOutcome: Sendable, Hashable {
    /// In the order in which they came about.
    public var effects: [PipelineEffect]
    /// Executions to write, in the order in which the step touched them.
    public var changedExecutions: [PipelineExecutionID]
    /// The execution that the event started, if it did.
    public var startedExecution: PipelineExecutionID?
}

/// Why a step was not applied; the state given in is unchanged.
public enum PipelineInterruption: Error, Sendable, Hashable {
    /// The command is refused.
    case rejected(Rejection)
    /// The step needs something that was not given to it. Add it and apply the event again.
    case needs(Need)

    public enum Need: Sendable, Hashable {
        case execution(PipelineExecutionID)
        case declaration(version: Int)
        /// More fresh identifiers than were given.
        case identifiers
    }
}
