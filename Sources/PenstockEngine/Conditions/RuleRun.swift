// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// One run of one rule: `inProgress` until it ends as succeeded, failed or abandoned, all three for good.
public struct RuleRun: Sendable, Hashable, StateCodable {
    public let id: RuleExecutionID
    public let name: String
    public private(set) var status: RuleExecutionStatus
    public let startedAt: Timestamp
    public private(set) var changedAt: Timestamp
    public private(set) var summary: String?
    public private(set) var externalExecutionID: String?
    public private(set) var failure: FailureDetails?
    /// The ARN of whoever overrode the condition or stopped the execution.
    public private(set) var updatedBy: String?

    public init(id: RuleExecutionID, name: String, startedAt: Timestamp) {
        self.id = id
        self.name = name
        self.status = .inProgress
        self.startedAt = startedAt
        self.changedAt = startedAt
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.id = try reader.read()
        self.name = try reader.readString()
        self.status = try reader.read()
        self.startedAt = try reader.read()
        self.changedAt = try reader.read()
        self.summary = try reader.readOptional()
        self.externalExecutionID = try reader.readOptional()
        self.failure = try reader.readOptional()
        self.updatedBy = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.name)
        writer.write(self.status)
        writer.write(self.startedAt)
        writer.write(self.changedAt)
        writer.write(self.summary)
        writer.write(self.externalExecutionID)
        writer.write(self.failure)
        writer.write(self.updatedBy)
    }

    /// Takes over what the check says of itself while it runs.
    public mutating func report(summary: String, at: Timestamp) {
        guard self.status == .inProgress else { return }
        self.summary = summary
        self.changedAt = at
    }

    /// Ends the run. One that has ended stays as it is: late and repeated reports are normal.
    public mutating func end(_ verdict: RuleVerdict, at: Timestamp) {
        guard self.status == .inProgress else { return }
        self.changedAt = at
        self.summary = verdict.summary ?? self.summary
        self.externalExecutionID = verdict.externalExecutionID ?? self.externalExecutionID
        switch verdict.outcome {
        case .satisfied: self.status = .succeeded
        case .unsatisfied(let failure), .unevaluated(let failure):
            self.status = .failed
            self.failure = failure
        }
    }

    /// Gives the run up.
    public mutating func abandon(by: String?, at: Timestamp) {
        guard self.status == .inProgress else { return }
        self.status = .abandoned
        self.updatedBy = by
        self.changedAt = at
    }
}

/// What a check came to.
public struct RuleVerdict: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        case satisfied
        /// What was checked is not so, or did not become so in time.
        case unsatisfied(FailureDetails)
        /// There was no telling: something that the check needs is missing or broken.
        case unevaluated(FailureDetails)
    }

    public var outcome: Outcome
    public var summary: String?
    public var externalExecutionID: String?

    public init(_ outcome: Outcome, summary: String? = nil, externalExecutionID: String? = nil) {
        self.outcome = outcome
        self.summary = summary
        self.externalExecutionID = externalExecutionID
    }

    /// A check that does not hold, in words.
    public static func failed(_ message: String) -> Self {
        Self(.unsatisfied(FailureDetails(type: .jobFailed, message: message)), summary: message)
    }

    /// A check that cannot be made, in words.
    public static func errored(_ message: String) -> Self {
        Self(.unevaluated(FailureDetails(type: .configurationError, message: message)), summary: message)
    }
}
