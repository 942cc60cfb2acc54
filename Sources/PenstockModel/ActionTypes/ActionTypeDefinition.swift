// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What an action type is: who may use and poll it, what its actions are configured with, and what they take and give.
///
/// Covers types made by CreateCustomActionType, those registered for partners, and the built-in ones.
public struct ActionTypeDefinition: Sendable, Hashable, StateCodable {
    /// The format that ``encode(to:)`` writes.
    public static let formatNumber = 1

    public var id: ActionTypeID
    public var description: String?
    /// In declared order; at most ten.
    public var properties: [ActionTypeProperty]
    public var inputArtifacts: ArtifactCount
    public var outputArtifacts: ArtifactCount
    public var urls: ActionTypeURLs
    /// How work of the type is carried out; `nil` for custom types, whose workers are in the same account.
    public var executor: ActionTypeExecutor?
    /// Accounts that may use the type in pipelines; `*` is every account, an empty list only the owner's.
    public var allowedAccounts: [String]

    public init(
        id: ActionTypeID,
        description: String? = nil,
        properties: [ActionTypeProperty] = [],
        inputArtifacts: ArtifactCount,
        outputArtifacts: ArtifactCount,
        urls: ActionTypeURLs = ActionTypeURLs(),
        executor: ActionTypeExecutor? = nil,
        allowedAccounts: [String] = []
    ) {
        self.id = id
        self.description = description
        self.properties = properties
        self.inputArtifacts = inputArtifacts
        self.outputArtifacts = outputArtifacts
        self.urls = urls
        self.executor = executor
        self.allowedAccounts = allowedAccounts
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        let format = try reader.read(Int.self)
        guard format == Self.formatNumber else { throw StateDecodingError("an action type of format \(format)") }
        self.init(
            id: try reader.read(),
            description: try reader.readOptional(),
            properties: try reader.readArray(),
            inputArtifacts: try reader.read(),
            outputArtifacts: try reader.read(),
            urls: try reader.read(),
            executor: try reader.readOptional(),
            allowedAccounts: try reader.readArray()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(Self.formatNumber)
        writer.write(self.id)
        writer.write(self.description)
        writer.write(self.properties)
        writer.write(self.inputArtifacts)
        writer.write(self.outputArtifacts)
        writer.write(self.urls)
        writer.write(self.executor)
        writer.write(self.allowedAccounts)
    }

    /// The property that pollers may select jobs by.
    public var queryableProperty: ActionTypeProperty? { self.properties.first { $0.isQueryable } }
}

/// One configuration property of an action type.
public struct ActionTypeProperty: Sendable, Hashable, StateCodable {
    /// What its values must parse as. Raw values are the wire's.
    public enum ValueType: String, Sendable, Hashable, CaseIterable, StateCodable {
        case string = "String"
        case number = "Number"
        case boolean = "Boolean"
    }

    public var name: String
    public var isRequired: Bool
    public var isKey: Bool
    public var isSecret: Bool
    public var isQueryable: Bool
    public var description: String?
    public var valueType: ValueType?

    public init(
        name: String,
        isRequired: Bool,
        isKey: Bool = false,
        isSecret: Bool = false,
        isQueryable: Bool = false,
        description: String? = nil,
        valueType: ValueType? = nil
    ) {
        self.name = name
        self.isRequired = isRequired
        self.isKey = isKey
        self.isSecret = isSecret
        self.isQueryable = isQueryable
        self.description = description
        self.valueType = valueType
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            name: try reader.readString(),
            isRequired: try reader.read(),
            isKey: try reader.read(),
            isSecret: try reader.read(),
            isQueryable: try reader.read(),
            description: try reader.readOptional(),
            valueType: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.isRequired)
        writer.write(self.isKey)
        writer.write(self.isSecret)
        writer.write(self.isQueryable)
        writer.write(self.description)
        writer.write(self.valueType)
    }
}

/// How many artifacts an action of the type may declare.
public struct ArtifactCount: Sendable, Hashable, StateCodable {
    public var minimum: Int
    public var maximum: Int

    public init(_ minimum: Int, _ maximum: Int) {
        self.minimum = minimum
        self.maximum = maximum
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(try reader.read(), try reader.read())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.minimum)
        writer.write(self.maximum)
    }
}

/// Links of an action type, as templates with `{Config:…}` and `{ExternalExecutionId}`.
public struct ActionTypeURLs: Sendable, Hashable, StateCodable {
    public var thirdPartyConfiguration: String?
    public var entity: String?
    public var execution: String?
    public var revision: String?

    public init(
        thirdPartyConfiguration: String? = nil,
        entity: String? = nil,
        execution: String? = nil,
        revision: String? = nil
    ) {
        self.thirdPartyConfiguration = thirdPartyConfiguration
        self.entity = entity
        self.execution = execution
        self.revision = revision
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            thirdPartyConfiguration: try reader.readOptional(),
            entity: try reader.readOptional(),
            execution: try reader.readOptional(),
            revision: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.thirdPartyConfiguration)
        writer.write(self.entity)
        writer.write(self.execution)
        writer.write(self.revision)
    }
}

/// Who carries out the work of an executor-model action type.
public struct ActionTypeExecutor: Sendable, Hashable, StateCodable {
    public enum Kind: Sendable, Hashable {
        /// Workers of these accounts or service principals poll for jobs.
        case jobWorker(pollingAccounts: [String], pollingServicePrincipals: [String])
        /// One function is invoked.
        case lambda(functionARN: String)
    }

    public var kind: Kind
    /// 60 to 43,200 seconds, for one job and not for the whole action.
    public var jobTimeoutSeconds: Int?
    /// Shown to pipeline authors, not enforced.
    public var policyStatementsTemplate: String?

    public init(kind: Kind, jobTimeoutSeconds: Int? = nil, policyStatementsTemplate: String? = nil) {
        self.kind = kind
        self.jobTimeoutSeconds = jobTimeoutSeconds
        self.policyStatementsTemplate = policyStatementsTemplate
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        switch try reader.readByte() {
        case 0:
            self.kind = .jobWorker(
                pollingAccounts: try reader.readArray(),
                pollingServicePrincipals: try reader.readArray()
            )
        case 1: self.kind = .lambda(functionARN: try reader.readString())
        case let other: throw StateDecodingError("\(other) is not an executor")
        }
        self.jobTimeoutSeconds = try reader.readOptional()
        self.policyStatementsTemplate = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        switch self.kind {
        case .jobWorker(let accounts, let principals):
            writer.write(0 as UInt64)
            writer.write(accounts)
            writer.write(principals)
        case .lambda(let functionARN):
            writer.write(1 as UInt64)
            writer.write(functionARN)
        }
        writer.write(self.jobTimeoutSeconds)
        writer.write(self.policyStatementsTemplate)
    }
}
