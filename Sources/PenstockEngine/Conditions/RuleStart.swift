// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// Everything that the check of one rule needs to know.
public struct RuleStart: Sendable, Hashable, StateCodable {
    public var id: RuleExecutionID
    public var executionID: PipelineExecutionID
    public var pipelineVersion: Int
    public var stageName: String
    public var gate: ConditionGate
    public var rule: RuleDeclaration
    /// The configuration with its variables replaced.
    public var resolvedConfiguration: [KeyedValue]
    /// The commands with their variables replaced.
    public var resolvedCommands: [String]
    /// In declared order.
    public var inputs: [ArtifactReference]
    public var startedAt: Timestamp
    /// When the rule fails for want of time.
    public var deadline: Timestamp
    /// The run of the same execution that this one takes the place of.
    public var replaces: RuleExecutionID?

    public init(
        id: RuleExecutionID,
        executionID: PipelineExecutionID,
        pipelineVersion: Int,
        stageName: String,
        gate: ConditionGate,
        rule: RuleDeclaration,
        resolvedConfiguration: [KeyedValue],
        resolvedCommands: [String],
        inputs: [ArtifactReference],
        startedAt: Timestamp,
        deadline: Timestamp,
        replaces: RuleExecutionID? = nil
    ) {
        self.id = id
        self.executionID = executionID
        self.pipelineVersion = pipelineVersion
        self.stageName = stageName
        self.gate = gate
        self.rule = rule
        self.resolvedConfiguration = resolvedConfiguration
        self.resolvedCommands = resolvedCommands
        self.inputs = inputs
        self.startedAt = startedAt
        self.deadline = deadline
        self.replaces = replaces
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            id: try reader.read(),
            executionID: try reader.read(),
            pipelineVersion: try reader.read(),
            stageName: try reader.readString(),
            gate: try reader.read(),
            rule: try reader.read(),
            resolvedConfiguration: try reader.readArray(),
            resolvedCommands: try reader.readArray(),
            inputs: try reader.readArray(),
            startedAt: try reader.read(),
            deadline: try reader.read(),
            replaces: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.executionID)
        writer.write(self.pipelineVersion)
        writer.write(self.stageName)
        writer.write(self.gate)
        writer.write(self.rule)
        writer.write(self.resolvedConfiguration)
        writer.write(self.resolvedCommands)
        writer.write(self.inputs)
        writer.write(self.startedAt)
        writer.write(self.deadline)
        writer.write(self.replaces)
    }

    /// How long a rule may take; its declaration may say otherwise. A closed window is waited for longer.
    public static func duration(of rule: RuleDeclaration) -> Duration {
        if let minutes = rule.timeoutInMinutes { return .minutes(minutes) }
        return rule.typeID == .deploymentWindow ? .days(7) : .minutes(60)
    }
}
