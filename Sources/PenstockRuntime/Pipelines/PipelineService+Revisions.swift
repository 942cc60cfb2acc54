// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
package import PenstockModel
import PenstockStore

extension PipelineService {
    /// Starts an execution for a revision that a source action has not been told of before.
    ///
    /// - Returns: The execution that the revision started, now or then, and whether it did now.
    package func putActionRevision(
        _ call: CallContext,
        name: String,
        stage: String,
        action: String,
        revision: SourceRevision
    ) async throws -> (isNew: Bool, execution: PipelineExecutionID) {
        let id = PipelineExecutionID(self.context.identifiers(1)[0])
        return try await self.change(call, name, "PutActionRevision") { commit in
            try Self.checkSource(action, in: stage, of: try commit.currentDeclaration())
            let seen = SeenRevision(
                stageName: stage, actionName: action, revisionID: revision.revisionID,
                changeID: revision.changeID ?? "")
            if let known = try commit.transaction.execution(startedBy: seen, of: commit.row.id) {
                return (false, known)
            }
            let trigger = Trigger(type: .putActionRevision, detail: call.principal)
            let bound = ActionRevision(actionName: action, revision: revision)
            try commit.apply(.start(StartRequest(id: id, trigger: trigger, boundRevisions: [bound])))
            try commit.transaction.putSeenRevision(seen, started: id, of: commit.row.id)
            let current = CurrentRevisionRow(stageName: stage, actionName: action, revision: revision)
            try commit.transaction.putCurrentRevision(current, of: commit.row.id)
            return (true, id)
        }
    }

    private static func checkSource(_ action: String, in stage: String, of declaration: PipelineDeclaration) throws {
        guard let declared = declaration.stages.first(where: { $0.name == stage }) else {
            throw Rejection.stageNotFound(stage, in: declaration.name)
        }
        guard let found = declared.actions.first(where: { $0.name == action }) else {
            throw PipelineRejections.actionNotFound(action, stage: stage, in: declaration.name)
        }
        guard found.typeID.category == .source else {
            throw Rejection(.validation, "Action '\(action)' in stage '\(stage)' is not a source action")
        }
    }
}
