// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

/// Ends the connections of actions that are no more. Whoever calls it holds the pipeline's lock.
struct ConnectionRevocation {
    let transaction: any StoreTransaction
    let now: Timestamp

    /// Those of actions that the new version has not at the same stage, name and type. One that has jobs under way is
    /// revoked after the last of them: ``revoke(after:of:current:)``.
    func revoke(
        ofActionsRemovedFrom old: PipelineDeclaration,
        to new: PipelineDeclaration,
        of pipeline: PipelineRow
    ) throws {
        for stage in old.stages {
            for action in stage.actions where !new.hasAction(like: action, in: stage.name) {
                try self.revoke(action, in: stage.name, of: pipeline)
            }
        }
    }

    /// That of an action which has just ended, if the pipeline has it no more and nothing of it is under way.
    func revoke(after start: ActionStart, of pipeline: PipelineRow, current: PipelineDeclaration) throws {
        guard !current.hasAction(like: start.action, in: start.stageName) else { return }
        try self.revoke(start.action, in: start.stageName, of: pipeline)
    }

    /// Every connection of the pipeline, at once.
    func revokeAll(of key: PipelineKey) throws {
        for row in try self.transaction.connections(in: key.scope)
        where row.pipelineName == key.name && row.revoked == nil {
            try self.revoke(row)
        }
    }

    private func revoke(_ action: ActionDeclaration, in stage: String, of pipeline: PipelineRow) throws {
        guard action.typeID.owner == .thirdParty else { return }
        let live = try self.transaction.liveConnection(
            scope: pipeline.key.scope,
            pipelineName: pipeline.key.name,
            stageName: stage,
            actionName: action.name
        )
        guard let live,
            try !self.transaction.openJobs(of: pipeline.id).contains(where: { $0.clientID == live.clientID })
        else { return }
        try self.revoke(live)
    }

    private func revoke(_ connection: ConnectionRow) throws {
        guard var row = try self.transaction.lockConnection(connection.clientID), row.revoked == nil else { return }
        row.revoked = self.now
        try self.transaction.putConnection(row)
    }
}

extension PipelineDeclaration {
    /// Whether the stage of that name has an action of the same name and type.
    fileprivate func hasAction(like action: ActionDeclaration, in stageName: String) -> Bool {
        self.stages.contains { stage in
            stage.name == stageName
                && stage.actions.contains { $0.name == action.name && $0.typeID == action.typeID }
        }
    }
}
