// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a condition that fails leads to. Raw values are the wire's.
public enum ConditionResult: String, Sendable, Hashable, CaseIterable, StateCodable {
    case rollback = "ROLLBACK"
    case fail = "FAIL"
    case retry = "RETRY"
    case skip = "SKIP"
}

/// The three places of a stage where a condition may stand.
///
/// Raw values are the wire's, which has none for the gate after a failure: it cannot be named in a request.
public enum ConditionGate: String, Sendable, Hashable, CaseIterable, StateCodable {
    case beforeEntry = "BEFORE_ENTRY"
    case onSuccess = "ON_SUCCESS"
    case onFailure = "ON_FAILURE"
}

/// The kind of check that a rule makes; category `Rule` and owner `AWS` go without saying.
public struct RuleTypeID: Sendable, Hashable, StateCodable, CustomStringConvertible {
    public var provider: String
    public var version: String

    public init(provider: String, version: String = "1") {
        self.provider = provider
        self.version = version
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(provider: try reader.readString(), version: try reader.readString())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.provider)
        writer.write(self.version)
    }

    public var description: String { "AWS/Rule/\(self.provider)/\(self.version)" }

    public static let variableCheck = Self(provider: "VariableCheck")
    public static let deploymentWindow = Self(provider: "DeploymentWindow")
    public static let cloudWatchAlarm = Self(provider: "CloudWatchAlarm")
    public static let lambdaInvoke = Self(provider: "LambdaInvoke")
    public static let codeBuild = Self(provider: "CodeBuild")
    public static let commands = Self(provider: "Commands")
}

/// One check of a condition, as declared.
public struct RuleDeclaration: Sendable, Hashable, StateCodable {
    public var name: String
    public var typeID: RuleTypeID
    /// Sorted by key.
    public var configuration: [KeyedValue]
    public var commands: [String]
    public var inputArtifacts: [String]
    public var roleARN: String?
    public var region: String?
    /// 5 to 86400. Source: AWS CodePipeline API, shape RuleTimeout.
    public var timeoutInMinutes: Int?

    public init(
        name: String,
        typeID: RuleTypeID,
        configuration: [KeyedValue] = [],
        commands: [String] = [],
        inputArtifacts: [String] = [],
        roleARN: String? = nil,
        region: String? = nil,
        timeoutInMinutes: Int? = nil
    ) {
        self.name = name
        self.typeID = typeID
        self.configuration = configuration
        self.commands = commands
        self.inputArtifacts = inputArtifacts
        self.roleARN = roleARN
        self.region = region
        self.timeoutInMinutes = timeoutInMinutes
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(
            name: try reader.readString(),
            typeID: try reader.read(),
            configuration: try reader.readArray(),
            commands: try reader.readArray(),
            inputArtifacts: try reader.readArray(),
            roleARN: try reader.readOptional(),
            region: try reader.readOptional(),
            timeoutInMinutes: try reader.readOptional()
        )
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.name)
        writer.write(self.typeID)
        writer.write(self.configuration)
        writer.write(self.commands)
        writer.write(self.inputArtifacts)
        writer.write(self.roleARN)
        writer.write(self.region)
        writer.write(self.timeoutInMinutes)
    }
}

/// The condition of one gate: rules that must all succeed, and what follows when one does not.
public struct ConditionDeclaration: Sendable, Hashable, StateCodable {
    /// `fail` where nothing is declared.
    public var result: ConditionResult
    /// In declared order; at most five. Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
    public var rules: [RuleDeclaration]

    public init(result: ConditionResult = .fail, rules: [RuleDeclaration]) {
        self.result = result
        self.rules = rules
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.init(result: try reader.read(), rules: try reader.readArray())
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.result)
        writer.write(self.rules)
    }
}

/// What a stage does about its own failure.
public enum FailureHandling: Sendable, Hashable {
    /// Run it again, once.
    case retry(StageRetryMode)
    /// Go back to what succeeded in the stage last.
    case rollback
    /// Go back if the condition fails.
    case condition(ConditionDeclaration)
}

extension FailureHandling: StateCodable {
    public init(from reader: inout StateReader) throws(StateDecodingError) {
        switch try reader.readByte() {
        case 0: self = .retry(try reader.read())
        case 1: self = .rollback
        case 2: self = .condition(try reader.read())
        case let other: throw StateDecodingError("\(other) is no handling of a failure")
        }
    }

    public func encode(to writer: inout StateWriter) {
        switch self {
        case .retry(let mode):
            writer.write(0 as UInt64)
            writer.write(mode)
        case .rollback: writer.write(1 as UInt64)
        case .condition(let condition):
            writer.write(2 as UInt64)
            writer.write(condition)
        }
    }
}
