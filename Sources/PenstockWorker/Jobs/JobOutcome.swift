// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// What a handler returns when the job did not fail.
public struct JobOutcome: Sendable, Hashable {
    private var continuationToken: String?
    private var revision: CurrentRevision?
    private var outputVariables: [String: String] = [:]
    private var progress: ExecutionDetails?

    /// The work is done.
    ///
    /// - Parameters:
    ///   - summary: What people read beside the action; at most 2048 characters.
    ///   - externalExecutionID: What the work is known by where it ran; the action's link is made of it.
    ///   - currentRevision: The revision that the work produced, as source actions report it.
    ///   - outputVariables: For later actions; jobs of partner actions cannot have any and leave them out.
    public static func success(
        summary: String? = nil, externalExecutionID: String? = nil, currentRevision: CurrentRevision? = nil,
        outputVariables: [String: String] = [:]
    ) -> JobOutcome {
        var outcome = JobOutcome()
        outcome.revision = currentRevision
        outcome.outputVariables = outputVariables
        outcome.progress = Self.details(summary, externalExecutionID, nil)
        return outcome
    }

    /// The work goes on: the service makes another job of the same action, which carries the token.
    ///
    /// It is also how progress is shown: the protocol has no other way.
    ///
    /// - Parameters:
    ///   - token: At most 2048 characters; it comes back as ``WorkerJob/continuationToken``.
    ///   - percentComplete: From 0 to 100.
    public static func continuation(
        token: String, summary: String? = nil, externalExecutionID: String? = nil, percentComplete: Int? = nil
    ) -> JobOutcome {
        var outcome = JobOutcome()
        outcome.continuationToken = token
        outcome.progress = Self.details(summary, externalExecutionID, percentComplete)
        return outcome
    }

    private static func details(_ summary: String?, _ id: String?, _ percent: Int?) -> ExecutionDetails? {
        guard summary != nil || id != nil || percent != nil else { return nil }
        return ExecutionDetails(summary: summary, externalExecutionID: id, percentComplete: percent)
    }

    func report(of reference: JobReference) -> JobReport {
        .success(
            PutJobSuccessResultInput(
                jobID: reference.jobID, currentRevision: self.revision, continuationToken: self.continuationToken,
                executionDetails: self.progress,
                outputVariables: self.outputVariables.isEmpty ? nil : self.outputVariables))
    }
}
