// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// A source action that follows a repository through a connection.
struct ConnectionSource {
    let actionName: String
    let connectionARN: String
    let repository: String
    /// What manual starts take, and what is watched when no trigger says otherwise.
    let branch: String
    /// Whether pushes to the branch start by themselves.
    let detectsChanges: Bool

    /// `nil` for any other action.
    init?(_ action: ActionDeclaration) {
        guard action.typeID == .connectionSource,
            let connectionARN = action.configuration[key: "ConnectionArn"],
            let repository = action.configuration[key: "FullRepositoryId"],
            let branch = action.configuration[key: "BranchName"]
        else { return nil }
        self.actionName = action.name
        self.connectionARN = connectionARN
        self.repository = repository
        self.branch = branch
        self.detectsChanges = action.configuration[key: "DetectChanges"].map { $0.lowercased() == "true" } ?? true
    }

    /// Whether the event is about this repository, over this connection.
    func isConcerned(by event: GitEvent) -> Bool {
        self.repository == event.repository && Self.isSame(self.connectionARN, event.connectionARN)
    }

    /// Connections are written with the service's older or newer name. Source: AWS Developer Tools console User Guide,
    /// Connections rename.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || self.withNewerService(one) == self.withNewerService(other)
    }

    private static func withNewerService(_ arn: String) -> String {
        var parts = arn.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count > 2, parts[2] == "codestar-connections" { parts[2] = "codeconnections" }
        return parts.joined(separator: ":")
    }
}
