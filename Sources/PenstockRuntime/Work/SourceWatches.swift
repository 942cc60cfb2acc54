// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore

/// Which objects start a pipeline, and the executions that they start.
struct SourceWatches {
    let context: RuntimeContext
    let pipeline: PipelineRow

    /// The source actions that a change of their object starts: polling is on unless it is switched off.
    static func watched(in declaration: PipelineDeclaration) -> [(action: ActionDeclaration, location: ObjectLocation)]
    {
        declaration.stages.first?.actions.compactMap { action in
            guard action.typeID == .s3Source, Self.polls(action),
                let bucket = action.configuration[key: "S3Bucket"], let key = action.configuration[key: "S3ObjectKey"]
            else { return nil }
            return (action, ObjectLocation(bucket: bucket, key: key))
        } ?? []
    }

    /// Absent or `true` in any letter case. Source: captured behaviour of the live service.
    static func polls(_ action: ActionDeclaration) -> Bool {
        action.configuration[key: "PollForSourceChanges"].map { $0.lowercased() == "true" } ?? true
    }

    /// Writes what the declaration watches.
    func replace(for declaration: PipelineDeclaration, in transaction: any StoreTransaction) throws {
        let rows = Self.watched(in: declaration).map { watched in
            SourceWatchRow(
                bucket: watched.location.bucket,
                objectKey: watched.location.key,
                pipelineID: self.pipeline.id,
                pipelineKey: self.pipeline.key,
                actionName: watched.action.name
            )
        }
        try transaction.replaceSourceWatches(of: self.pipeline.id, with: rows)
    }

    /// Starts what a new pipeline starts with: one execution for each polling source whose object is there, or, when
    /// nothing polls, one for the creation.
    func startFirst(
        _ commit: PipelineCommit,
        _ declaration: PipelineDeclaration,
        createdBy principal: String
    ) throws {
        var commit = commit
        let watched = Self.watched(in: declaration)
        if watched.isEmpty {
            try commit.apply(.start(self.request(Trigger(type: .createPipeline, detail: principal))))
        }
        for entry in watched {
            let latest = try commit.transaction.latestVersion(
                of: ObjectKey(entry.location.key),
                in: entry.location.bucket
            )
            guard let latest, !latest.isDeleteMarker else { continue }
            try self.start(for: entry.action.name, revision: latest.revisionID, &commit)
        }
    }

    /// Starts the pipeline for a revision that its source action has not seen.
    func start(for action: String, revision: String, _ commit: inout PipelineCommit) throws {
        let bound = ActionRevision(actionName: action, revision: SourceRevision(revisionID: revision))
        try commit.apply(
            .start(self.request(Trigger(type: .pollForSourceChanges, detail: action), boundRevisions: [bound]))
        )
        try commit.transaction.putSourceCursor(revision, of: self.pipeline.id, actionName: action)
    }

    private func request(_ trigger: Trigger, boundRevisions: [ActionRevision] = []) -> StartRequest {
        StartRequest(
            id: PipelineExecutionID(self.context.identifiers(1)[0]),
            trigger: trigger,
            boundRevisions: boundRevisions
        )
    }
}
