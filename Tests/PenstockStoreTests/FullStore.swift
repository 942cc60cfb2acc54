// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

/// Rows in every table of a store, with values that databases may get wrong.
enum FullStore {
    /// - Parameter pipelines: How many there are; each has rows in each table that hangs on pipelines.
    static func fill(_ transaction: any StoreTransaction, pipelines: Int = 3) throws {
        for number in 1...pipelines { try self.addPipeline(transaction, number) }
        try self.addCatalog(transaction)
        try self.addArtifacts(transaction)
        try self.addEvents(transaction)
        try transaction.oweEffect(EffectRow(owing: change(key: "é\u{10FFFF}")))
        _ = try transaction.claimTimers(dueBy: at(9), leaseUntil: at(19), limit: 2)
    }

    private static func addPipeline(_ transaction: any StoreTransaction, _ number: Int) throws {
        // Not in the order of the ids, so that numbers of rows and ids do not agree by chance.
        let row = pipeline(100 - number, name: "pipeline-é-\(number)")
        _ = try transaction.insertPipeline(row)
        for version in 1...2 {
            try transaction.insertPipelineVersion(
                PipelineVersionRow(
                    pipelineID: row.id, declaration: declaration(name: row.key.name, version: version),
                    document: version == 1 ? [] : [0, 255], sealedSecrets: version == 1 ? nil : [1, 2]))
        }
        let first = number * 10
        try transaction.putExecution(execution(first + 1), of: row.id)
        try transaction.putExecution(execution(first + 2, status: .succeeded), of: row.id)
        try transaction.insertStageSuccess(id(first + 2), stage: "Build", of: row.id)
        var gate = StageGate(name: "Build")
        gate.waiting = [id(first + 1)]
        try transaction.putStageEntrance(StageEntranceRow(gate), of: row.id)
        let run = StageRun(entering: declaration().stages[0], at: at(5))
        try transaction.putStageRun(StageRunRow(executionID: id(first + 1), run: run), of: row.id)
        let revision = SourceRevision(revisionID: "r", created: at(3))
        try transaction.putCurrentRevision(
            CurrentRevisionRow(stageName: "Build", actionName: "make", revision: revision), of: row.id)
        try transaction.insertActionExecution(attemptRow(start(first + 1, execution: first + 1), of: row))
        var rule = rule(first + 1, of: first + 1, at: 5)
        rule.pipelineID = row.id
        try transaction.insertRuleExecution(rule)
        let seen = SeenRevision(stageName: "Build", actionName: "make", revisionID: "", changeID: "ü")
        try transaction.putSeenRevision(seen, started: id(first + 1), of: row.id)
        try transaction.putStartToken("token", started: id(first + 1), expires: at(.max), of: row.id)
        try transaction.insertJob(job(first + 1, of: row, queryValue: "", clientID: id(7)))
        var other = job(first + 2, of: row, queue: nil)
        other.continuationToken = nil
        other.jobDeadline = nil
        try transaction.insertJob(other)
        try transaction.putTimer(timer(first + 1, due: 5, of: row))
        var watch = watch("make", of: row, key: "e\u{301}/é.zip")
        watch.poll = SourcePoll(
            due: at(3), lookedAt: at(2), failure: FailureDetails(type: .configurationError, message: "gone"))
        try transaction.replaceSourceWatches(of: row.id, with: [watch])
    }

    private static func addCatalog(_ transaction: any StoreTransaction) throws {
        let none = ArtifactCount(0, 0)
        try transaction.putActionType(
            ActionTypeRow(
                region: .default, account: .default,
                definition: ActionTypeDefinition(id: buildType, inputArtifacts: none, outputArtifacts: none),
                document: [1], tags: [KeyedValue("a", "b")], created: at(1)))
        var connection = ConnectionRow(
            clientID: id(1), scope: scope, pipelineName: "p", stageName: "s", actionName: "a", tokenHash: [9],
            created: at(-5))
        try transaction.putConnection(connection)
        connection.clientID = id(2)
        connection.actionName = "b"
        connection.boundType = buildType
        connection.revoked = at(20)
        try transaction.putConnection(connection)
        try transaction.putAccessKey(
            AccessKeyRow(
                accessKeyID: "K", account: .default, principalName: "né", isAdministrator: true, sealedSecret: [1, 0],
                policies: ["{}"], created: at(1)))
        try transaction.putSetting("empty", [])
        try transaction.putSetting("s", [0])
        for _ in 1...3 {
            try transaction.insertAuditEntry(
                AuditRow(
                    at: at(1), scope: scope, principal: "p", operation: "o", resource: "", outcome: "ok",
                    requestID: "r"))
        }
    }

    private static func addArtifacts(_ transaction: any ArtifactTransaction) throws {
        let hash = try #require(BlobHash(bytes: [UInt8](repeating: 0xFE, count: 32)))
        let key = ObjectKey(bytes: [0, 0xFF, 0x61])
        _ = try transaction.insertBucket(BucketRow(name: "b", scope: scope, created: at(1), versioning: .enabled))
        for number in 1...3 {
            let part = ObjectPart(number: 1, blob: hash, sizeBytes: 5)
            try transaction.insertVersion(
                ObjectVersionRow(
                    bucket: "b", key: key, versionID: VersionID("\(number)"), isDeleteMarker: number == 2,
                    sizeBytes: 5, etag: "e", lastModified: at(1),
                    details: ObjectDetails(parts: number == 2 ? [] : [part])))
        }
        // A number that is given out once more than there are rows.
        try transaction.deleteVersion(VersionID("3"), of: key, in: "b")
        try transaction.insertUpload(
            UploadRow(uploadID: "u", bucket: "b", key: key, initiated: at(1), details: ObjectDetails()))
        try transaction.putPart(
            PartRow(
                uploadID: "u", number: 2, blob: hash, sizeBytes: 5, etag: "e",
                checksum: ObjectChecksum(algorithm: .crc32, value: "AAAA"), lastModified: at(1)))
        try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: 2, at: at(1))
        let other = try #require(BlobHash(bytes: [UInt8](repeating: 0x7F, count: 32)))
        _ = try transaction.reserveBlob(other, sizeBytes: 0, generation: UniqueID(high: 1, low: .max), at: at(1))
        for high in [UInt64.max, 0] {
            let name = BlobName(hash: hash, generation: UniqueID(high: high, low: 1))
            try transaction.insertCondemnedBlob(CondemnedBlobRow(name: name, sizeBytes: 5))
        }
    }

    private static func addEvents(_ transaction: any StoreTransaction) throws {
        let message = EventMessage(
            id: UniqueID(high: 0, low: 1), kind: .approval, pipeline: PipelineKey(scope: scope, name: "p"), at: at(1),
            detailType: "t", subject: "s", detail: "{}")
        let queue = EventQueue(target: "hook", pipelineID: id(1))
        for _ in 1...3 { _ = try transaction.enqueueEvent(.message(message), in: queue, at: at(1), maximumLength: 9) }
        let first = try #require(
            try transaction.claimEvents(for: "hook", at: at(1), leaseUntil: at(2), limit: 9).first)
        _ = try transaction.settleEvent(first, at: at(1))
        try transaction.insertDeadLetter(
            DeadLetterRow(queue: queue, event: .unreadable([0xFF], reason: ""), diedAt: at(1), attempts: 1, reason: "r")
        )
    }
}
