// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a handler returns when the job did not fail.
public struct JobOutcome: Sendable, Hashable {
    enum Kind: Sendable, Hashable {
        case success(revision: CurrentRevision?, outputVariables: [String: String])
        case continuation(token: String)
    }

    let kind: Kind
    let progress: ExecutionDetails?

    /// The work is done.
    ///
    /// - Parameter outputVariables: For later actions; jobs of partner actions cannot have any and leave them out.
    public static func success(
        summary: String? = nil, externalExecutionID: String? = nil, currentRevision: CurrentRevision? = nil,
        outputVariables: [String: String] = [:]
    ) -> JobOutcome {
        JobOutcome(
            kind: .success(revision: currentRevision, outputVariables: outputVariables),
            progress: Self.details(summary, externalExecutionID, nil))
    }

    /// The work goes on: the service makes another job of the same action, which carries the token.
    ///
    /// It is also how progress is shown: the protocol has no other way.
    public static func continuation(
        token: String, summary: String? = nil, externalExecutionID: String? = nil, percentComplete: Int? = nil
    ) -> JobOutcome {
        JobOutcome(
            kind: .continuation(token: token), progress: Self.details(summary, externalExecutionID, percentComplete))
    }

    private static func details(_ summary: String?, _ id: String?, _ percent: Int?) -> ExecutionDetails? {
        guard summary != nil || id != nil || percent != nil else { return nil }
        return ExecutionDetails(summary: summary, externalExecutionID: id, percentComplete: percent)
    }
}

/// What a handler throws when the job failed; it becomes the failure result.
public struct JobFailure: Error, Sendable, Hashable {
    private static let maximumMessageLength = 5000

    /// The kind that the pipeline's history shows as the error's code.
    public var type: FailureType
    /// What people read; the first 5000 characters are reported.
    public var message: String
    /// What the work is known by where it ran.
    public var externalExecutionID: String?

    /// Creates a failure.
    public init(_ type: FailureType, _ message: String, externalExecutionID: String? = nil) {
        self.type = type
        self.message = message
        self.externalExecutionID = externalExecutionID
    }

    var details: FailureDetails {
        let message = String(String.UnicodeScalarView(self.message.unicodeScalars.prefix(Self.maximumMessageLength)))
        return FailureDetails(
            type: self.type, message: message.isEmpty ? "The job failed" : message,
            externalExecutionID: self.externalExecutionID)
    }
}
