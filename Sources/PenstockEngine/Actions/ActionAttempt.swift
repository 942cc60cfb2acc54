// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// One attempt of one action: `inProgress` until it ends as succeeded, failed or abandoned, all three for good.
public struct ActionAttempt: Sendable, Hashable, StateCodable {
    public let id: ActionExecutionID
    public private(set) var status: ActionExecutionStatus
    public let startedAt: Timestamp
    public private(set) var changedAt: Timestamp
    /// Where its outputs are, or are to be put.
    public private(set) var outputs: [ArtifactReference]
    /// Whether a person answers it; its id is then the token.
    public let isApproval: Bool
    /// The link an approval shows, with its variables resolved.
    public let entityURL: String?
    public private(set) var summary: String?
    public private(set) var externalExecutionID: String?
    /// 0 to 100.
    public private(set) var percentComplete: Int?
    public private(set) var failure: FailureDetails?
    /// The ARN of the person who answered or stopped it.
    public private(set) var updatedBy: String?
    /// A revision that the worker reported.
    public private(set) var revision: SourceRevision?

    public init(
        id: ActionExecutionID,
        startedAt: Timestamp,
        outputs: [ArtifactReference] = [],
        isApproval: Bool = false,
        entityURL: String? = nil
    ) {
        self.id = id
        self.status = .inProgress
        self.startedAt = startedAt
        self.changedAt = startedAt
        self.outputs = outputs
        self.isApproval = isApproval
        self.entityURL = entityURL
    }

    public init(from reader: inout StateReader) throws(StateDecodingError) {
        self.id = try reader.read()
        self.status = try reader.read()
        self.startedAt = try reader.read()
        self.changedAt = try reader.read()
        self.outputs = try reader.readArray()
        self.isApproval = try reader.read()
        self.entityURL = try reader.readOptional()
        self.summary = try reader.readOptional()
        self.externalExecutionID = try reader.readOptional()
        self.percentComplete = try reader.readOptional()
        self.failure = try reader.readOptional()
        self.updatedBy = try reader.readOptional()
        self.revision = try reader.readOptional()
    }

    public func encode(to writer: inout StateWriter) {
        writer.write(self.id)
        writer.write(self.status)
        writer.write(self.startedAt)
        writer.write(self.changedAt)
        writer.write(self.outputs)
        writer.write(self.isApproval)
        writer.write(self.entityURL)
        writer.write(self.summary)
        writer.write(self.externalExecutionID)
        writer.write(self.percentComplete)
        writer.write(self.failure)
        writer.write(self.updatedBy)
        writer.write(self.revision)
    }

    /// Takes over what the work says of itself; what it leaves out keeps its earlier value.
    public mutating func report(_ progress: ActionProgress, at: Timestamp) {
        guard self.status == .inProgress else { return }
        self.changedAt = at
        self.summary = progress.summary ?? self.summary
        self.externalExecutionID = progress.externalExecutionID ?? self.externalExecutionID
        self.percentComplete = progress.percentComplete ?? self.percentComplete
        self.revision = progress.revision ?? self.revision
    }

    /// Ends the attempt. One that has ended stays as it is: late and repeated reports are normal.
    public mutating func end(_ ending: Ending, at: Timestamp) {
        guard self.status == .inProgress else { return }
        self.changedAt = at
        switch ending {
        case .succeeded(let outputs):
            self.status = .succeeded
            self.outputs = outputs ?? self.outputs
        case .failed(let failure):
            self.status = .failed
            self.failure = failure
        case .approved(let summary, let by):
            self.status = .succeeded
            self.summary = summary
            self.updatedBy = by
        case .rejected(let summary, let by):
            self.status = .failed
            self.summary = summary
            self.updatedBy = by
        case .abandoned(let summary, let by):
            self.status = .abandoned
            self.summary = summary ?? self.summary
            self.updatedBy = by ?? self.updatedBy
        }
    }

    /// The ways in which an attempt ends.
    public enum Ending: Sendable, Hashable {
        /// With its outputs at the versions that later readers get; `nil` keeps them unpinned.
        case succeeded(outputs: [ArtifactReference]?)
        case failed(FailureDetails)
        case approved(summary: String, by: String)
        /// A failure without details: only the reviewer's words are shown.
        case rejected(summary: String, by: String)
        case abandoned(summary: String?, by: String?)
    }
}

/// What the work of an action says of itself while it runs.
public struct ActionProgress: Sendable, Hashable {
    public var summary: String?
    public var externalExecutionID: String?
    /// 0 to 100.
    public var percentComplete: Int?
    public var revision: SourceRevision?

    public init(
        summary: String? = nil,
        externalExecutionID: String? = nil,
        percentComplete: Int? = nil,
        revision: SourceRevision? = nil
    ) {
        self.summary = summary
        self.externalExecutionID = externalExecutionID
        self.percentComplete = percentComplete
        self.revision = revision
    }
}
