// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// How executions of one pipeline meet. Raw values are the wire's.
public enum ExecutionMode: String, Sendable, Hashable, CaseIterable, StateCodable {
    /// A newer execution replaces an older one that waits.
    case superseded = "SUPERSEDED"
    /// Executions wait their turn in front of each stage.
    case queued = "QUEUED"
    /// Executions never wait for each other.
    case parallel = "PARALLEL"
}

/// The feature set of a pipeline. Raw values are the wire's.
public enum PipelineType: String, Sendable, Hashable, CaseIterable, StateCodable {
    case v1 = "V1"
    case v2 = "V2"
}

/// Where the artifacts of one region are kept.
public struct ArtifactStoreDeclaration: Sendable, Hashable, StateCodable {
    /// The region whose actions use it; `nil` is the pipeline's own, declared as `artifactStore`.
    public var region: String?
    public var bucket: String
    /// The customer's key, when one is declared.
    public var encryptionKeyID: String?

    public init(region: String? = nil, bucket: String, encryptionKeyID: String? = nil) {
        self.region = region
        self.bucket = bucket
        self.encryptionKeyID = encryptionKeyID
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            region: try reader.readOptional(),
            bucket: try reader.readString(),
            encryptionKeyID: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.region)
        writer.write(self.bucket)
        writer.write(self.encryptionKeyID)
    }
}

/// A pipeline-level variable as declared.
public struct VariableDeclaration: Sendable, Hashable, StateCodable {
    public var name: String
    public var defaultValue: String?
    public var description: String?

    public init(name: String, defaultValue: String? = nil, description: String? = nil) {
        self.name = name
        self.defaultValue = defaultValue
        self.description = description
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            name: try reader.readString(),
            defaultValue: try reader.readOptional(),
            description: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.defaultValue)
        writer.write(self.description)
    }
}

/// One action as declared.
///
/// Secret configuration values stand here as ``maskedValue``; the values themselves are kept sealed beside the version.
public struct ActionDeclaration: Sendable, Hashable, StateCodable {
    /// What a secret value is shown as, everywhere but in job data.
    public static let maskedValue = "****"

    public var name: String
    public var typeID: ActionTypeID
    /// 1 to 999; actions of one stage with the same value run side by side.
    public var runOrder: Int
    /// In the order in which it was submitted.
    public var configuration: [KeyedValue]
    public var inputArtifacts: [String]
    public var outputArtifacts: [String]
    public var region: String?
    public var roleARN: String?
    public var namespace: String?
    /// Only manual approvals declare one.
    public var timeoutInMinutes: Int?

    public init(
        name: String,
        typeID: ActionTypeID,
        runOrder: Int = 1,
        configuration: [KeyedValue] = [],
        inputArtifacts: [String] = [],
        outputArtifacts: [String] = [],
        region: String? = nil,
        roleARN: String? = nil,
        namespace: String? = nil,
        timeoutInMinutes: Int? = nil
    ) {
        self.name = name
        self.typeID = typeID
        self.runOrder = runOrder
        self.configuration = configuration
        self.inputArtifacts = inputArtifacts
        self.outputArtifacts = outputArtifacts
        self.region = region
        self.roleARN = roleARN
        self.namespace = namespace
        self.timeoutInMinutes = timeoutInMinutes
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            name: try reader.readString(),
            typeID: try reader.read(),
            runOrder: try reader.read(),
            configuration: try reader.readArray(),
            inputArtifacts: try reader.readArray(),
            outputArtifacts: try reader.readArray(),
            region: try reader.readOptional(),
            roleARN: try reader.readOptional(),
            namespace: try reader.readOptional(),
            timeoutInMinutes: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.typeID)
        writer.write(self.runOrder)
        writer.write(self.configuration)
        writer.write(self.inputArtifacts)
        writer.write(self.outputArtifacts)
        writer.write(self.region)
        writer.write(self.roleARN)
        writer.write(self.namespace)
        writer.write(self.timeoutInMinutes)
    }
}

/// One stage as declared.
public struct StageDeclaration: Sendable, Hashable, StateCodable {
    public var name: String
    public var actions: [ActionDeclaration]
    /// Checked once the execution has entered, before the first action starts.
    public var beforeEntry: ConditionDeclaration?
    /// Checked once every action has succeeded.
    public var onSuccess: ConditionDeclaration?
    public var onFailure: FailureHandling?

    public init(
        name: String,
        actions: [ActionDeclaration],
        beforeEntry: ConditionDeclaration? = nil,
        onSuccess: ConditionDeclaration? = nil,
        onFailure: FailureHandling? = nil
    ) {
        self.name = name
        self.actions = actions
        self.beforeEntry = beforeEntry
        self.onSuccess = onSuccess
        self.onFailure = onFailure
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(name: try reader.readString(), actions: try reader.readArray())
        guard reader.format >= 2 else { return }
        self.beforeEntry = try reader.readOptional()
        self.onSuccess = try reader.readOptional()
        self.onFailure = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.actions)
        writer.write(self.beforeEntry)
        writer.write(self.onSuccess)
        writer.write(self.onFailure)
    }

    /// The condition of the gate, if the stage declares one.
    public func condition(of gate: ConditionGate) -> ConditionDeclaration? {
        switch (gate, self.onFailure) {
        case (.beforeEntry, _): self.beforeEntry
        case (.onSuccess, _): self.onSuccess
        case (.onFailure, .condition(let condition)): condition
        case (.onFailure, .retry), (.onFailure, .rollback), (.onFailure, nil): nil
        }
    }
}

/// What a user declared a pipeline to be, as far as the engine acts on it. Versions are immutable.
public struct PipelineDeclaration: Sendable, Hashable, StateCodable {
    public var name: String
    public var version: Int
    public var pipelineType: PipelineType
    public var executionMode: ExecutionMode
    public var artifactStores: [ArtifactStoreDeclaration]
    public var variables: [VariableDeclaration]
    public var stages: [StageDeclaration]
    /// At most one for each source action.
    public var triggers: [TriggerDeclaration]

    public init(
        name: String,
        version: Int = 1,
        pipelineType: PipelineType = .v2,
        executionMode: ExecutionMode = .superseded,
        artifactStores: [ArtifactStoreDeclaration] = [],
        variables: [VariableDeclaration] = [],
        stages: [StageDeclaration],
        triggers: [TriggerDeclaration] = []
    ) {
        self.name = name
        self.version = version
        self.pipelineType = pipelineType
        self.executionMode = executionMode
        self.artifactStores = artifactStores
        self.variables = variables
        self.stages = stages
        self.triggers = triggers
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        try reader.readFormat(of: "a pipeline declaration")
        self.init(
            name: try reader.readString(),
            version: try reader.read(),
            pipelineType: try reader.read(),
            executionMode: try reader.read(),
            artifactStores: try reader.readArray(),
            variables: try reader.readArray(),
            stages: try reader.readArray()
        )
        guard reader.format >= 2 else { return }
        self.triggers = try reader.readArray()
    }

    public func encode(to writer: inout StateWriter) {
        writer.writeFormat()
        writer.write(self.name)
        writer.write(self.version)
        writer.write(self.pipelineType)
        writer.write(self.executionMode)
        writer.write(self.artifactStores)
        writer.write(self.variables)
        writer.write(self.stages)
        writer.write(self.triggers)
    }

    /// The place of the stage in declared order; `nil` when there is no such stage.
    public func stageIndex(named name: String) -> Int? { self.stages.firstIndex { $0.name == name } }

    /// The artifact store for an action of the given region; `nil` is the pipeline's own region.
    public func artifactStore(region: String?, pipelineRegion: Region) -> ArtifactStoreDeclaration? {
        let wanted = region ?? pipelineRegion.rawValue
        return self.artifactStores.first { $0.region == nil || $0.region == wanted }
    }
}
