// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HashTreeCollections
import PenstockArtifacts
import PenstockEngine
import PenstockModel

// MARK: - Reading

extension MemoryTransaction {
    func pipelineSummary(_ key: PipelineKey) -> PipelineSummaryRow? {
        self.lockPipeline(key).map { PipelineSummaryRow($0) }
    }

    func pipelineTags(_ key: PipelineKey) -> [KeyedValue]? { self.lockPipeline(key)?.tags }

    func pipelineSummaries(in scope: Scope, after: String, limit: Int) -> [PipelineSummaryRow] {
        let rows = self.rows.pipelines.values.lazy.map(\.row)
            .filter { $0.key.scope == scope && precedes(after, $0.key.name) }
        return rows.sorted { precedes($0.key.name, $1.key.name) }.prefix(limit).map { PipelineSummaryRow($0) }
    }

    func pipelineCount(in scope: Scope) -> Int { self.rows.pipelineIDs.keys.count { $0.scope == scope } }

    func pipelineVersion(_ version: Int, of id: PipelineID) -> PipelineVersionRow? {
        self.rows.pipelines[id]?.versions[version]
    }

    func stageEntrances(of id: PipelineID) -> [StageEntranceRow] {
        (self.rows.pipelines[id]?.entrances.values.map { $0 } ?? []).sorted { $0.stageName < $1.stageName }
    }

    func stageRuns(of id: PipelineID) -> [StageRunRow] {
        (self.rows.pipelines[id]?.stageRuns.values.map { $0 } ?? []).sorted { $0.run.stageName < $1.run.stageName }
    }

    func currentRevisions(of id: PipelineID) -> [CurrentRevisionRow] {
        (self.rows.pipelines[id]?.revisions.values.map { $0 } ?? [])
            .sorted { ($0.stageName, $0.actionName) < ($1.stageName, $1.actionName) }
    }

    func executionRow(_ id: PipelineExecutionID, of pipeline: PipelineID) -> ExecutionRow? {
        self.rows.pipelines[pipeline]?.execution(id).map { ExecutionRow($0) }
    }

    func executionRows(
        of pipeline: PipelineID,
        before: Int?,
        succeededIn: (stage: String, version: Int)?,
        limit: Int
    ) -> [ExecutionRow] {
        guard let pipeline = self.rows.pipelines[pipeline] else { return [] }
        let executions = [pipeline.live.values.map { $0 }, pipeline.archived.values.map { $0 }].joined().filter {
            guard $0.sequence < before ?? .max else { return false }
            guard let succeededIn else { return true }
            return $0.pipelineVersion == succeededIn.version
                && pipeline.successes.contains(.init(stageName: succeededIn.stage, executionID: $0.id))
        }
        return executions.sorted { $0.sequence > $1.sequence }.prefix(limit).map { ExecutionRow($0) }
    }

    func lastSuccess(in stage: String, of pipeline: PipelineID) -> ExecutionRow? {
        guard let pipeline = self.rows.pipelines[pipeline] else { return nil }
        let successes = pipeline.successes.filter { $0.stageName == stage }
        return successes.compactMap { pipeline.execution($0.executionID) }
            .max { ($0.pipelineVersion, $0.sequence) < ($1.pipelineVersion, $1.sequence) }.map { ExecutionRow($0) }
    }

    func actionExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: ActionExecutionCursor?,
        limit: Int
    ) -> [ActionExecutionRow] {
        guard let pipeline = self.rows.pipelines[pipeline] else { return [] }
        let rows = pipeline.actionExecutions.values.filter { row in
            switch selection {
            case .all: break
            case .execution(let id): guard row.start.executionID == id else { return false }
            case .latest(let id):
                guard row.start.executionID == id, !pipeline.replacedAttempts.contains(row.start.id) else {
                    return false
                }
            }
            guard let after else { return true }
            return (row.start.startedAt, row.start.id) < (after.startedAt, after.id)
        }
        let sorted = rows.sorted { ($0.start.startedAt, $0.start.id) > ($1.start.startedAt, $1.start.id) }
        return Array(sorted.prefix(limit))
    }

    func actionExecutionRow(_ id: ActionExecutionID) -> ActionExecutionRow? {
        self.rows.actionExecutions[id].flatMap { self.rows.pipelines[$0]?.actionExecutions[id] }
    }

    func endedExecutions(before: Timestamp, after: EndedExecutionRow?, limit: Int) -> [EndedExecutionRow] {
        let ended = self.rows.pipelines.values.flatMap { pipeline in
            pipeline.archived.values.lazy.filter { $0.updatedAt < before }.map { execution in
                EndedExecutionRow(
                    pipelineID: pipeline.row.id,
                    pipelineKey: pipeline.row.key,
                    id: execution.id,
                    endedAt: execution.updatedAt
                )
            }
        }
        let later = ended.filter { row in
            guard let after else { return true }
            return (row.endedAt, row.id) > (after.endedAt, after.id)
        }
        return Array(later.sorted { ($0.endedAt, $0.id) < ($1.endedAt, $1.id) }.prefix(limit))
    }

    func startToken(_ token: String, of pipeline: PipelineID, at: Timestamp) -> PipelineExecutionID? {
        guard let row = self.rows.pipelines[pipeline]?.startTokens[token], row.expires > at else { return nil }
        return row.executionID
    }

    func execution(startedBy revision: SeenRevision, of pipeline: PipelineID) -> PipelineExecutionID? {
        self.rows.pipelines[pipeline]?.seenRevisions[revision]
    }
}

// MARK: - Writing

extension MemoryTransaction {
    func lockPipeline(_ key: PipelineKey) -> PipelineRow? {
        self.rows.pipelineIDs[key].flatMap { self.rows.pipelines[$0]?.row }
    }

    func lockPipelineID(_ key: PipelineKey) -> PipelineID? { self.rows.pipelineIDs[key] }

    func insertPipeline(_ row: PipelineRow) throws -> Bool {
        guard self.rows.pipelineIDs[row.key] == nil else { return false }
        guard self.rows.pipelines[row.id] == nil else { throw constraint("a pipeline's id is used once") }
        self.rows.pipelineIDs[row.key] = row.id
        self.rows.pipelines[row.id] = .init(row: row)
        return true
    }

    func updatePipeline(_ row: PipelineRow) throws {
        try self.change(row.id) { $0.row = row }
    }

    func deletePipeline(_ id: PipelineID) {
        guard let pipeline = self.rows.pipelines[id] else { return }
        for attempt in pipeline.actionExecutions.keys { self.rows.actionExecutions[attempt] = nil }
        for rule in pipeline.ruleExecutions.keys { self.rows.ruleExecutions[rule] = nil }
        self.rows.openJobs = self.rows.openJobs.filter { $0.value.pipelineID != id }
        self.rows.endedJobs = self.rows.endedJobs.filter { $0.value.pipelineID != id }
        self.rows.timers = self.rows.timers.filter { $0.value.row.pipelineID != id }
        self.rows.pipelineIDs[pipeline.row.key] = nil
        self.rows.pipelines[id] = nil
    }

    func insertPipelineVersion(_ row: PipelineVersionRow) throws {
        try self.change(row.pipelineID) {
            let version = row.declaration.version
            guard $0.versions[version] == nil else { throw constraint("a version is written once") }
            $0.versions[version] = row
        }
    }

    func execution(_ id: PipelineExecutionID, of pipeline: PipelineID) -> PipelineExecution? {
        self.rows.pipelines[pipeline]?.execution(id)
    }

    func putExecution(_ execution: PipelineExecution, of pipeline: PipelineID) throws {
        try self.change(pipeline) {
            let id = execution.id
            guard $0.sequences[execution.sequence] ?? id == id else { throw constraint("a sequence is used once") }
            $0.sequences[execution.sequence] = id
            $0.live[id] = execution.status.isLive ? execution : nil
            $0.archived[id] = execution.status.isLive ? nil : execution
        }
    }

    func putStageEntrance(_ row: StageEntranceRow, of pipeline: PipelineID) throws {
        try self.change(pipeline) { $0.entrances[row.stageName] = row }
    }

    func putStageRun(_ row: StageRunRow, of pipeline: PipelineID) throws {
        try self.change(pipeline) { $0.stageRuns[row.run.stageName] = row }
    }

    func putCurrentRevision(_ row: CurrentRevisionRow, of pipeline: PipelineID) throws {
        try self.change(pipeline) {
            $0.revisions[.init(stageName: row.stageName, actionName: row.actionName)] = row
        }
    }

    func deleteStage(_ name: String, of pipeline: PipelineID) throws {
        try self.change(pipeline) {
            $0.entrances[name] = nil
            $0.stageRuns[name] = nil
            $0.revisions = $0.revisions.filter { $0.key.stageName != name }
        }
    }

    func insertStageSuccess(_ execution: PipelineExecutionID, stage: String, of pipeline: PipelineID) throws {
        try self.change(pipeline) {
            guard $0.execution(execution) != nil else { throw constraint("only an execution succeeds in a stage") }
            $0.successes.insert(.init(stageName: stage, executionID: execution))
        }
    }

    func insertActionExecution(_ row: ActionExecutionRow) throws {
        let id = row.start.id
        guard self.rows.actionExecutions[id] == nil else { throw constraint("an attempt is written once") }
        try self.change(row.pipelineID) {
            $0.actionExecutions[id] = row
            if let replaced = row.start.replaces { $0.replacedAttempts.insert(replaced) }
        }
        self.rows.actionExecutions[id] = row.pipelineID
    }

    func updateActionExecution(_ attempt: ActionAttempt, outputVariables: [KeyedValue]) throws {
        guard let pipeline = self.rows.actionExecutions[attempt.id] else {
            throw constraint("the attempt has no entry")
        }
        try self.change(pipeline) {
            $0.actionExecutions[attempt.id]?.attempt = attempt
            $0.actionExecutions[attempt.id]?.outputVariables = outputVariables
        }
    }

    func deleteHistory(of execution: PipelineExecutionID, of pipeline: PipelineID, limit: Int) throws -> Int {
        guard self.rows.pipelines[pipeline] != nil else { return 0 }
        var attempts: [ActionExecutionID] = []
        var rules: [RuleExecutionID] = []
        try self.change(pipeline) { pipeline in
            attempts = pipeline.actionExecutions.values.map(\.start).filter { $0.executionID == execution }
                .map(\.id).sorted().prefix(limit).map { $0 }
            rules = pipeline.ruleExecutions.values.map(\.start).filter { $0.executionID == execution }
                .map(\.id).sorted().prefix(limit - attempts.count).map { $0 }
            for id in attempts {
                pipeline.actionExecutions[id] = nil
                pipeline.replacedAttempts.remove(id)
            }
            for id in rules {
                pipeline.ruleExecutions[id] = nil
                pipeline.replacedRules.remove(id)
            }
        }
        for id in attempts { self.rows.actionExecutions[id] = nil }
        for id in rules { self.rows.ruleExecutions[id] = nil }
        return attempts.count + rules.count
    }

    func deleteExecution(_ row: ExecutionRow, succeededIn stages: [String], of pipeline: PipelineID) throws {
        try self.change(pipeline) { pipeline in
            guard pipeline.archived[row.id] != nil else { return }
            pipeline.archived[row.id] = nil
            pipeline.sequences[row.sequence] = nil
            for stage in stages { pipeline.successes.remove(.init(stageName: stage, executionID: row.id)) }
        }
    }

    func putStartToken(
        _ token: String,
        started: PipelineExecutionID,
        expires: Timestamp,
        of pipeline: PipelineID
    ) throws {
        try self.change(pipeline) { $0.startTokens[token] = .init(executionID: started, expires: expires) }
    }

    func putSeenRevision(_ revision: SeenRevision, started: PipelineExecutionID, of pipeline: PipelineID) throws {
        try self.change(pipeline) { $0.seenRevisions[revision] = started }
    }

    func deleteStartTokens(expiredBefore: Timestamp, limit: Int) throws -> Int {
        var expired: [(expires: Timestamp, pipeline: PipelineID, token: String)] = []
        for (id, pipeline) in self.rows.pipelines {
            for (token, row) in pipeline.startTokens where row.expires < expiredBefore {
                expired.append((row.expires, id, token))
            }
        }
        let deleted = expired.sorted { $0 < $1 }.prefix(limit)
        for row in deleted { try self.change(row.pipeline) { $0.startTokens[row.token] = nil } }
        return deleted.count
    }

    /// Changes a pipeline, which must exist.
    func change(_ id: PipelineID, _ body: (inout MemoryRows.Pipeline) throws -> Void) throws {
        guard var pipeline = self.rows.pipelines[id] else { throw constraint("there is no such pipeline") }
        try body(&pipeline)
        self.rows.pipelines[id] = pipeline
    }
}
