// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// Everything that the work of one attempt needs to know.
public struct ActionStart: Sendable, Hashable, StateCodable {
    public var id: ActionExecutionID
    public var executionID: PipelineExecutionID
    public var pipelineVersion: Int
    public var stageName: String
    public var action: ActionDeclaration
    /// The configuration with its variables replaced; secrets still masked.
    public var resolvedConfiguration: [KeyedValue]
    /// In declared order.
    public var inputs: [ArtifactReference]
    /// In declared order, each with the location that the work must put it at.
    public var outputs: [ArtifactReference]
    public var startedAt: Timestamp
    /// When the attempt fails for want of time.
    public var deadline: Timestamp
    /// What the trigger or an override fixed for this source action.
    public var boundRevision: SourceRevision?
    /// The attempt of the same execution that this one runs again.
    public var replaces: ActionExecutionID?

    public init(
        id: ActionExecutionID,
        executionID: PipelineExecutionID,
        pipelineVersion: Int,
        stageName: String,
        action: ActionDeclaration,
        resolvedConfiguration: [KeyedValue],
        inputs: [ArtifactReference],
        outputs: [ArtifactReference],
        startedAt: Timestamp,
        deadline: Timestamp,
        boundRevision: SourceRevision? = nil,
        replaces: ActionExecutionID? = nil
    ) {
        self.id = id
        self.executionID = executionID
        self.pipelineVersion = pipelineVersion
        self.stageName = stageName
        self.action = action
        self.resolvedConfiguration = resolvedConfiguration
        self.inputs = inputs
        self.outputs = outputs
        self.startedAt = startedAt
        self.deadline = deadline
        self.boundRevision = boundRevision
        self.replaces = replaces
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            id: try reader.read(),
            executionID: try reader.read(),
            pipelineVersion: try reader.read(),
            stageName: try reader.readString(),
            action: try reader.read(),
            resolvedConfiguration: try reader.readArray(),
            inputs: try reader.readArray(),
            outputs: try reader.readArray(),
            startedAt: try reader.read(),
            deadline: try reader.read(),
            boundRevision: try reader.readOptional(),
            replaces: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.executionID)
        writer.write(self.pipelineVersion)
        writer.write(self.stageName)
        writer.write(self.action)
        writer.write(self.resolvedConfiguration)
        writer.write(self.inputs)
        writer.write(self.outputs)
        writer.write(self.startedAt)
        writer.write(self.deadline)
        writer.write(self.boundRevision)
        writer.write(self.replaces)
    }
}
