// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
package import PenstockStore

/// Polling that has led to no execution for long stops, until the pipeline is updated.
///
/// Nothing waits for that moment: it is worked out when somebody looks or when an execution is about to start, and
/// written down then, so that the execution does not make it look as if polling had gone on.
///
/// Source: AWS CodePipeline API Reference, PipelineMetadata.
extension RuntimeContext {
    /// When polling of the pipeline stopped; `nil` while it goes on, and where nothing polls.
    package func pollingEnd(
        of pipeline: PipelineID,
        updated: Timestamp,
        at now: Timestamp,
        in reader: any StoreReader
    ) throws -> Timestamp? {
        let polling = try reader.sourceWatches(of: pipeline).filter(\.polls)
        guard !polling.isEmpty else { return nil }
        if let stopped = polling.compactMap(\.disabledAt).min() { return stopped }
        // A pipeline that was updated since cannot have been idle for so long, whatever it has started.
        guard let limit = self.settings.pollingIdleLimit, updated + limit <= now else { return nil }
        let latest = try reader.executionRows(of: pipeline, before: nil, succeededIn: nil, limit: 1).first?.startedAt
        let end = max(updated, latest ?? updated) + limit
        return end <= now ? end : nil
    }

    /// Writes down that polling has stopped, if it has; returns whether.
    @discardableResult
    func stopIdlePolling(of row: PipelineRow, at now: Timestamp, in transaction: any StoreTransaction) throws -> Bool {
        guard let end = try self.pollingEnd(of: row.id, updated: row.updated, at: now, in: transaction) else {
            return false
        }
        try transaction.disablePolling(of: row.id, at: end)
        return true
    }
}
