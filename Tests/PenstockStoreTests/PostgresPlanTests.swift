// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockStore
import Testing

@testable import PenstockPostgres

/// How PostgreSQL finds the rows: a statement that reads a whole table works in every test and fails its operator a year
/// later.
@Suite(.enabled(if: PostgresCluster.isExpected, "PostgreSQL is not installed"))
struct PostgresPlanTests {
    @Test func `Every statement finds its rows by an index`() async throws {
        try await withPostgresDatabase { configuration in
            var configuration = configuration
            // All statements are prepared on one connection, where their plans can be asked for.
            configuration.maximumConnections = 1
            let store = try await PostgresStore(testing: configuration)
            try await store.write { transaction in
                try Self.callEverything(transaction)
                try Self.addJobs(transaction)
            }
            let plans = try await store.write { transaction in
                try Self.plans(try #require(transaction as? PostgresTransaction))
            }
            #expect(plans.count > 80)
            for (statement, plan) in plans {
                let problems = Self.problems(in: plan)
                #expect(problems.isEmpty, "\(statement)\n\(plan.joined(separator: "\n"))")
            }
            await store.close()
        }
    }

    /// The plan of each statement that the connection has prepared, for parameters that are not known. What is asked about
    /// the database and its servers, a handful of rows, is left out. Reading whole
    /// tables and joining by way of them, which is best while they are small, is only for what cannot do otherwise.
    private static func plans(_ transaction: PostgresTransaction) throws -> [(String, [String])] {
        for command in [
            "ANALYZE job", "SET LOCAL plan_cache_mode = force_generic_plan", "SET LOCAL enable_seqscan = off",
            "SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off",
        ] {
            _ = try transaction.change(command, [])
        }
        let statements = try transaction.rows(
            "SELECT name, statement, cardinality(parameter_types)::bigint FROM pg_prepared_statements", []
        ) { (try $0.text(), try $0.text(), try $0.int()) }
        return try statements.compactMap { name, statement, count in
            let verb = statement.prefix { $0 != " " && $0 != "\n" }
            let isPlanned = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"].contains(verb)
            guard isPlanned, !statement.contains("pg_"), !statement.contains("penstock_") else { return nil }
            let parameters = count == 0 ? "" : "(\(Array(repeating: "NULL", count: count).joined(separator: ", ")))"
            let plan = try transaction.rows("EXPLAIN (COSTS OFF) EXECUTE \(name)\(parameters)", []) { try $0.text() }
            return (statement, plan)
        }
    }

    /// Nodes that read a whole table, or a whole index that holds more than what is asked for.
    private static func problems(in plan: [String]) -> [String] {
        plan.indices.filter { index in
            let line = plan[index]
            if line.contains("Seq Scan on") { return true }
            guard line.contains("Index Scan") || line.contains("Index Only Scan") else { return false }
            // The conditions of a node follow it, and are no nodes.
            let details = plan[(index + 1)...].prefix { !$0.contains("->") }
            let isWhole = !details.contains { $0.contains("Index Cond:") }
            // These hold nothing but what is asked for, in the order in which it is.
            let exact = ["timer_free", "timer_leased", "effect_free", "effect_leased", "source_watch_polled"]
            return isWhole && !exact.contains { line.contains($0) }
        }.map { plan[$0] }
    }

    /// Calls every method of a transaction, so that each of its statements is prepared.
    private static func callEverything(_ transaction: any StoreTransaction) throws {
        try self.callPipelines(transaction)
        try self.callJobs(transaction)
        try self.callWork(transaction)
        try self.callEvents(transaction)
        try self.callCatalog(transaction)
        try self.callArtifacts(transaction)
    }

    /// Of jobs there are several indexes to choose from, and in an empty table one is as good as another.
    private static func addJobs(_ transaction: any StoreTransaction) throws {
        for number in 2...20 {
            let account = try #require(AccountID("\(111_111_111_100 + number)"))
            let row = pipeline(number, in: Scope(account: account, region: .default))
            _ = try transaction.insertPipeline(row)
            for index in 0..<20 { try transaction.insertJob(job(number * 100 + index, of: row)) }
        }
    }

    private static func callPipelines(_ transaction: any StoreTransaction) throws {
        let row = pipeline()
        _ = try transaction.insertPipeline(row)
        // Before it is locked, and after.
        try transaction.updatePipeline(row)
        try transaction.updatePipeline(try #require(try transaction.lockPipeline(row.key)))
        try transaction.insertPipelineVersion(
            PipelineVersionRow(pipelineID: row.id, declaration: declaration(), document: [1], sealedSecrets: nil)
        )
        _ = try transaction.lockPipelineID(row.key)
        _ = try transaction.pipelineSummary(row.key)
        _ = try transaction.pipelineSummaries(in: scope, after: "", limit: 9)
        _ = try transaction.pipelineCount(in: scope)
        _ = try transaction.pipelineVersion(1, of: row.id)
        for status in [PipelineExecutionStatus.inProgress, .succeeded] {
            try transaction.putExecution(execution(1, status: status), of: row.id)
            _ = try transaction.execution(id(1), of: row.id)
        }
        _ = try transaction.executionRow(id(1), of: row.id)
        for before in [nil, 9] {
            _ = try transaction.executionRows(of: row.id, before: before, succeededIn: nil, limit: 9)
            _ = try transaction.executionRows(of: row.id, before: before, succeededIn: ("Build", 1), limit: 9)
        }
        try transaction.insertStageSuccess(id(1), stage: "Build", of: row.id)
        _ = try transaction.lastSuccess(in: "Build", of: row.id)
        _ = try transaction.stageEntrances(of: row.id)
        _ = try transaction.stageRuns(of: row.id)
        _ = try transaction.currentRevisions(of: row.id)
        try transaction.deleteStage("Build", of: row.id)
        try transaction.insertActionExecution(attemptRow(start(1), of: row))
        try transaction.updateActionExecution(attemptRow(start(1), of: row).attempt, outputVariables: [])
        _ = try transaction.actionExecutionRow(id(1))
        let cursor = ActionExecutionCursor(startedAt: at(9), id: id(9))
        for selection in [HistorySelection.all, .execution(id(1)), .latest(id(1))] {
            for after in [nil, cursor] {
                _ = try transaction.actionExecutionRows(of: row.id, selection, after: after, limit: 9)
            }
        }
        let ended = try transaction.endedExecutions(before: at(99), after: nil, limit: 9)
        _ = try transaction.endedExecutions(before: at(99), after: ended.first, limit: 9)
        _ = try transaction.deleteHistory(of: id(1), of: row.id, limit: 9)
        try transaction.deleteExecution(ExecutionRow(execution(1)), succeededIn: ["Build"], of: row.id)
        try transaction.putStartToken("token", started: id(1), expires: at(9), of: row.id)
        _ = try transaction.startToken("token", of: row.id, at: at(5))
        _ = try transaction.deleteStartTokens(expiredBefore: at(1), limit: 9)
    }

    private static func callJobs(_ transaction: any StoreTransaction) throws {
        let row = pipeline()
        try transaction.insertJob(job(1, of: row))
        try transaction.updateJob(job(1, of: row).job, clientID: nil)
        _ = try transaction.job(id(1))
        _ = try transaction.connectedJob(id(1))
        _ = try transaction.openJobs(of: row.id)
        for cursor in [nil, JobCursor(createdAt: at(1), id: id(1))] {
            _ = try transaction.openJobs(in: scope, after: cursor, limit: 9)
        }
        _ = try transaction.pollableQueues()
        let locked = try #require(try transaction.lockJob(id(1)))
        _ = try transaction.lockConnectedJob(id(1))
        for withConnection in [false, true] { _ = try transaction.lockWork(of: id(1), withConnection: withConnection) }
        _ = try transaction.lockOpenJob(of: locked.start.id)
        for value in [nil, "value"] {
            for needsConnection in [false, true] {
                let claim = JobClaim(queue: buildQueue, queryValue: value, needsConnection: needsConnection, limit: 9)
                _ = try transaction.claimJobs(claim, at: at(99))
            }
        }
        try transaction.updateJob(locked.job, clientID: nil)
        _ = try transaction.connectJobs(
            scope: scope, pipelineName: "p", stageName: "s", actionName: "a", to: id(1)
        )
        _ = try transaction.deleteJobs(endedBefore: at(1), limit: 9)
    }

    private static func callWork(_ transaction: any StoreTransaction) throws {
        let row = pipeline()
        let timer = timer(1, due: 5, of: row)
        try transaction.putTimer(timer)
        _ = try transaction.earliestTimer()
        _ = try transaction.earliestLapse()
        _ = try transaction.claimTimers(dueBy: at(9), leaseUntil: at(19), limit: 9)
        _ = try transaction.holdsTimer(timer.key, fence: 1)
        try transaction.deleteTimer(timer.key)
        try transaction.oweEffect(EffectRow(owing: change()))
        let effects = try transaction.claimEffects(at: at(9), leaseUntil: at(19), limit: 9)
        _ = try transaction.settleEffect(try #require(effects.first).row.id, fence: 1)
        try transaction.replaceSourceWatches(of: row.id, with: [watch("source", of: row)])
        try transaction.putSourceCursor("r", of: row.id, actionName: "source")
        try transaction.putSourcePoll(SourcePoll(due: at(3)), of: row.id, actionName: "source")
        _ = try transaction.earliestSourcePoll()
        _ = try transaction.claimSourcePolls(dueBy: at(5), leaseUntil: at(9), limit: 9)
        try transaction.disablePolling(of: row.id, at: at(9))
        _ = try transaction.sourceWatches(bucket: "bucket", objectKey: "k", in: scope)
        _ = try transaction.sourceWatches(of: row.id)
    }

    private static func callEvents(_ transaction: any StoreTransaction) throws {
        let message = EventMessage(
            id: UniqueID(high: 0, low: 1), kind: .approval, pipeline: PipelineKey(scope: scope, name: "p"), at: at(1),
            detailType: "t", subject: "s", detail: "{}")
        let queue = EventQueue(target: "hook", pipelineID: id(1))
        for _ in 1...2 { _ = try transaction.enqueueEvent(.message(message), in: queue, at: at(1), maximumLength: 9) }
        _ = try transaction.nextEventDue(for: "hook")
        _ = try transaction.eventTarget(after: "")
        _ = try transaction.eventBacklog(of: "hook")
        for _ in 1...2 {
            let event = try #require(
                try transaction.claimEvents(for: "hook", at: at(1), leaseUntil: at(2), limit: 9).first)
            _ = try transaction.settleEvent(event, at: at(1))
            _ = try transaction.postponeEvent(event, until: at(1), reason: "r")
        }
        try transaction.insertDeadLetter(
            DeadLetterRow(queue: queue, event: .message(message), diedAt: at(1), attempts: 1, reason: "r"))
        for target in ["hook", nil] { _ = try transaction.deadLetters(of: target, after: 0, limit: 9) }
        _ = try transaction.deadLetter(1)
        _ = try transaction.deleteDeadLetter(1)
        _ = try transaction.deleteDeadLetters(diedBefore: at(1), limit: 9)
    }

    private static func callCatalog(_ transaction: any StoreTransaction) throws {
        _ = try transaction.customActionType(buildType, in: scope)
        _ = try transaction.partnerActionType(buildType, in: .default)
        // The second time it is known.
        let none = ArtifactCount(0, 0)
        let definition = ActionTypeDefinition(id: buildType, inputArtifacts: none, outputArtifacts: none)
        try transaction.putActionType(
            ActionTypeRow(
                region: .default, account: .default, definition: definition, document: [], tags: [], created: at(1)))
        for _ in 1...2 { _ = try transaction.jobType(buildType, in: scope) }
        _ = try transaction.actionTypes(in: scope)
        _ = try transaction.customActionTypeCount(in: scope)
        _ = try transaction.connection(id(1))
        _ = try transaction.lockConnection(id(1))
        try transaction.bindConnection(id(1), to: buildType)
        _ = try transaction.liveConnection(scope: scope, pipelineName: "p", stageName: "s", actionName: "a")
        _ = try transaction.connections(in: scope)
        _ = try transaction.accessKey("K")
        _ = try transaction.accessKeys(of: .default)
        _ = try transaction.insertSetting("s", [1])
        try transaction.putSetting("s", [1])
        _ = try transaction.setting("s")
        try transaction.insertAuditEntry(
            AuditRow(
                at: at(1), scope: scope, principal: "p", operation: "o", resource: "", outcome: "ok", requestID: "r")
        )
        _ = try transaction.auditEntries(of: .default, limit: 9)
        _ = try transaction.deleteAuditEntries(before: at(1), after: 0, limit: 9)
    }

    private static func callArtifacts(_ transaction: any ArtifactTransaction) throws {
        let bucket = BucketRow(name: "b", scope: scope, created: at(1))
        let (key, end) = (ObjectKey("k"), ObjectKey("l"))
        let hash = try #require(BlobHash(bytes: [UInt8](repeating: 7, count: 32)))
        _ = try transaction.insertBucket(bucket)
        for use in [BucketUse.read, .writeBeneath, .change] { _ = try transaction.bucket("b", for: use) }
        _ = try transaction.buckets(in: scope)
        try transaction.updateBucket(bucket)
        try transaction.lockKeys([key], in: "b")
        try transaction.insertVersion(
            ObjectVersionRow(
                bucket: "b", key: key, versionID: .null, sizeBytes: 1, etag: "e", lastModified: at(1),
                details: ObjectDetails()
            )
        )
        _ = try transaction.latestVersion(of: key, in: "b")
        _ = try transaction.version(.null, of: key, in: "b")
        for prefix in [ObjectKey.first, key] {
            for from in [ObjectKey.first, end] {
                _ = try transaction.latestVersions(in: "b", prefix: prefix, from: from, limit: 9)
                _ = try transaction.versions(in: "b", prefix: prefix, from: from, below: nil, limit: 9)
                _ = try transaction.versions(in: "b", prefix: prefix, from: from, below: 9, limit: 9)
                _ = try transaction.uploads(in: "b", prefix: prefix, from: from, after: "u", limit: 9)
            }
        }
        try transaction.insertUpload(
            UploadRow(uploadID: "u", bucket: "b", key: key, initiated: at(1), details: ObjectDetails())
        )
        for lock in [false, true] { _ = try transaction.upload("u", lock: lock) }
        _ = try transaction.oldestUploads(after: "", limit: 9)
        try transaction.putPart(
            PartRow(uploadID: "u", number: 1, blob: hash, sizeBytes: 1, etag: "e", checksum: nil, lastModified: at(1))
        )
        _ = try transaction.part(1, ofUpload: "u")
        _ = try transaction.parts(ofUpload: "u", after: 0, limit: 9)
        try transaction.deleteUpload("u")
        try transaction.changeReferences(toBlob: hash, sizeBytes: 1, by: 0, at: at(1))
        _ = try transaction.blob(hash)
        _ = try transaction.unreferencedBlobs(changedBefore: at(9), limit: 9)
        _ = try transaction.forgetBlob(hash, changedBefore: at(9))
        let name = BlobName(hash: hash, generation: UniqueID(high: 1, low: 1))
        _ = try transaction.reserveBlob(hash, sizeBytes: 1, generation: name.generation, at: at(1))
        _ = try transaction.condemnBlob(name, changedBefore: at(9))
        _ = try transaction.condemnedBlobs(after: .least, limit: 9)
        try transaction.deleteCondemnedBlob(name)
        _ = try transaction.hasBlobs()
        _ = try transaction.jobAcceptsWrites(id(1), dispatch: 1)
        try transaction.oweSourceEvent(change())
        try transaction.deleteVersion(.null, of: key, in: "b")
        _ = try transaction.bucketHasContent("b")
        try transaction.deleteBucket("b")
    }
}
