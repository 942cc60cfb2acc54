// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockModel
package import PenstockStore

/// Pipelines and what calls do to them and to their executions.
package struct PipelineService: Sendable {
    let context: RuntimeContext

    package init(context: RuntimeContext) {
        self.context = context
    }

    // MARK: Definitions

    /// Creates a pipeline and starts its first executions.
    ///
    /// - Returns: Version 1 as the API shows it.
    package func create(
        _ call: CallContext,
        _ definition: PipelineDefinition,
        tags: [KeyedValue]
    ) async throws -> PipelineVersionRow {
        let context = self.context
        let now = context.clock.now
        let id = PipelineID(context.identifiers(1)[0])
        try definition.requireClearSecrets()
        do {
            return try await self.insert(definition, as: id, tags: tags, at: now, call)
        } catch let error as StoreError {
            context.quota.forget(call.scope)
            throw error
        }
    }

    private func insert(
        _ definition: PipelineDefinition,
        as id: PipelineID,
        tags: [KeyedValue],
        at now: Timestamp,
        _ call: CallContext
    ) async throws -> PipelineVersionRow {
        let context = self.context
        return try await context.store.write { transaction in
            var declaration = definition.declaration
            declaration.version = 1
            let key = call.pipeline(declaration.name)
            try transaction.lock(.pipeline(key))
            let limit = context.settings.maximumPipelines
            let hasRoom = try context.quota.takeRoom(in: call.scope, limit: limit) {
                let count = try transaction.pipelineCount(in: call.scope)
                guard count >= limit - PipelineQuota.contendedRoom else { return count }
                try transaction.lock(.pipelines(call.scope))
                return try transaction.pipelineCount(in: call.scope)
            }
            guard hasRoom else {
                let problem = "Account '\(call.scope.account)' has exceeded the limit of \(limit) pipelines"
                throw Rejection(.limitExceeded, problem)
            }
            let row = PipelineRow(
                id: id,
                key: key,
                created: now,
                updated: now,
                pipelineType: declaration.pipelineType,
                executionMode: declaration.executionMode,
                tags: tags.sorted { $0.key < $1.key },
                head: PipelineHead(declaration: declaration)
            )
            guard try transaction.insertPipeline(row) else { throw PipelineRejections.nameInUse(key) }
            let version = try Self.insertVersion(definition, declaration, of: id, context, transaction)
            for gate in row.head.gates { try transaction.putStageEntrance(StageEntranceRow(gate), of: id) }
            let commit = PipelineCommit(
                context: context, transaction: transaction, row: row, written: version, now: now)
            try SourceWatches(context: context, pipeline: row).begin(commit, declaration, createdBy: call.principal)
            try call.audit("CreatePipeline", key.arn, at: now, in: transaction)
            return version
        }
    }

    /// Puts the next version in force. It starts an execution for what its sources watch and have not seen.
    ///
    /// - Parameter type: What the pipeline is by now, where the definition goes by it.
    /// - Returns: The version; `nil`, with nothing changed, where the pipeline is of another type.
    package func update(
        _ call: CallContext, _ definition: PipelineDefinition, of type: PipelineType? = nil
    ) async throws -> PipelineVersionRow? {
        let context = self.context
        let now = context.clock.now
        return try await context.declarations.whileWriting { drafts in
            try await context.store.write { transaction in
                let key = call.pipeline(definition.declaration.name)
                guard let row = try transaction.lockPipeline(key) else {
                    throw PipelineRejections.pipelineNotFound(key)
                }
                guard type == nil || row.pipelineType == type else { return nil }
                drafts.add(row.head.version + 1, of: row.id)
                let commit = PipelineCommit(context: context, transaction: transaction, row: row, now: now)
                let version = try Self.update(commit, to: definition)
                try call.audit("UpdatePipeline", key.arn, at: now, in: transaction)
                return version
            }
        }
    }

    private static func update(
        _ commit: PipelineCommit,
        to definition: PipelineDefinition
    ) throws -> PipelineVersionRow {
        let (context, transaction, now) = (commit.context, commit.transaction, commit.now)
        var row = commit.row
        guard let current = try context.declarations.version(row.head.version, of: row.id, in: transaction) else {
            throw StoreError(.corrupt, "the current version of \(row.key) is missing")
        }
        var definition = definition
        try definition.keepMaskedSecrets(of: current, context)
        var declaration = definition.declaration
        declaration.version = row.head.version + 1
        row.updated = now
        row.pipelineType = declaration.pipelineType
        row.executionMode = declaration.executionMode
        let version = try self.insertVersion(definition, declaration, of: row.id, context, transaction)
        var commit = PipelineCommit(
            context: context, transaction: transaction, row: row, written: version, now: now)
        try commit.apply(.update(declaration))
        for gate in commit.row.head.gates {
            try transaction.putStageEntrance(StageEntranceRow(gate), of: row.id)
        }
        try ConnectionRevocation(transaction: transaction, now: now)
            .revoke(ofActionsRemovedFrom: current.declaration, to: declaration, of: row)
        try SourceWatches(context: context, pipeline: commit.row).update(to: declaration, &commit)
        return version
    }

    private static func insertVersion(
        _ definition: PipelineDefinition,
        _ declaration: PipelineDeclaration,
        of id: PipelineID,
        _ context: RuntimeContext,
        _ transaction: any StoreTransaction
    ) throws -> PipelineVersionRow {
        let version = PipelineVersionRow(
            pipelineID: id,
            declaration: declaration,
            document: definition.document(declaration.version),
            sealedSecrets: try context.seal(definition.secrets, pipeline: id, version: declaration.version)
        )
        try transaction.insertPipelineVersion(version)
        return version
    }

    /// Deletes the pipeline with its history, whatever runs; succeeds when there is none. It reads nothing of the
    /// pipeline's state, so that one whose rows are damaged can be deleted.
    package func delete(_ call: CallContext, name: String) async throws {
        let context = self.context
        let now = context.clock.now
        try await context.store.write { transaction in
            let key = call.pipeline(name)
            guard let id = try transaction.lockPipelineID(key) else { return }
            try ConnectionRevocation(transaction: transaction, now: now).revokeAll(of: key)
            try transaction.deletePipeline(id)
            try call.audit("DeletePipeline", key.arn, at: now, in: transaction)
        }
    }

    // MARK: Executions

    package func stop(
        _ call: CallContext,
        name: String,
        execution: PipelineExecutionID,
        abandon: Bool,
        reason: String?
    ) async throws {
        let request = StopRequest(abandon: abandon, reason: reason, requestedBy: call.principal)
        try await self.change(call, name, "StopPipelineExecution") { _ = try $0.apply(.stop(execution, request)) }
    }

    package func retryStage(
        _ call: CallContext,
        name: String,
        stage: String,
        execution: PipelineExecutionID,
        mode: StageRetryMode
    ) async throws {
        try await self.change(call, name, "RetryStageExecution") { commit in
            try commit.apply(.retryStage(stage, execution, mode))
        }
    }

    /// Runs the stage again with what the target, an execution that succeeded there, had.
    ///
    /// - Returns: The rollback, an execution of its own.
    package func rollbackStage(
        _ call: CallContext,
        name: String,
        stage: String,
        target: PipelineExecutionID
    ) async throws -> PipelineExecutionID {
        let id = PipelineExecutionID(self.context.identifiers(1)[0])
        let detail = "{\"AwsUserArn\":\"\(call.principal)\"}"
        let request = RollbackRequest(id: id, trigger: Trigger(type: .manualRollback, detail: detail))
        try await self.change(call, name, "RollbackStage") { commit in
            _ = try commit.apply(.rollback(stage: stage, target: target, request))
        }
        return id
    }

    /// Lets an execution pass a condition that has not been met.
    package func overrideCondition(
        _ call: CallContext,
        name: String,
        stage: String,
        execution: PipelineExecutionID,
        gate: ConditionGate
    ) async throws {
        try await self.change(call, name, "OverrideStageCondition") { commit in
            _ = try commit.apply(.overrideCondition(gate, stage: stage, execution, by: call.principal))
        }
    }

    /// Disables the transition for a reason, or enables it when the reason is `nil`.
    package func setTransition(
        _ call: CallContext,
        name: String,
        stage: String,
        side: TransitionSide,
        disabledReason: String?
    ) async throws {
        let operation = disabledReason == nil ? "EnableStageTransition" : "DisableStageTransition"
        try await self.change(call, name, operation) { commit in
            // Who waited for too long is not let in, also where its timer has not come yet.
            if disabledReason == nil { try commit.endWaits(behind: side, of: stage) }
            try commit.apply(.setTransition(stage: stage, side, reason: disabledReason, by: call.principal))
        }
    }

    /// Runs the body on the locked pipeline and records the call.
    @discardableResult
    func change<Result: Sendable>(
        _ call: CallContext,
        _ name: String,
        _ operation: String,
        _ body: @escaping @Sendable (inout PipelineCommit) throws -> Result
    ) async throws -> Result {
        let context = self.context
        let now = context.clock.now
        return try await context.store.write { transaction in
            let key = call.pipeline(name)
            guard let row = try transaction.lockPipeline(key) else { throw PipelineRejections.pipelineNotFound(key) }
            var commit = PipelineCommit(context: context, transaction: transaction, row: row, now: now)
            let result = try body(&commit)
            try call.audit(operation, key.arn, at: now, in: transaction)
            return result
        }
    }
}
