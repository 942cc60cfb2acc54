// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockStore

/// The message that asks for an approval: the documented members, then ours.
///
/// Source: AWS CodePipeline User Guide, JSON data format for manual approval notifications.
extension ApprovalRequest {
    /// What requests for approval are called where events have types.
    package static let detailType = "CodePipeline Manual Approval Requested"
    /// The most Unicode scalars of what the declaration adds.
    package static let maximumTextLength = 4096
    /// The most Unicode scalars of a revision's summary.
    package static let maximumSummaryLength = 256
    /// Revisions that are shown of one execution; together with the other limits it keeps messages below 256 KiB.
    package static let maximumRevisions = 10
    /// The most Unicode scalars of a revision's id where an execution is only mentioned.
    package static let maximumMentionLength = 128

    /// - Parameters:
    ///   - id: Fresh; repeats of the message keep it.
    ///   - publicURL: Where links to the service start.
    package func message(id: UniqueID, at now: Timestamp, publicURL: String) -> EventMessage {
        EventMessage(
            id: id,
            kind: .approval,
            pipeline: self.pipeline,
            at: now,
            detailType: Self.detailType,
            subject: "\(self.pipeline.name)/\(self.stageName)/\(self.actionName) APPROVAL NEEDED",
            detail: self.document(publicURL: publicURL).rendered
        )
    }

    private func document(publicURL: String) -> JSONValue {
        let page = "\(publicURL)/console/pipelines/\(self.pipeline.name)/view"
        let review = "\(page)/\(self.stageName)/\(self.actionName)/approve/\(self.token)"
        return .object([
            JSONValue.Member("region", self.pipeline.scope.region.rawValue),
            JSONValue.Member("consoleLink", page),
            JSONValue.Member(
                "approval",
                .object([
                    JSONValue.Member("pipelineName", self.pipeline.name),
                    JSONValue.Member("stageName", self.stageName),
                    JSONValue.Member("actionName", self.actionName),
                    JSONValue.Member("token", self.token.description),
                    JSONValue.Member("expires", self.expires.textWithMinutes),
                    JSONValue.Member("externalEntityLink", self.externalEntityLink?.cut(to: Self.maximumTextLength)),
                    JSONValue.Member("approvalReviewLink", review),
                    JSONValue.Member("customData", self.customData?.cut(to: Self.maximumTextLength)),
                    JSONValue.Member("pipelineExecutionId", self.execution.id.description),
                    JSONValue.Member("pipelineVersion", .whole(self.execution.pipelineVersion)),
                    JSONValue.Member("revisions", .list(self.revisions.prefix(Self.maximumRevisions).map(\.json))),
                    JSONValue.Member("lastRelease", self.lastRelease?.json),
                    JSONValue.Member("waitingExecutionCount", .whole(self.waitingCount)),
                    JSONValue.Member("waitingExecutions", .list(self.waiting.map(\.json))),
                ])),
        ])
    }
}

extension ApprovalRequest.Revision {
    fileprivate var json: JSONValue {
        let revision = self.current.revision
        return .object([
            JSONValue.Member("actionName", self.current.actionName),
            JSONValue.Member("artifactName", self.current.artifactName),
            JSONValue.Member("revisionId", revision.revisionID),
            JSONValue.Member("revisionSummary", revision.summary?.cut(to: ApprovalRequest.maximumSummaryLength)),
            JSONValue.Member("revisionUrl", revision.url),
            JSONValue.Member("releasedRevisionId", self.released?.revisionID),
            JSONValue.Member("changed", .json(self.isChanged ? "true" : "false")),
        ])
    }
}

extension ApprovalRequest.Execution {
    fileprivate var json: JSONValue {
        .object([
            JSONValue.Member("pipelineExecutionId", self.id.description),
            JSONValue.Member("pipelineVersion", .whole(self.pipelineVersion)),
            JSONValue.Member("startTime", self.startedAt.textWithMilliseconds),
            JSONValue.Member(
                "revisions", .list(self.revisions.prefix(ApprovalRequest.maximumRevisions).map(Self.mention))),
        ])
    }

    private static func mention(_ revision: ActionRevision) -> JSONValue {
        .object([
            JSONValue.Member("actionName", revision.actionName),
            JSONValue.Member(
                "revisionId", revision.revision.revisionID.cut(to: ApprovalRequest.maximumMentionLength)),
        ])
    }
}
