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
        self.objects(in: declaration).filter { self.polls($0.action) }
    }

    /// The source actions that take an object which can be there.
    private static func objects(
        in declaration: PipelineDeclaration
    ) -> [(action: ActionDeclaration, location: ObjectLocation)] {
        declaration.stages.first?.actions.compactMap { action in
            guard action.typeID == .s3Source,
                let bucket = action.configuration[key: "S3Bucket"], let key = action.configuration[key: "S3ObjectKey"]
            else { return nil }
            let location = ObjectLocation(bucket: bucket, key: key)
            return location.canExist ? (action, location) : nil
        } ?? []
    }

    /// Absent or `true` in any letter case. Source: captured behaviour of the live service.
    static func polls(_ action: ActionDeclaration) -> Bool {
        action.configuration[key: "PollForSourceChanges"].map { $0.lowercased() == "true" } ?? true
    }

    /// Writes what the declaration watches. A watch that is switched off stays with its cursor, so that it goes on from
    /// there when it is switched on again; one that never polled begins when it does.
    private func replace(for declaration: PipelineDeclaration, in transaction: any StoreTransaction) throws {
        let former = try transaction.sourceWatches(of: self.pipeline.id)
        let now = self.context.clock.now
        let rows = Self.objects(in: declaration).compactMap { object -> SourceWatchRow? in
            var row = SourceWatchRow(
                bucket: object.location.bucket,
                objectKey: object.location.key,
                pipelineID: self.pipeline.id,
                pipelineKey: self.pipeline.key,
                actionName: object.action.name,
                polls: Self.polls(object.action)
            )
            let same = former.first { $0.watchesSame(as: row) }
            if self.context.probe?.covers(object.location) == true {
                row.poll = SourcePoll(due: now, lookedAt: same?.poll?.lookedAt, failure: same?.poll?.failure)
            }
            return row.polls || same != nil ? row : nil
        }
        try transaction.replaceSourceWatches(of: self.pipeline.id, with: rows)
        if rows.contains(where: { $0.poll != nil }) { transaction.signal(.sourceWatched) }
    }

    /// Writes what a new pipeline watches and starts what it starts with: one execution for each polling source whose
    /// object is there, or, when nothing polls, one for the creation. Objects that are polled are looked at right after.
    func begin(_ commit: PipelineCommit, _ declaration: PipelineDeclaration, createdBy principal: String) throws {
        var commit = commit
        try self.replace(for: declaration, in: commit.transaction)
        if Self.watched(in: declaration).isEmpty {
            try commit.apply(.start(self.request(Trigger(type: .createPipeline, detail: principal))))
        } else {
            try self.startUnseen(of: declaration, &commit)
        }
    }

    /// Writes what another version watches, and starts what its sources have not seen: another object, or whatever was
    /// put while they did not poll.
    func update(to declaration: PipelineDeclaration, _ commit: inout PipelineCommit) throws {
        try self.replace(for: declaration, in: commit.transaction)
        try self.startUnseen(of: declaration, &commit)
    }

    /// Starts one execution for each polling source whose object is there in a revision that it has not seen.
    private func startUnseen(of declaration: PipelineDeclaration, _ commit: inout PipelineCommit) throws {
        let watches = try commit.transaction.sourceWatches(of: self.pipeline.id)
        for (action, _) in Self.watched(in: declaration) {
            guard let watch = watches.first(where: { $0.actionName == action.name }) else { continue }
            // Whoever puts the object now sees the watch, or is seen here.
            try commit.transaction.lockKeys([ObjectKey(watch.objectKey)], in: watch.bucket)
            try self.startIfUnseen(watch, &commit)
        }
    }

    /// Starts the pipeline for the revision that the object of the service's own store has now, if the source action polls
    /// and has not seen it.
    func startIfUnseen(_ watch: SourceWatchRow, _ commit: inout PipelineCommit) throws {
        guard watch.isActive, watch.poll == nil else { return }
        let location = ObjectLocation(bucket: watch.bucket, key: watch.objectKey)
        let object = try SourceObject(at: location, for: self.pipeline.key.scope, in: commit.transaction)
        try self.startIfUnseen(watch, object, &commit)
    }

    /// Starts the pipeline for the revision that was found, if the source action polls and has not seen it.
    func startIfUnseen(_ watch: SourceWatchRow, _ object: SourceObject, _ commit: inout PipelineCommit) throws {
        guard watch.isActive, let revision = object.revision, revision != watch.cursor else { return }
        let bound = ActionRevision(actionName: watch.actionName, revision: SourceRevision(revisionID: revision))
        let trigger = Trigger(type: .pollForSourceChanges, detail: watch.actionName)
        try commit.apply(.start(self.request(trigger, boundRevisions: [bound])))
        try commit.transaction.putSourceCursor(revision, of: self.pipeline.id, actionName: watch.actionName)
    }

    /// Takes in that an execution has taken a revision, so that the revision starts no other. One that is not the newest
    /// any more says nothing of what came after it; while there is no object, nothing has come after.
    ///
    /// - Parameter start: When the attempt that took it started. Of an object that is polled the newest is not known; what
    ///   was taken after the last look is no older than what was seen then.
    func noteRevision(
        _ revision: String,
        of actionName: String,
        takenAfter start: Timestamp?,
        in transaction: any StoreTransaction
    ) throws {
        let watch = try transaction.sourceWatches(of: self.pipeline.id).first { $0.actionName == actionName }
        guard let watch, watch.cursor != revision else { return }
        if let poll = watch.poll {
            guard let start, poll.lookedAt.map({ $0 <= start }) ?? true else { return }
            return try transaction.putSourceCursor(revision, of: self.pipeline.id, actionName: actionName)
        }
        let location = ObjectLocation(bucket: watch.bucket, key: watch.objectKey)
        let object = try SourceObject(at: location, for: self.pipeline.key.scope, in: transaction)
        guard object.revision ?? revision == revision else { return }
        try transaction.putSourceCursor(revision, of: self.pipeline.id, actionName: actionName)
    }

    private func request(_ trigger: Trigger, boundRevisions: [ActionRevision] = []) -> StartRequest {
        StartRequest(
            id: PipelineExecutionID(self.context.identifiers(1)[0]),
            trigger: trigger,
            boundRevisions: boundRevisions
        )
    }
}

extension SourceWatchRow {
    /// Whether it is the same action's watch of the same object.
    fileprivate func watchesSame(as other: Self) -> Bool {
        self.actionName == other.actionName && self.bucket == other.bucket && self.objectKey == other.objectKey
    }
}

extension ObjectLocation {
    /// The size of the longest name that a bucket has anywhere, in bytes: the first ones of Amazon S3 had as much.
    private static let maximumBucketBytes = 255

    /// Whether an object can be there in any store. Of others there is nothing to watch.
    fileprivate var canExist: Bool {
        self.bucket.utf8.count <= Self.maximumBucketBytes && !self.bucket.utf8.contains(0)
            && self.key.utf8.count <= ObjectKey.maximumSizeBytes
    }
}
