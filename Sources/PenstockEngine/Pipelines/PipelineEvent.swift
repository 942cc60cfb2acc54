// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// What happens to a pipeline. Commands may be refused; reports have already happened and are applied or ignored.
public enum PipelineEvent: Sendable, Hashable {
    // MARK: Commands

    /// A trigger asks for an execution.
    case start(StartRequest)
    case stop(PipelineExecutionID, StopRequest)
    case retryStage(String, PipelineExecutionID, StageRetryMode)
    /// `reason` is `nil` to enable the transition.
    case setTransition(stage: String, TransitionSide, reason: String?, by: String)
    case answerApproval(ApprovalAnswer)
    /// Run the stage again with what the target, an execution that succeeded there, had.
    case rollback(stage: String, target: PipelineExecutionID, RollbackRequest)
    /// Let the execution pass a condition that has not been met; `by` is the caller's ARN.
    case overrideCondition(ConditionGate, stage: String, PipelineExecutionID, by: String)
    /// The next version; its number is one higher than the current one's.
    case update(PipelineDeclaration)

    // MARK: Reports

    case actionProgressed(PipelineExecutionID, ActionExecutionID, ActionProgress)
    case actionSucceeded(PipelineExecutionID, ActionExecutionID, ActionSuccess)
    case actionFailed(PipelineExecutionID, ActionExecutionID, FailureDetails, externalExecutionID: String?)
    case actionTimedOut(PipelineExecutionID, ActionExecutionID)
    case ruleProgressed(PipelineExecutionID, RuleExecutionID, summary: String)
    case ruleEnded(PipelineExecutionID, RuleExecutionID, RuleVerdict)
    case ruleTimedOut(PipelineExecutionID, RuleExecutionID)
    /// It is time to see whether the execution has waited for too long at a transition that is disabled.
    case waitTimedOut(PipelineExecutionID, limit: Duration)
}

/// What a trigger gives an execution to start with.
public struct StartRequest: Sendable, Hashable {
    public var id: PipelineExecutionID
    public var trigger: Trigger
    /// Values for pipeline variables; names must be declared.
    public var variables: [KeyedValue]
    /// Revisions that source actions must take instead of the newest.
    public var boundRevisions: [ActionRevision]
    /// Object keys that S3 sources must take instead of the configured one, by source action.
    public var objectKeys: [KeyedValue]
    /// What events say of the trigger besides type and detail.
    public var announcedMembers: [KeyedValue]

    public init(
        id: PipelineExecutionID,
        trigger: Trigger,
        variables: [KeyedValue] = [],
        boundRevisions: [ActionRevision] = [],
        objectKeys: [KeyedValue] = [],
        announcedMembers: [KeyedValue] = []
    ) {
        self.id = id
        self.trigger = trigger
        self.variables = variables
        self.boundRevisions = boundRevisions
        self.objectKeys = objectKeys
        self.announcedMembers = announcedMembers
    }
}

/// What a rollback is started with.
public struct RollbackRequest: Sendable, Hashable {
    public var id: PipelineExecutionID
    public var trigger: Trigger

    public init(id: PipelineExecutionID, trigger: Trigger) {
        self.id = id
        self.trigger = trigger
    }
}

/// A reviewer's answer to a pending approval.
public struct ApprovalAnswer: Sendable, Hashable {
    public var executionID: PipelineExecutionID
    /// The token: the id of the attempt that the answer is for.
    public var actionExecutionID: ActionExecutionID
    public var isApproved: Bool
    /// At most 512 characters, may be empty.
    public var summary: String
    /// The reviewer's ARN.
    public var by: String

    public init(
        executionID: PipelineExecutionID,
        actionExecutionID: ActionExecutionID,
        isApproved: Bool,
        summary: String,
        by: String
    ) {
        self.executionID = executionID
        self.actionExecutionID = actionExecutionID
        self.isApproved = isApproved
        self.summary = summary
        self.by = by
    }
}

/// What an action that succeeded leaves behind.
public struct ActionSuccess: Sendable, Hashable {
    public var progress: ActionProgress
    /// Output artifacts at the versions that were written; `nil` leaves them unpinned.
    public var outputs: [ArtifactReference]?
    public var outputVariables: [KeyedValue]

    public init(
        progress: ActionProgress = ActionProgress(),
        outputs: [ArtifactReference]? = nil,
        outputVariables: [KeyedValue] = []
    ) {
        self.progress = progress
        self.outputs = outputs
        self.outputVariables = outputVariables
    }
}
