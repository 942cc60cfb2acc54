// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

let shopConnection = "arn:aws:codeconnections:us-east-1:000000000000:connection/7c1f"

extension ActionDeclaration {
    /// A source that follows a branch of a repository through a connection.
    static func connection(
        _ name: String = "Get",
        arn: String = shopConnection,
        repository: String = "acme/shop",
        branch: String = "main",
        detectsChanges: String? = nil
    ) -> Self {
        var configuration = [
            KeyedValue("BranchName", branch), KeyedValue("ConnectionArn", arn),
            KeyedValue("FullRepositoryId", repository),
        ]
        if let detectsChanges { configuration.append(KeyedValue("DetectChanges", detectsChanges)) }
        return Self(name: name, typeID: .connectionSource, configuration: configuration, outputArtifacts: [name])
    }
}

extension PipelineDeclaration {
    /// A pipeline of these sources, and of something to do with what they get.
    static func gitPipeline(
        _ sources: [ActionDeclaration] = [.connection()],
        triggers: [TriggerDeclaration] = []
    ) -> Self {
        let make = ActionTypeID(category: .build, owner: .custom, provider: "Make", version: "1")
        return Self(
            name: "shop",
            stages: [
                StageDeclaration(name: "Source", actions: sources),
                StageDeclaration(name: "Build", actions: [ActionDeclaration(name: "Make", typeID: make)]),
            ],
            triggers: triggers
        )
    }
}

extension TriggerDeclaration {
    static func pushes(_ filters: PushFilter..., of source: String = "Get") -> Self {
        Self(sourceActionName: source, push: filters)
    }

    static func pullRequests(_ filters: PullRequestFilter..., of source: String = "Get") -> Self {
        Self(sourceActionName: source, pullRequest: filters)
    }
}

extension GitEvent {
    static let hash = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

    static func of(
        _ change: Change,
        connection: String = shopConnection,
        repository: String = "acme/shop",
        provider: GitProvider = .gitHub
    ) -> Self {
        Self(connectionARN: connection, repository: repository, provider: provider, change: change)
    }

    static func push(
        _ branch: String = "main",
        files: [String] = ["README.md"],
        connection: String = shopConnection,
        repository: String = "acme/shop"
    ) -> Self {
        let push = BranchPush(branch: branch, commit: GitCommit(id: Self.hash), changedFiles: files)
        return .of(.branchPushed(push), connection: connection, repository: repository)
    }

    static func tag(_ name: String = "v1.0") -> Self { .of(.tagPushed(name: name, GitCommit(id: Self.hash))) }

    static func pullRequest(
        _ step: PullRequest.Step = .opened,
        from source: String = "feature/cart",
        to target: String = "main",
        files: [String] = ["README.md"],
        provider: GitProvider = .gitHub
    ) -> Self {
        let pullRequest = PullRequest(
            id: "17",
            step: step,
            sourceBranch: source,
            targetBranch: target,
            commit: GitCommit(id: Self.hash),
            changedFiles: files
        )
        return .of(.pullRequest(pullRequest), provider: provider)
    }
}

/// Whether the event starts a pipeline of one source with this trigger.
func starts(_ event: GitEvent, _ trigger: TriggerDeclaration) -> Bool {
    GitStart(of: .gitPipeline(triggers: [trigger]), for: event) != nil
}
