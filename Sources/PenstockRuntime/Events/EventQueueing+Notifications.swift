// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import PenstockStore

// What notifications say of a change besides, where events say nothing.
extension EventQueueing {
    /// The sources of an execution that starts, and what an approval is about; `nil` for every other change.
    ///
    /// Source: Developer Tools console User Guide, Understanding notification contents and security.
    func circumstances(of change: StateChange) throws -> JSONValue? {
        switch (change.subject, change.state) {
        case (.pipeline, .started): try self.sources(of: change)
        case (.action(let action), .started) where action.attempt.isApproval: self.question(of: action)
        case (_, _): nil
        }
    }

    private func question(of action: StateChange.Action) -> JSONValue {
        let configuration = self.starting[action.attempt.id]?.resolvedConfiguration ?? []
        return .object([
            JSONValue.Member("externalEntityLink", configuration[key: "ExternalEntityLink"]),
            JSONValue.Member("customData", configuration[key: "CustomData"]),
        ])
    }

    private func sources(of change: StateChange) throws -> JSONValue? {
        let version = try self.context.declarations.version(
            change.pipelineVersion, of: self.row.id, in: self.transaction)
        guard let execution = try self.transaction.execution(change.executionID, of: self.row.id),
            let stage = version?.declaration.stages.first
        else { return nil }
        let sources = stage.actions.filter { $0.typeID.category == .source }.map { source in
            JSONValue.object([
                JSONValue.Member("sourceActionName", source.name),
                JSONValue.Member("sourceActionProvider", source.typeID.provider),
                JSONValue.Member("sourceActionVariables", .object(execution.knownVariables(of: source))),
            ])
        }
        return .object([JSONValue.Member("sourceActions", .list(sources))])
    }
}

extension EventTarget {
    /// What notifications name as the rule that sent them.
    func notificationRule(in scope: Scope) -> String {
        "arn:aws:codestar-notifications:\(scope.region):\(scope.account):notificationrule/\(self.name)"
    }
}

extension PipelineExecution {
    /// The output variables of a source that are known before it runs: what is configured, and what the trigger bound.
    ///
    /// Source: AWS CodePipeline User Guide, Variables reference.
    fileprivate func knownVariables(of source: ActionDeclaration) -> [JSONValue.Member] {
        let revision = self.boundRevisions.first { $0.actionName == source.name }?.revision.revisionID
        switch source.typeID {
        case .s3Source:
            return [
                JSONValue.Member("BucketName", source.configuration[key: "S3Bucket"]),
                JSONValue.Member(
                    "ObjectKey", self.objectKeys[key: source.name] ?? source.configuration[key: "S3ObjectKey"]),
                JSONValue.Member("VersionId", revision),
            ]
        case .connectionSource:
            // An event may be about another branch than the configured one.
            let isBound = revision != nil && !self.announcedMembers.isEmpty
            let branch =
                isBound ? self.announcedMembers[key: "branch-name"] : source.configuration[key: "BranchName"]
            return [
                JSONValue.Member("BranchName", branch),
                JSONValue.Member("CommitId", revision),
                JSONValue.Member("ConnectionArn", source.configuration[key: "ConnectionArn"]),
                JSONValue.Member("FullRepositoryName", source.configuration[key: "FullRepositoryId"]),
            ]
        case _: return []
        }
    }
}
