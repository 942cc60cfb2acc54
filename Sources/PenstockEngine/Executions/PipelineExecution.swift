// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// The state of one pipeline execution: where it is, what it carries, and the stage it is in.
public struct PipelineExecution: Sendable, Hashable, StateCodable {
    /// Where an execution is on its way through the stages.
    public enum Position: Sendable, Hashable {
        /// In front of the stage with this name. Goes on to `inside` or `finished`.
        case waiting(stage: String)
        /// Holds the stage that ``PipelineExecution/stageRun`` describes. Goes on to `waiting` or `finished`.
        case inside
        /// Ended. A retry brings it back `inside` the stage where it failed or stopped.
        case finished
    }

    public let id: PipelineExecutionID
    /// Strictly increasing within a pipeline.
    public let sequence: Int
    /// The version it runs, which never changes.
    public let pipelineVersion: Int
    public let mode: ExecutionMode
    public let trigger: Trigger
    public let startedAt: Timestamp
    public var updatedAt: Timestamp
    public var status: PipelineExecutionStatus
    public var statusSummary: String?
    public var position: Position
    /// When it came to the waiting point where it is, or was last.
    public var waitingSince: Timestamp
    /// The stage it is inside of, or was last.
    public var stageRun: StageRun?
    public var stop: StopRequest?
    /// The version whose update ends this execution once its running actions have ended.
    public var cancelledByVersion: Int?
    /// Pipeline variables with their values, in declared order.
    public var variables: [KeyedValue]
    /// Revisions that the trigger or an override fixed, by source action.
    public var boundRevisions: [ActionRevision]
    /// Object keys that an override fixed, by source action.
    public var objectKeys: [KeyedValue]
    /// Revisions that source actions produced, in the order in which they did; one for each of an action's outputs.
    public var sourceRevisions: [ActionRevision]
    /// The newest successful output of each name.
    public var artifacts: [ArtifactReference]
    /// The output variables of each namespace.
    public var outputs: [NamespaceVariables]
    /// 1, and one more with every retry of any stage.
    public var attempt: Int
    /// Approvals that were answered or ran out of time, whose tokens are refused as completed; the newest ones.
    public private(set) var completedApprovals: [ActionExecutionID]
    /// The execution whose success in the stage a rollback goes back to; `nil` for every other execution.
    public let rollbackTarget: PipelineExecutionID?
    /// When a stage was last retried.
    public var retriedAt: Timestamp?
    /// The stages that it succeeded in, in the order in which it did.
    public var succeededStages: [String]
    /// The stages that it went past without running them.
    public var skippedStages: [String]
    /// What events say of the trigger besides type and detail: which commit it was, and whose.
    public var announcedMembers: [KeyedValue]

    /// How many of ``completedApprovals`` are remembered.
    public static let maximumCompletedApprovals = 100

    public init(
        id: PipelineExecutionID,
        sequence: Int,
        pipelineVersion: Int,
        mode: ExecutionMode,
        trigger: Trigger,
        startedAt: Timestamp,
        firstStage: String,
        rollbackTarget: PipelineExecutionID? = nil
    ) {
        self.id = id
        self.sequence = sequence
        self.pipelineVersion = pipelineVersion
        self.mode = mode
        self.trigger = trigger
        self.startedAt = startedAt
        self.updatedAt = startedAt
        self.status = .inProgress
        self.position = .waiting(stage: firstStage)
        self.waitingSince = startedAt
        self.variables = []
        self.boundRevisions = []
        self.objectKeys = []
        self.sourceRevisions = []
        self.artifacts = []
        self.outputs = []
        self.attempt = 1
        self.completedApprovals = []
        self.rollbackTarget = rollbackTarget
        self.succeededStages = []
        self.skippedStages = []
        self.announcedMembers = []
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        try reader.readFormat(of: "a pipeline execution")
        self.id = try reader.read()
        self.sequence = try reader.read()
        self.pipelineVersion = try reader.read()
        self.mode = try reader.read()
        self.trigger = try reader.read()
        self.startedAt = try reader.read()
        self.updatedAt = try reader.read()
        self.status = try reader.read()
        self.statusSummary = try reader.readOptional()
        self.position = try reader.read()
        self.waitingSince = try reader.read()
        self.stageRun = try reader.readOptional()
        self.stop = try reader.readOptional()
        self.cancelledByVersion = try reader.readOptional()
        self.variables = try reader.readArray()
        self.boundRevisions = try reader.readArray()
        self.objectKeys = try reader.readArray()
        self.sourceRevisions = try reader.readArray()
        self.artifacts = try reader.readArray()
        self.outputs = try reader.readArray()
        self.attempt = try reader.read()
        self.completedApprovals = try reader.readArray()
        let isOld = reader.format < 2
        self.rollbackTarget = isOld ? nil : try reader.readOptional()
        self.retriedAt = isOld ? nil : try reader.readOptional()
        self.succeededStages = isOld ? [] : try reader.readArray()
        self.skippedStages = isOld ? [] : try reader.readArray()
        self.announcedMembers = isOld ? [] : try reader.readArray()
    }

    public func encode(to writer: inout StateWriter) {
        writer.writeFormat()
        writer.write(self.id)
        writer.write(self.sequence)
        writer.write(self.pipelineVersion)
        writer.write(self.mode)
        writer.write(self.trigger)
        writer.write(self.startedAt)
        writer.write(self.updatedAt)
        writer.write(self.status)
        writer.write(self.statusSummary)
        writer.write(self.position)
        writer.write(self.waitingSince)
        writer.write(self.stageRun)
        writer.write(self.stop)
        writer.write(self.cancelledByVersion)
        writer.write(self.variables)
        writer.write(self.boundRevisions)
        writer.write(self.objectKeys)
        writer.write(self.sourceRevisions)
        writer.write(self.artifacts)
        writer.write(self.outputs)
        writer.write(self.attempt)
        writer.write(self.completedApprovals)
        writer.write(self.rollbackTarget)
        writer.write(self.retriedAt)
        writer.write(self.succeededStages)
        writer.write(self.skippedStages)
        writer.write(self.announcedMembers)
    }

    public var isRollback: Bool { self.rollbackTarget != nil }

    /// Remembers that the approval is complete, so that a second answer is told so.
    mutating func noteCompletedApproval(_ id: ActionExecutionID) {
        self.completedApprovals.append(id)
        if self.completedApprovals.count > Self.maximumCompletedApprovals { self.completedApprovals.removeFirst() }
    }
}

extension PipelineExecution.Position: StateCodable {
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        switch try reader.readByte() {
        case 0: self = .waiting(stage: try reader.readString())
        case 1: self = .inside
        case 2: self = .finished
        case let other: throw StateDecodingError("\(other) is not a position")
        }
    }

    public func encode(to writer: inout StateWriter) {
        switch self {
        case .waiting(let stage):
            writer.write(0 as UInt64)
            writer.write(stage)
        case .inside: writer.write(1 as UInt64)
        case .finished: writer.write(2 as UInt64)
        }
    }
}

/// A request to stop an execution, as accepted.
public struct StopRequest: Sendable, Hashable, StateCodable {
    /// Whether running actions are given up rather than awaited.
    public var abandon: Bool
    /// At most 200 characters. Source: AWS CodePipeline API, shape StopPipelineExecutionReason.
    public var reason: String?
    /// The caller's ARN.
    public var requestedBy: String

    public init(abandon: Bool, reason: String?, requestedBy: String) {
        self.abandon = abandon
        self.reason = reason
        self.requestedBy = requestedBy
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            abandon: try reader.read(),
            reason: try reader.readOptional(),
            requestedBy: try reader.readString()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.abandon)
        writer.write(self.reason)
        writer.write(self.requestedBy)
    }
}

/// What an action with a namespace produced.
public struct NamespaceVariables: Sendable, Hashable, StateCodable {
    public var namespace: String
    public var values: [KeyedValue]

    public init(namespace: String, values: [KeyedValue]) {
        self.namespace = namespace
        self.values = values
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(namespace: try reader.readString(), values: try reader.readArray())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.namespace)
        writer.write(self.values)
    }
}
