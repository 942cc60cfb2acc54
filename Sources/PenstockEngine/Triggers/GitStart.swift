// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// The one execution that an event of a repository starts in a pipeline.
public struct GitStart: Sendable, Hashable {
    public var trigger: Trigger
    /// The commit of the event for each source action that the event concerns, in declared order; the others take the
    /// newest one of their branches.
    public var boundRevisions: [ActionRevision]
    /// What events of the execution say of its trigger besides.
    public var announcedMembers: [KeyedValue]

    /// Evaluates the triggers of a pipeline, and the detection of those source actions that have none.
    ///
    /// However many of them the event meets, it starts once. `nil` when it meets none.
    /// Source: AWS CodePipeline User Guide, Automate starting pipelines using triggers and filtering.
    public init?(of declaration: PipelineDeclaration, for event: GitEvent) {
        guard let commit = event.commit else { return nil }
        var isDeclared = false
        self.boundRevisions = []
        self.announcedMembers = event.announcedMembers
        for source in (declaration.stages.first?.actions ?? []).compactMap({ ConnectionSource($0) })
        where source.isConcerned(by: event) {
            let trigger = declaration.triggers.first { $0.sourceActionName == source.actionName }
            guard trigger?.starts(source, for: event) ?? source.detects(event.change) else { continue }
            if trigger != nil { isDeclared = true }
            let revision = SourceRevision(revisionID: commit.id)
            self.boundRevisions.append(ActionRevision(actionName: source.actionName, revision: revision))
        }
        guard !self.boundRevisions.isEmpty else { return nil }
        self.trigger = Trigger(type: isDeclared ? .webhookV2 : .webhook, detail: event.triggerDetail)
    }

    /// What is asked of the pipeline.
    public func request(_ id: PipelineExecutionID) -> StartRequest {
        StartRequest(
            id: id,
            trigger: self.trigger,
            boundRevisions: self.boundRevisions,
            announcedMembers: self.announcedMembers
        )
    }
}

extension ConnectionSource {
    /// Whether the action starts by itself, without any trigger.
    fileprivate func detects(_ change: GitEvent.Change) -> Bool { self.detectsChanges && self.isPushed(by: change) }

    /// Whether the configured branch has new commits.
    fileprivate func isPushed(by change: GitEvent.Change) -> Bool {
        if case .branchPushed(let push) = change { push.branch == self.branch } else { false }
    }
}

extension TriggerDeclaration {
    /// Whether the event passes one of the filters for its kind.
    fileprivate func starts(_ source: ConnectionSource, for event: GitEvent) -> Bool {
        guard !self.hasNoFilters else { return source.isPushed(by: event.change) }
        switch event.change {
        case .branchPushed(let push): return self.push.contains { $0.passes(push) }
        case .tagPushed(let name, _): return self.push.contains { $0.passes(tag: name) }
        case .pullRequest(let pullRequest):
            guard let step = pullRequest.event(of: event.provider) else { return false }
            return self.pullRequest.contains { $0.passes(pullRequest, as: step) }
        case .branchDeleted, .tagDeleted: return false
        }
    }
}
