// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
package import PenstockModel
package import PenstockStore

/// What GetPipelineState is made from.
package struct PipelineStateView: Sendable {
    package var summary: PipelineSummaryRow
    /// The current version.
    package var declaration: PipelineDeclaration
    package var entrances: [StageEntranceRow]
    package var runs: [StageRunRow]
    package var revisions: [CurrentRevisionRow]
    /// Jobs of the pipeline that have not ended.
    package var openJobs: [JobRow]
    /// Why polling source actions cannot have their object now, by action name.
    package var failedPolls: [String: FailureDetails]
    /// The types of the actions.
    package var actionTypes: [ActionTypeID: ActionTypeDefinition]
    /// What shown attempts were configured with, as far as links are made from it.
    package var configurations: [ActionExecutionID: [KeyedValue]]
    /// When all of this was so.
    package var readAt: Timestamp
}

extension PipelineService {
    /// One version of a pipeline; the current one when none is named.
    package func version(
        _ call: CallContext,
        name: String,
        version: Int?
    ) async throws -> (summary: PipelineSummaryRow, version: PipelineVersionRow) {
        let context = self.context
        let key = call.pipeline(name)
        return try await context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            return (summary, try Self.version(version, of: summary, context, in: reader))
        }
    }

    /// As ``version(_:name:version:)``, with when polling stopped for want of executions.
    package func description(
        _ call: CallContext,
        name: String,
        version: Int?
    ) async throws -> (summary: PipelineSummaryRow, version: PipelineVersionRow, pollingDisabledAt: Timestamp?) {
        let context = self.context
        let now = context.clock.now
        let key = call.pipeline(name)
        return try await context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            let shown = try Self.version(version, of: summary, context, in: reader)
            let current = version == nil ? shown : try Self.version(nil, of: summary, context, in: reader)
            guard !SourceWatches.watched(in: current.declaration).isEmpty else { return (summary, shown, nil) }
            let end = try context.pollingEnd(of: summary.id, updated: summary.updated, at: now, in: reader)
            return (summary, shown, end)
        }
    }

    private static func version(
        _ version: Int?,
        of summary: PipelineSummaryRow,
        _ context: RuntimeContext,
        in reader: any StoreReader
    ) throws -> PipelineVersionRow {
        let number = version ?? summary.version
        guard let row = try context.declarations.version(number, of: summary.id, in: reader) else {
            throw PipelineRejections.versionNotFound(number, of: summary.key.name)
        }
        return row
    }

    /// The pipelines of the caller's scope by name, those after the name, at most `limit`.
    package func list(_ call: CallContext, after: String, limit: Int) async throws -> [PipelineSummaryRow] {
        try await self.context.store.read { reader in
            try reader.pipelineSummaries(in: call.scope, after: after, limit: limit)
        }
    }

    package func state(_ call: CallContext, name: String) async throws -> PipelineStateView {
        let context = self.context
        let now = context.clock.now
        let key = call.pipeline(name)
        var view = try await context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            guard let version = try context.declarations.version(summary.version, of: summary.id, in: reader) else {
                throw StoreError(.corrupt, "the current version of \(key) is missing")
            }
            return PipelineStateView(
                summary: summary,
                declaration: version.declaration,
                entrances: try reader.stageEntrances(of: summary.id),
                runs: try reader.stageRuns(of: summary.id),
                revisions: try reader.currentRevisions(of: summary.id),
                openJobs: try reader.openJobs(of: summary.id),
                failedPolls: [:],
                actionTypes: [:],
                configurations: [:],
                readAt: now
            )
        }
        view.failedPolls = try await self.failedPolls(of: view)
        let types = view.declaration.stages.flatMap { $0.actions.map(\.typeID) }
        view.actionTypes = try await self.actionTypes(Set(types), in: call.scope)
        view.configurations = try await self.configurations(for: view)
        return view
    }

    /// Why sources that are watched cannot be had: as they are in the service's own store, as last seen elsewhere.
    private func failedPolls(of view: PipelineStateView) async throws -> [String: FailureDetails] {
        let watched = SourceWatches.watched(in: view.declaration)
        guard !watched.isEmpty else { return [:] }
        let (probe, summary) = (self.context.probe, view.summary)
        var failures: [String: FailureDetails] = [:]
        if watched.contains(where: { probe?.covers($0.location) == true }) {
            let watches = try await self.context.store.read { try $0.sourceWatches(of: summary.id) }
            for watch in watches { failures[watch.actionName] = watch.poll?.failure }
        }
        let own = watched.filter { probe?.covers($0.location) != true }
        let found = try await self.context.store.readArtifacts { transaction in
            try own.map { ($0.action.name, try SourceObject(at: $0.location, for: summary.key.scope, in: transaction)) }
        }
        for (action, object) in found { failures[action] = object.failure }
        return failures
    }

    /// What the types are, deleted ones included: their executions are still shown.
    package func actionTypes(
        _ ids: Set<ActionTypeID>,
        in scope: Scope
    ) async throws -> [ActionTypeID: ActionTypeDefinition] {
        var types: [ActionTypeID: ActionTypeDefinition] = [:]
        let (catalog, store) = (self.context.catalog, self.context.store)
        for id in ids {
            types[id] =
                switch id.owner {
                case .aws: BuiltInActionTypes.definitions[id]
                case .custom: try await catalog.customType(id, in: scope, store: store)?.definition
                case .thirdParty:
                    try await catalog.partnerType(id, in: scope.region, store: store)?.definition
                        ?? BuiltInActionTypes.definitions[id]
                }
        }
        return types
    }

    /// Reads the attempts of those actions whose links show configuration; few types have such links.
    private func configurations(for view: PipelineStateView) async throws -> [ActionExecutionID: [KeyedValue]] {
        var wanted: [ActionExecutionID] = []
        for stage in view.declaration.stages {
            let run = view.runs.first { $0.run.stageName == stage.name }?.run
            for action in stage.actions where view.actionTypes[action.typeID]?.urls.showConfiguration == true {
                let attempt = run?.actions.first { $0.name == action.name }?.attempt
                if let attempt { wanted.append(attempt.id) }
            }
        }
        guard !wanted.isEmpty else { return [:] }
        let attempts = wanted
        return try await self.context.store.read { reader in
            var configurations: [ActionExecutionID: [KeyedValue]] = [:]
            for id in attempts {
                configurations[id] = try reader.actionExecutionRow(id)?.start.resolvedConfiguration
            }
            return configurations
        }
    }

    package func execution(
        _ call: CallContext,
        name: String,
        id: PipelineExecutionID
    ) async throws -> (summary: PipelineSummaryRow, execution: ExecutionRow) {
        let key = call.pipeline(name)
        return try await self.context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            guard let row = try reader.executionRow(id, of: summary.id) else {
                throw PipelineRejections.executionNotFound(id.description, in: name)
            }
            return (summary, row)
        }
    }

    /// Executions of a pipeline, newest first, those before the sequence, at most `limit`.
    ///
    /// - Parameter stage: Only executions of the current version that succeeded in this stage.
    package func executions(
        _ call: CallContext,
        name: String,
        succeededIn stage: String?,
        before: Int?,
        limit: Int
    ) async throws -> [ExecutionRow] {
        let context = self.context
        let key = call.pipeline(name)
        return try await context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            if let stage {
                let version = try context.declarations.version(summary.version, of: summary.id, in: reader)
                guard version?.declaration.stageIndex(named: stage) != nil else {
                    throw Rejection(.validation, "Pipeline '\(name)' does not have a stage with name '\(stage)'")
                }
            }
            return try reader.executionRows(
                of: summary.id,
                before: before,
                succeededIn: stage.map { ($0, summary.version) },
                limit: limit
            )
        }
    }

    /// Attempts of a pipeline's actions, newest first, those after the cursor, at most `limit`.
    package func actionExecutions(
        _ call: CallContext,
        name: String,
        _ selection: HistorySelection,
        after: ActionExecutionCursor?,
        limit: Int
    ) async throws -> (summary: PipelineSummaryRow, rows: [ActionExecutionRow]) {
        let key = call.pipeline(name)
        return try await self.context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            if let execution = selection.execution, try reader.executionRow(execution, of: summary.id) == nil {
                throw PipelineRejections.executionNotFound(execution.description, in: name)
            }
            return (
                summary, try reader.actionExecutionRows(of: summary.id, selection, after: after, limit: limit)
            )
        }
    }

    /// Runs of a pipeline's rules, newest first, those after the cursor, at most `limit`.
    package func ruleExecutions(
        _ call: CallContext,
        name: String,
        _ selection: HistorySelection,
        after: RuleExecutionCursor?,
        limit: Int
    ) async throws -> [RuleExecutionRow] {
        let key = call.pipeline(name)
        return try await self.context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            if let execution = selection.execution, try reader.executionRow(execution, of: summary.id) == nil {
                throw PipelineRejections.executionNotFound(execution.description, in: name)
            }
            return try reader.ruleExecutionRows(of: summary.id, selection, after: after, limit: limit)
        }
    }

    static func summary(_ key: PipelineKey, in reader: any StoreReader) throws -> PipelineSummaryRow {
        guard let summary = try reader.pipelineSummary(key) else { throw PipelineRejections.pipelineNotFound(key) }
        return summary
    }
}
