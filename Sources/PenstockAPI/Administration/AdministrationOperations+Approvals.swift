// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension AdministrationOperations {
    func getApproval(_ input: GetApprovalInput, _ call: APICall) async throws -> PendingApproval {
        let pipeline = call.context.pipeline(input.pipelineName)
        try await call.require("GetApproval", on: .action(input.actionName, stage: input.stageName, of: pipeline))
        let request = try await self.pipelines.pendingApproval(
            call.context,
            name: input.pipelineName,
            stage: input.stageName,
            action: input.actionName,
            token: input.token
        )
        return PendingApproval(request)
    }
}

extension PendingApproval {
    fileprivate init(_ request: ApprovalRequest) {
        self.init()
        self.pipelineName = request.pipeline.name
        self.stageName = request.stageName
        self.actionName = request.actionName
        self.token = "\(request.token)"
        self.expires = WireTimestamp(request.expires)
        self.customData = request.customData
        self.externalEntityLink = request.externalEntityLink
        self.pipelineExecutionID = "\(request.execution.id)"
        self.pipelineVersion = request.execution.pipelineVersion
        self.revisions = request.revisions.map { ApprovalRevision($0) }
        self.lastRelease = request.lastRelease.map { ApprovalExecution($0) }
        self.waitingExecutionCount = request.waitingCount
        self.waitingExecutions = request.waiting.map { ApprovalExecution($0) }
    }
}

extension ApprovalRevision {
    fileprivate init(_ revision: PenstockModel.ActionRevision) {
        self.init()
        self.actionName = revision.actionName
        self.artifactName = revision.artifactName
        self.revisionID = revision.revision.revisionID
        self.revisionSummary = revision.revision.summary
        self.revisionURL = revision.revision.url
    }

    fileprivate init(_ revision: ApprovalRequest.Revision) {
        self.init(revision.current)
        self.releasedRevisionID = revision.released?.revisionID
        self.changed = revision.isChanged
    }
}

extension ApprovalExecution {
    fileprivate init(_ execution: ApprovalRequest.Execution) {
        self.init()
        self.pipelineExecutionID = "\(execution.id)"
        self.pipelineVersion = execution.pipelineVersion
        self.started = WireTimestamp(execution.startedAt)
        self.revisions = execution.revisions.map { ApprovalRevision($0) }
    }
}
