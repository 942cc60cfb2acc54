// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

extension PipelineService {
    /// What an approval that waits now is about, as things stand now.
    ///
    /// - Parameter token: Which one, since several may wait in PARALLEL mode; `nil` for the one that has waited for
    ///   longest.
    /// - Throws: ``Rejection`` when there is no such action, or when no answer of it is waited for.
    package func pendingApproval(
        _ call: CallContext,
        name: String,
        stage: String,
        action: String,
        token: String? = nil
    ) async throws -> ApprovalRequest {
        let context = self.context
        let key = call.pipeline(name)
        return try await context.store.read { reader in
            let summary = try Self.summary(key, in: reader)
            guard let version = try context.declarations.version(summary.version, of: summary.id, in: reader) else {
                throw StoreError(.corrupt, "the current version of \(key) is missing")
            }
            try Self.checkPlace(stage: stage, action: action, version.declaration)
            let job = try reader.openJobs(of: summary.id).first {
                $0.start.stageName == stage && $0.start.action.name == action
                    && $0.start.action.typeID == .manualApproval && token ?? "\($0.start.id)" == "\($0.start.id)"
            }
            guard let start = job?.start else {
                let answer = token == nil ? "" : " for an answer with this token"
                throw Rejection(
                    .resourceNotFound,
                    "Action '\(action)' in stage '\(stage)' of pipeline '\(name)' does not wait\(answer)")
            }
            let entrance = try reader.stageEntrances(of: summary.id).first { $0.stageName == stage }
            return try ApprovalRequest(start, of: summary.id, key, waiting: entrance?.waiting ?? [], in: reader)
        }
    }
}
