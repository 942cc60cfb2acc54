// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Logging
import OrderedCollections
import PenstockEngine
import PenstockModel
import PenstockStore
import ServiceLifecycle

/// Forgets executions that ended long ago, with their history.
///
/// It goes from the one that ended first, in steps that each hold a pipeline's lock for a bounded number of rows, so that
/// calls get their turn between two steps. What a pipeline can still go on from is kept, however old it is.
package struct HistoryService: Service {
    /// How often it looks.
    package static let interval: Duration = .hours(1)
    /// Executions that one read finds.
    package static let batch = 100
    /// Entries of history that one step deletes, and executions.
    package static let rowsPerStep = 500

    private let context: RuntimeContext
    private let alarm: Alarm

    package init(context: RuntimeContext) {
        self.context = context
        self.alarm = Alarm(context.ongoingWork)
    }

    package func run() async throws {
        await self.alarm.loop(
            atLeastEvery: Self.interval, in: self.context, orLog: "old executions were not forgotten"
        ) {
            try await self.forgetOldExecutions()
            return nil
        }
    }

    /// Counts as ongoing work already before it runs.
    func expect() { self.alarm.start() }

    /// Looks now for what is too old.
    func wake() { self.alarm.ring() }

    /// Forgets all executions that are too old now and that nothing needs.
    package func forgetOldExecutions() async throws {
        guard let retention = self.context.settings.historyRetention else { return }
        let limit = self.context.clock.now - retention
        var last: EndedExecutionRow?
        while true {
            let (context, after) = (self.context, last)
            let ended = try await context.store.read { reader in
                try reader.endedExecutions(before: limit, after: after, limit: Self.batch)
            }
            for (key, executions) in OrderedDictionary(grouping: ended, by: \.pipelineKey) {
                try await context.isolating("old executions were not forgotten", pipeline: key) {
                    try await self.forget(executions, endedBefore: limit)
                }
            }
            guard ended.count == Self.batch else { return }
            last = ended.last
        }
    }

    /// Forgets executions of one pipeline, step by step.
    private func forget(_ executions: [EndedExecutionRow], endedBefore limit: Timestamp) async throws {
        var rest = executions[...]
        while !rest.isEmpty {
            try Task.checkCancellation()
            let (context, step) = (self.context, rest)
            rest = try await context.store.write { transaction in
                try Self.step(step, endedBefore: limit, context, transaction)
            }
        }
    }

    /// One step.
    ///
    /// - Returns: What is left to do.
    private static func step(
        _ executions: ArraySlice<EndedExecutionRow>,
        endedBefore limit: Timestamp,
        _ context: RuntimeContext,
        _ transaction: any StoreTransaction
    ) throws -> ArraySlice<EndedExecutionRow> {
        guard let first = executions.first, let pipeline = try transaction.lockPipeline(first.pipelineKey),
            pipeline.id == first.pipelineID
        else { return [] }
        let needed = try Self.needed(by: pipeline, in: transaction)
        var room = Self.rowsPerStep
        for (index, ended) in zip(executions.indices, executions) where !needed.contains(ended.id) {
            // It may have gone on since it was found, and ended again.
            guard let row = try transaction.executionRow(ended.id, of: pipeline.id), !row.status.isLive,
                row.updatedAt < limit
            else { continue }
            room -= try transaction.deleteHistory(of: row.id, of: pipeline.id, limit: room)
            guard room > 0 else { return executions[index...] }
            let version = try context.declarations.version(row.pipelineVersion, of: pipeline.id, in: transaction)
            let stages = version?.declaration.stages.map(\.name) ?? []
            try transaction.deleteExecution(row, succeededIn: stages, of: pipeline.id)
            room -= 1
            guard room > 0 else { return executions[executions.index(after: index)...] }
        }
        return []
    }

    /// What the pipeline can still go on from: who is in a stage or waits for one, who may be retried, what a rollback
    /// goes back to, and what an approval compares with.
    private static func needed(
        by pipeline: PipelineRow, in reader: any StoreReader
    ) throws -> Set<PipelineExecutionID> {
        var needed = pipeline.head.rememberedExecutions
        for gate in pipeline.head.gates {
            if let released = try reader.lastSuccess(in: gate.name, of: pipeline.id) { needed.insert(released.id) }
        }
        return needed
    }
}
