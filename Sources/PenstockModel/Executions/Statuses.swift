// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Where a pipeline execution stands. Raw values are the wire's.
public enum PipelineExecutionStatus: String, Sendable, Hashable, CaseIterable, StateCodable {
    case inProgress = "InProgress"
    case stopping = "Stopping"
    case stopped = "Stopped"
    case succeeded = "Succeeded"
    case superseded = "Superseded"
    case failed = "Failed"
    case cancelled = "Cancelled"

    /// Whether the execution still waits or runs.
    public var isLive: Bool { self == .inProgress || self == .stopping }
}

/// Where one visit of a stage stands. Raw values are the wire's.
public enum StageExecutionStatus: String, Sendable, Hashable, CaseIterable, StateCodable {
    case inProgress = "InProgress"
    case stopping = "Stopping"
    case stopped = "Stopped"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case cancelled = "Cancelled"
    case skipped = "Skipped"
}

/// Where one attempt of an action stands. Raw values are the wire's.
public enum ActionExecutionStatus: String, Sendable, Hashable, CaseIterable, StateCodable {
    case inProgress = "InProgress"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case abandoned = "Abandoned"
}

/// Where one evaluation of a condition stands. Raw values are the wire's.
public enum ConditionStatus: String, Sendable, Hashable, CaseIterable, StateCodable {
    case inProgress = "InProgress"
    case succeeded = "Succeeded"
    case failed = "Failed"
    /// A rule could not be evaluated, which counts as a failure.
    case errored = "Errored"
    /// Somebody let the execution pass all the same.
    case overridden = "Overridden"
    /// The execution was stopped.
    case abandoned = "Abandoned"
    /// The pipeline was updated.
    case cancelled = "Cancelled"
}

/// Where one run of a rule stands. Raw values are the wire's.
public enum RuleExecutionStatus: String, Sendable, Hashable, CaseIterable, StateCodable {
    case inProgress = "InProgress"
    case succeeded = "Succeeded"
    case failed = "Failed"
    case abandoned = "Abandoned"
}

/// What had a stage run again. Raw values are the wire's.
public enum RetryTrigger: String, Sendable, Hashable, CaseIterable, StateCodable {
    case automatic = "AutomatedStageRetry"
    case manual = "ManualStageRetry"
}

/// What started an execution. Raw values are the wire's.
public enum TriggerType: String, Sendable, Hashable, CaseIterable, StateCodable {
    case createPipeline = "CreatePipeline"
    case startPipelineExecution = "StartPipelineExecution"
    case pollForSourceChanges = "PollForSourceChanges"
    case webhook = "Webhook"
    case webhookV2 = "WebhookV2"
    case cloudWatchEvent = "CloudWatchEvent"
    case putActionRevision = "PutActionRevision"
    case manualRollback = "ManualRollback"
    case automatedRollback = "AutomatedRollback"
}

/// What started an execution, and which one of its kind.
public struct Trigger: Sendable, Hashable, StateCodable {
    public var type: TriggerType
    /// At most 1,024 characters. Source: AWS CodePipeline API, shape TriggerDetail.
    public var detail: String

    public init(type: TriggerType, detail: String) {
        self.type = type
        self.detail = detail
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(type: try reader.read(), detail: try reader.readString())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.type)
        writer.write(self.detail)
    }
}

/// The kind of a failure, on which clients switch. Raw values are the wire's.
public enum FailureType: String, Sendable, Hashable, CaseIterable, StateCodable {
    case jobFailed = "JobFailed"
    case configurationError = "ConfigurationError"
    case permissionError = "PermissionError"
    case revisionOutOfSync = "RevisionOutOfSync"
    case revisionUnavailable = "RevisionUnavailable"
    case systemUnavailable = "SystemUnavailable"
}

/// Why an action failed.
public struct FailureDetails: Sendable, Hashable, StateCodable {
    public var type: FailureType
    /// Shown unchanged; untrusted text.
    public var message: String

    public init(type: FailureType, message: String) {
        self.type = type
        self.message = message
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(type: try reader.read(), message: try reader.readString())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.type)
        writer.write(self.message)
    }
}

/// How much of a failed stage a retry runs again. Raw values are the wire's.
public enum StageRetryMode: String, Sendable, Hashable, CaseIterable, StateCodable {
    case failedActions = "FAILED_ACTIONS"
    case allActions = "ALL_ACTIONS"
}

/// The side of a stage that a transition is on. Raw values are the wire's.
public enum TransitionSide: String, Sendable, Hashable, CaseIterable, StateCodable {
    case inbound = "Inbound"
    case outbound = "Outbound"
}
