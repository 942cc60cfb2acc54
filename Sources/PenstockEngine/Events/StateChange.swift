// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// A change of state that the outside may be told of, with what its documented event says of it.
///
/// Source: AWS CodePipeline User Guide, Monitoring CodePipeline events.
public struct StateChange: Sendable, Hashable {
    /// What has changed.
    public enum Subject: Sendable, Hashable {
        case pipeline
        case stage(Stage)
        case action(Action)
    }

    public struct Stage: Sendable, Hashable {
        public var name: String
        public var enteredAt: Timestamp
        public var retriedAt: Timestamp?
    }

    public struct Action: Sendable, Hashable {
        public var stage: String
        public var declaration: ActionDeclaration
        public var attempt: ActionAttempt
        /// Of an attempt that starts, in declared order.
        public var inputs: [ArtifactReference]
    }

    /// What it has changed to. Raw values are those of events.
    public enum State: String, Sendable, Hashable, CaseIterable {
        case started = "STARTED"
        case resumed = "RESUMED"
        case stopping = "STOPPING"
        case stopped = "STOPPED"
        case succeeded = "SUCCEEDED"
        case failed = "FAILED"
        case canceled = "CANCELED"
        case superseded = "SUPERSEDED"
        case abandoned = "ABANDONED"
        /// Of a stage that was gone past. No documented state; targets ask for it.
        case skipped = "SKIPPED"
    }

    /// An action that failed, and why.
    public struct FailedAction: Sendable, Hashable {
        public var name: String
        public var message: String
    }

    public var subject: Subject
    public var state: State
    public var executionID: PipelineExecutionID
    public var pipelineVersion: Int
    public var executionStartedAt: Timestamp
    /// 1, and one more with every retry of any stage.
    public var executionAttempt: Int
    public var retriedAt: Timestamp?
    /// Of an execution that starts; where more is known than type and detail, also of one that succeeded or failed.
    public var trigger: Trigger?
    /// What is known of the trigger besides.
    public var triggerMembers: [KeyedValue]
    /// Of an execution that is being stopped.
    public var stopReason: String?
    /// Of a stage or an execution that failed: where and why.
    public var failedStage: String?
    public var failedActions: [FailedAction]
    public var at: Timestamp
}
