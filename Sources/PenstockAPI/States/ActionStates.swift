// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockStore
internal import PenstockWire

/// The actions of one pipeline as GetPipelineState shows them.
struct ActionStates {
    private struct Place: Hashable {
        var stage: String
        var action: String
    }

    private let view: PipelineStateView
    private let settings: RuntimeSettings
    private let publicURL: String
    private let revisions: [Place: PenstockModel.SourceRevision]
    private let jobs: [ActionExecutionID: JobRow]

    init(_ view: PipelineStateView, settings: RuntimeSettings, publicURL: String) {
        self.publicURL = publicURL
        self.view = view
        self.settings = settings
        self.revisions = Dictionary(
            uniqueKeysWithValues: view.revisions.map {
                (Place(stage: $0.stageName, action: $0.actionName), $0.revision)
            }
        )
        self.jobs = Dictionary(view.openJobs.map { ($0.start.id, $0) }) { _, newer in newer }
    }

    /// - Parameter run: The stage's last execution, if it had one.
    func state(of action: PenstockModel.ActionDeclaration, in stage: String, run: StageRun?) -> ActionState {
        let attempt = run?.actions.first { $0.name == action.name }?.attempt
        let revision = self.revisions[Place(stage: stage, action: action.name)]
        let configuration = attempt.flatMap { self.view.configurations[$0.id] } ?? action.configuration
        let links = self.view.actionTypes[action.typeID].map { ActionLinks($0, configuration: configuration) }
        return ActionState(
            actionName: action.name,
            currentRevision: revision.map {
                PenstockWire.ActionRevision($0, seen: attempt?.changedAt ?? self.view.readAt)
            },
            latestExecution: self.failedPoll(of: action, attempt) ?? attempt.map { self.execution($0, links) },
            entityURL: self.entityURL(of: action, attempt, links),
            revisionURL: revision.flatMap { $0.url ?? links?.revision }
        )
    }

    private func execution(_ attempt: ActionAttempt, _ links: ActionLinks?) -> ActionExecution {
        let isPending = attempt.isApproval && attempt.status == .inProgress
        let id = attempt.id.description
        return ActionExecution(
            actionExecutionID: id,
            status: PenstockWire.ActionExecutionStatus(rawValue: attempt.status.rawValue),
            summary: self.summary(of: attempt),
            lastStatusChange: isPending ? nil : WireTimestamp(attempt.changedAt),
            token: isPending ? id : nil,
            lastUpdatedBy: attempt.updatedBy,
            externalExecutionID: attempt.externalExecutionID,
            externalExecutionURL: links?.execution(externalExecutionID: attempt.externalExecutionID),
            percentComplete: attempt.percentComplete,
            errorDetails: attempt.failure.map { ErrorDetails($0) }
        )
    }

    /// What the work says of itself, and what is to be said of a worker that says nothing.
    private func summary(of attempt: ActionAttempt) -> String? {
        guard attempt.status == .inProgress else { return attempt.summary }
        let notice = self.jobs[attempt.id]?.notice(at: self.view.readAt, threshold: self.settings.silentJobThreshold)
        guard let notice else { return attempt.summary }
        return attempt.summary.map { "\($0) (\(notice))" } ?? notice
    }

    /// A source that cannot have its object starts no execution; it is shown as failed, without one, until it can.
    ///
    /// Source: captured behaviour of the live service.
    private func failedPoll(of action: PenstockModel.ActionDeclaration, _ attempt: ActionAttempt?) -> ActionExecution? {
        guard attempt == nil || attempt?.status == .succeeded, action.typeID == .s3Source,
            let failure = self.view.failedPolls[action.name]
        else { return nil }
        return ActionExecution(
            status: .failed,
            lastStatusChange: WireTimestamp(self.view.readAt),
            errorDetails: ErrorDetails(failure)
        )
    }

    private func entityURL(
        of action: PenstockModel.ActionDeclaration,
        _ attempt: ActionAttempt?,
        _ links: ActionLinks?
    ) -> String? {
        switch action.typeID {
        case .manualApproval:
            if let attempt { return attempt.entityURL }
            let link = action.configuration[key: "ExternalEntityLink"]
            return link.flatMap { $0.contains("#{") ? nil : $0 }
        case .s3Source:
            return links?.filled(self.publicURL + "/{Config:S3Bucket}/{Config:S3ObjectKey}")
        case _: return links?.entity
        }
    }
}

extension ErrorDetails {
    init(_ failure: PenstockModel.FailureDetails) { self.init(code: failure.type.rawValue, message: failure.message) }
}

extension PenstockWire.ActionRevision {
    /// The wire's form has all three members, so that what a source does not tell is filled in: the id once more, and
    /// when the revision was seen.
    fileprivate init(_ revision: PenstockModel.SourceRevision, seen: Timestamp) {
        self.init(
            revisionID: revision.revisionID,
            revisionChangeID: revision.changeID ?? revision.revisionID,
            created: WireTimestamp(revision.created ?? seen)
        )
    }
}
