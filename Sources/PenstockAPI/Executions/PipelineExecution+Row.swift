// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockEngine
internal import PenstockModel
internal import PenstockStore
internal import PenstockWire

extension PenstockWire.PipelineExecution {
    /// - Parameter pipeline: The name, which the row does not have.
    init(_ row: ExecutionRow, of pipeline: String) {
        self.init(
            pipelineName: pipeline,
            pipelineVersion: row.pipelineVersion,
            pipelineExecutionID: row.id.description,
            status: PenstockWire.PipelineExecutionStatus(rawValue: row.status.rawValue),
            statusSummary: row.statusSummary,
            artifactRevisions: row.sourceRevisions.compactMap { ArtifactRevision($0) },
            variables: row.variables.isEmpty
                ? nil : row.variables.map { ResolvedPipelineVariable(name: $0.key, resolvedValue: $0.value) },
            trigger: ExecutionTrigger(row.trigger),
            executionMode: WireExecutionMode(rawValue: row.mode.rawValue),
            executionType: row.rollbackTarget.map { _ in .rollback },
            rollbackMetadata: row.rollbackTarget.map { .init(rollbackTargetPipelineExecutionID: $0.description) }
        )
    }
}

extension PipelineExecutionSummary {
    init(_ row: ExecutionRow) {
        self.init(
            pipelineExecutionID: row.id.description,
            status: PenstockWire.PipelineExecutionStatus(rawValue: row.status.rawValue),
            statusSummary: row.statusSummary,
            startTime: WireTimestamp(row.startedAt),
            lastUpdateTime: WireTimestamp(row.updatedAt),
            sourceRevisions: row.revisionsByAction.map { PenstockWire.SourceRevision($0) },
            trigger: ExecutionTrigger(row.trigger),
            stopTrigger: row.stop?.reason.map { StopExecutionTrigger(reason: $0) },
            executionMode: WireExecutionMode(rawValue: row.mode.rawValue),
            executionType: row.rollbackTarget.map { _ in .rollback },
            rollbackMetadata: row.rollbackTarget.map { .init(rollbackTargetPipelineExecutionID: $0.description) }
        )
    }
}

extension ExecutionRow {
    /// Of each source action one, however many outputs it has.
    fileprivate var revisionsByAction: [PenstockModel.ActionRevision] {
        var seen: Set<String> = []
        return self.sourceRevisions.filter { seen.insert($0.actionName).inserted }
    }
}

extension ExecutionTrigger {
    fileprivate init(_ trigger: Trigger) {
        self.init(
            triggerType: PenstockWire.TriggerType(rawValue: trigger.type.rawValue),
            triggerDetail: trigger.detail
        )
    }
}

extension ArtifactRevision {
    /// `nil` for a source without an output artifact.
    fileprivate init?(_ source: PenstockModel.ActionRevision) {
        guard let name = source.artifactName else { return nil }
        self.init(
            name: name,
            revisionID: source.revision.revisionID,
            revisionChangeIdentifier: source.revision.changeID,
            revisionSummary: source.revision.summary,
            created: source.revision.created.map { WireTimestamp($0) },
            revisionURL: source.revision.url
        )
    }
}

extension PenstockWire.SourceRevision {
    fileprivate init(_ source: PenstockModel.ActionRevision) {
        self.init(
            actionName: source.actionName,
            revisionID: source.revision.revisionID,
            revisionSummary: source.revision.summary,
            revisionURL: source.revision.url
        )
    }
}
