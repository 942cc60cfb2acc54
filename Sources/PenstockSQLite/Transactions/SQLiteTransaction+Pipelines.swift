// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

// MARK: - Pipelines

extension SQLiteTransaction {
    func pipelineSummary(_ key: PipelineKey) throws -> PipelineSummaryRow? {
        let scope = key.scope
        return try self.connection.first(
            .pipelineSummary, .text(scope.account.rawValue), .text(scope.region.rawValue), .text(key.name)
        ) { try Self.summary($0, in: scope) }
    }

    func pipelineTags(_ key: PipelineKey) throws -> [KeyedValue]? {
        let scope = key.scope
        return try self.connection.first(
            .pipelineTags, .text(scope.account.rawValue), .text(scope.region.rawValue), .text(key.name)
        ) { try [KeyedValue](storedBytes: $0.blob(0)) }
    }

    func pipelineSummaries(in scope: Scope, after: String, limit: Int) throws -> [PipelineSummaryRow] {
        try self.connection.rows(
            .pipelineSummaries,
            .text(scope.account.rawValue), .text(scope.region.rawValue), .text(after), .integer(limit)
        ) { try Self.summary($0, in: scope) }
    }

    func pipelineCount(in scope: Scope) throws -> Int {
        try self.connection.first(.pipelineCount, .text(scope.account.rawValue), .text(scope.region.rawValue)) {
            Int($0.integer(0))
        } ?? 0
    }

    func lockPipeline(_ key: PipelineKey) throws -> PipelineRow? {
        try self.connection.first(
            .pipeline, .text(key.scope.account.rawValue), .text(key.scope.region.rawValue), .text(key.name)
        ) { row in
            PipelineRow(
                id: row.id(0),
                key: key,
                created: row.time(1),
                updated: row.time(2),
                pipelineType: try row.value(3),
                executionMode: try row.value(4),
                tags: try [KeyedValue](storedBytes: row.blob(5)),
                head: try PipelineHead(storedBytes: row.blob(6))
            )
        }
    }

    func lockPipelineID(_ key: PipelineKey) throws -> PipelineID? {
        try self.connection.first(
            .pipelineID, .text(key.scope.account.rawValue), .text(key.scope.region.rawValue), .text(key.name)
        ) { $0.id(0) }
    }

    func insertPipeline(_ row: PipelineRow) throws -> Bool {
        let key = row.key
        return try self.connection.run(
            .insertPipeline,
            .id(row.id), .text(key.scope.account.rawValue), .text(key.scope.region.rawValue), .text(key.name),
            .integer(row.head.version), .time(row.created), .time(row.updated), .text(row.pipelineType.rawValue),
            .text(row.executionMode.rawValue), .blob(row.tags.storedBytes()), .blob(row.head.storedBytes())
        ) == 1
    }

    func updatePipeline(_ row: PipelineRow) throws {
        let changed = try self.connection.run(
            .updatePipeline,
            .id(row.id), .integer(row.head.version), .time(row.created), .time(row.updated),
            .text(row.pipelineType.rawValue), .text(row.executionMode.rawValue), .blob(row.tags.storedBytes()),
            .blob(row.head.storedBytes())
        )
        guard changed == 1 else { throw self.constraint("there is no such pipeline") }
    }

    func deletePipeline(_ id: PipelineID) throws { try self.connection.run(.deletePipeline, .id(id)) }

    func pipelineVersion(_ version: Int, of id: PipelineID) throws -> PipelineVersionRow? {
        try self.connection.first(.pipelineVersion, .id(id), .integer(version)) { row in
            PipelineVersionRow(
                pipelineID: id,
                declaration: try PipelineDeclaration(storedBytes: row.blob(0)),
                document: row.blob(1),
                sealedSecrets: row.optionalBlob(2)
            )
        }
    }

    func insertPipelineVersion(_ row: PipelineVersionRow) throws {
        try self.connection.run(
            .insertPipelineVersion,
            .id(row.pipelineID), .integer(row.declaration.version), .blob(row.declaration.storedBytes()),
            .blob(row.document), .blob(row.sealedSecrets)
        )
    }

    private static func summary(_ row: SQLRow, in scope: Scope) throws -> PipelineSummaryRow {
        PipelineSummaryRow(
            id: row.id(0),
            key: PipelineKey(scope: scope, name: row.text(1)),
            version: Int(row.integer(2)),
            created: row.time(3),
            updated: row.time(4),
            pipelineType: try row.value(5),
            executionMode: try row.value(6)
        )
    }
}

// MARK: - Stages

extension SQLiteTransaction {
    func stageEntrances(of id: PipelineID) throws -> [StageEntranceRow] {
        try self.connection.rows(.stageEntrances, .id(id)) { try StageEntranceRow(storedBytes: $0.blob(0)) }
    }

    func stageRuns(of id: PipelineID) throws -> [StageRunRow] {
        try self.connection.rows(.stageRuns, .id(id)) { try StageRunRow(storedBytes: $0.blob(0)) }
    }

    func currentRevisions(of id: PipelineID) throws -> [CurrentRevisionRow] {
        try self.connection.rows(.currentRevisions, .id(id)) { try CurrentRevisionRow(storedBytes: $0.blob(0)) }
    }

    func putStageEntrance(_ row: StageEntranceRow, of pipeline: PipelineID) throws {
        try self.connection.run(.putStageEntrance, .id(pipeline), .text(row.stageName), .blob(row.storedBytes()))
    }

    func putStageRun(_ row: StageRunRow, of pipeline: PipelineID) throws {
        try self.connection.run(.putStageRun, .id(pipeline), .text(row.run.stageName), .blob(row.storedBytes()))
    }

    func putCurrentRevision(_ row: CurrentRevisionRow, of pipeline: PipelineID) throws {
        try self.connection.run(
            .putCurrentRevision,
            .id(pipeline), .text(row.stageName), .text(row.actionName), .blob(row.storedBytes())
        )
    }

    func deleteStage(_ name: String, of pipeline: PipelineID) throws {
        for statement in [StatementText.deleteStageEntrance, .deleteStageRun, .deleteCurrentRevisions] {
            try self.connection.run(statement, .id(pipeline), .text(name))
        }
    }

    func insertStageSuccess(_ execution: PipelineExecutionID, stage: String, of pipeline: PipelineID) throws {
        let place = try self.connection.first(.executionPlace, .id(pipeline), .id(execution)) {
            (version: $0.integer(0), sequence: $0.integer(1))
        }
        guard let place else { throw self.constraint("only an execution succeeds in a stage") }
        try self.connection.run(
            .insertStageSuccess, .id(pipeline), .text(stage), .integer(place.version), .integer(place.sequence)
        )
    }
}

// MARK: - Executions

extension SQLiteTransaction {
    func execution(_ id: PipelineExecutionID, of pipeline: PipelineID) throws -> PipelineExecution? {
        for statement in [StatementText.liveExecution, .archivedExecution] {
            let found = try self.connection.first(statement, .id(pipeline), .id(id)) {
                try PipelineExecution(storedBytes: $0.blob(0))
            }
            if let found { return found }
        }
        return nil
    }

    func putExecution(_ execution: PipelineExecution, of pipeline: PipelineID) throws {
        let (id, status) = (SQLValue.id(execution.id), SQLValue.text(execution.status.rawValue))
        let state = SQLValue.blob(execution.storedBytes())
        if execution.status.isLive {
            try self.connection.run(.putLiveExecution, .id(pipeline), id, status, state)
            try self.connection.run(.deleteArchivedExecution, .id(pipeline), id)
        } else {
            try self.connection.run(
                .putArchivedExecution, .id(pipeline), id, status, state, .time(execution.updatedAt))
            try self.connection.run(.deleteLiveExecution, .id(pipeline), id)
        }
        try self.connection.run(
            .putExecutionRow,
            .id(pipeline), .id(execution.id), .integer(execution.sequence), .integer(execution.pipelineVersion),
            .blob(ExecutionRow(execution).storedBytes())
        )
    }

    func executionRow(_ id: PipelineExecutionID, of pipeline: PipelineID) throws -> ExecutionRow? {
        try self.connection.first(.executionRow, .id(pipeline), .id(id)) {
            try ExecutionRow(storedBytes: $0.blob(0))
        }
    }

    func executionRows(
        of pipeline: PipelineID,
        before: Int?,
        succeededIn: (stage: String, version: Int)?,
        limit: Int
    ) throws -> [ExecutionRow] {
        let before = SQLValue.integer(before ?? .max)
        guard let succeededIn else {
            return try self.connection.rows(.executionRows, .id(pipeline), before, .integer(limit)) {
                try ExecutionRow(storedBytes: $0.blob(0))
            }
        }
        return try self.connection.rows(
            .succeededExecutionRows,
            .id(pipeline), .text(succeededIn.stage), .integer(succeededIn.version), before, .integer(limit)
        ) { try ExecutionRow(storedBytes: $0.blob(0)) }
    }

    func lastSuccess(in stage: String, of pipeline: PipelineID) throws -> ExecutionRow? {
        try self.connection.first(EventStatement.lastSuccess, .id(pipeline), .text(stage)) {
            try ExecutionRow(storedBytes: $0.blob(0))
        }
    }

    func endedExecutions(before: Timestamp, after: EndedExecutionRow?, limit: Int) throws -> [EndedExecutionRow] {
        // Without a cursor the page begins above the smallest instant there is, which no execution ends at.
        try self.connection.rows(
            .endedExecutions,
            .time(before), .integer(after?.endedAt.millisecondsSinceEpoch ?? .min),
            .id(after?.id.value ?? UniqueID(high: 0, low: 0)), .integer(limit)
        ) { row in
            EndedExecutionRow(
                pipelineID: row.id(0),
                pipelineKey: PipelineKey(scope: try row.scope(account: 1, region: 2), name: row.text(3)),
                id: row.id(4),
                endedAt: row.time(5)
            )
        }
    }

    func deleteExecution(_ row: ExecutionRow, succeededIn stages: [String], of pipeline: PipelineID) throws {
        guard try self.connection.run(.deleteArchivedExecution, .id(pipeline), .id(row.id)) == 1 else { return }
        try self.connection.run(.deleteExecutionRow, .id(pipeline), .id(row.id))
        for stage in stages {
            try self.connection.run(
                .deleteStageSuccess,
                .id(pipeline), .text(stage), .integer(row.pipelineVersion), .integer(row.sequence)
            )
        }
    }

    func startToken(_ token: String, of pipeline: PipelineID, at: Timestamp) throws -> PipelineExecutionID? {
        try self.connection.first(.startToken, .id(pipeline), .text(token), .time(at)) { $0.id(0) }
    }

    func putStartToken(
        _ token: String,
        started: PipelineExecutionID,
        expires: Timestamp,
        of pipeline: PipelineID
    ) throws {
        try self.connection.run(.putStartToken, .id(pipeline), .text(token), .id(started), .time(expires))
    }

    func execution(startedBy revision: SeenRevision, of pipeline: PipelineID) throws -> PipelineExecutionID? {
        try self.connection.first(
            .seenRevision,
            .id(pipeline), .text(revision.stageName), .text(revision.actionName), .text(revision.revision),
            .text(revision.change)
        ) { $0.id(0) }
    }

    func putSeenRevision(_ revision: SeenRevision, started: PipelineExecutionID, of pipeline: PipelineID) throws {
        try self.connection.run(
            .putSeenRevision,
            .id(pipeline), .text(revision.stageName), .text(revision.actionName), .text(revision.revision),
            .text(revision.change), .id(started)
        )
    }

    func deleteStartTokens(expiredBefore: Timestamp, limit: Int) throws -> Int {
        try self.connection.run(.deleteStartTokens, .time(expiredBefore), .integer(limit))
    }
}

// MARK: - History

extension SQLiteTransaction {
    func actionExecutionRows(
        of pipeline: PipelineID,
        _ selection: HistorySelection,
        after: ActionExecutionCursor?,
        limit: Int
    ) throws -> [ActionExecutionRow] {
        // Without a cursor the page begins below the greatest instant there is, which no attempt starts at.
        let startedAt = SQLValue.integer(after?.startedAt.millisecondsSinceEpoch ?? .max)
        let id = SQLValue.id(after?.id.value ?? UniqueID(high: 0, low: 0))
        switch selection {
        case .all:
            return try self.connection.rows(
                .actionExecutionsOfPipeline, .id(pipeline), startedAt, id, .integer(limit), map: Self.actionExecution
            )
        case .execution(let execution):
            return try self.connection.rows(
                .actionExecutionsOfExecution,
                .id(pipeline), .id(execution), startedAt, id, .integer(limit),
                map: Self.actionExecution
            )
        case .latest(let execution):
            return try self.connection.rows(
                .latestActionExecutionsOfExecution,
                .id(pipeline), .id(execution), startedAt, id, .integer(limit),
                map: Self.actionExecution
            )
        }
    }

    func actionExecutionRow(_ id: ActionExecutionID) throws -> ActionExecutionRow? {
        try self.connection.first(.actionExecution, .id(id), map: Self.actionExecution)
    }

    func insertActionExecution(_ row: ActionExecutionRow) throws {
        try self.connection.run(
            .insertActionExecution,
            .id(row.start.id), .id(row.pipelineID), .id(row.start.executionID), .time(row.start.startedAt),
            .text(row.attempt.status.rawValue), .blob(row.start.storedBytes()), .blob(row.attempt.storedBytes()),
            .blob(row.outputVariables.storedBytes())
        )
        if let replaced = row.start.replaces { try self.connection.run(.replaceActionExecution, .id(replaced)) }
    }

    func updateActionExecution(_ attempt: ActionAttempt, outputVariables: [KeyedValue]) throws {
        let changed = try self.connection.run(
            .updateActionExecution,
            .id(attempt.id), .text(attempt.status.rawValue), .blob(attempt.storedBytes()),
            .blob(outputVariables.storedBytes())
        )
        guard changed == 1 else { throw self.constraint("the attempt has no entry") }
    }

    func deleteHistory(of execution: PipelineExecutionID, of pipeline: PipelineID, limit: Int) throws -> Int {
        let attempts = try self.connection.run(
            .deleteActionExecutions, .id(pipeline), .id(execution), .integer(limit))
        guard attempts < limit else { return attempts }
        let rules = try self.connection.run(
            .deleteRuleExecutions, .id(pipeline), .id(execution), .integer(limit - attempts))
        return attempts + rules
    }

    private static func actionExecution(_ row: SQLRow) throws -> ActionExecutionRow {
        ActionExecutionRow(
            pipelineID: row.id(0),
            start: try ActionStart(storedBytes: row.blob(1)),
            attempt: try ActionAttempt(storedBytes: row.blob(2)),
            outputVariables: try [KeyedValue](storedBytes: row.blob(3))
        )
    }
}
