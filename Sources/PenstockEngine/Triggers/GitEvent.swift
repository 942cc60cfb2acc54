// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// Where a repository is hosted. Raw values are those of the output variable `ProviderType`; others may come.
public struct GitProvider: RawRepresentable, Sendable, Hashable {
    public var rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let bitbucket = Self(rawValue: "Bitbucket")
    public static let gitHub = Self(rawValue: "GitHub")
    public static let gitHubEnterpriseServer = Self(rawValue: "GitHubEnterpriseServer")
    public static let gitLab = Self(rawValue: "GitLab")
    public static let gitLabSelfManaged = Self(rawValue: "GitLabSelfManaged")

    /// Whether a pull request that was given up counts as closed, and not only one that was merged.
    ///
    /// Source: AWS CodePipeline User Guide, Add trigger with code push or pull request event types.
    var closesWithoutMerging: Bool { self != .bitbucket }
}

/// A commit, as far as its host tells.
public struct GitCommit: Sendable, Hashable {
    public struct Author: Sendable, Hashable {
        public var displayName: String?
        /// The host's own name for the account.
        public var id: String?
        public var email: String?
        public var date: Timestamp?

        public init(displayName: String? = nil, id: String? = nil, email: String? = nil, date: Timestamp? = nil) {
            self.displayName = displayName
            self.id = id
            self.email = email
            self.date = date
        }
    }

    /// The full hash.
    public var id: String
    public var message: String?
    public var author: Author

    public init(id: String, message: String? = nil, author: Author = Author()) {
        self.id = id
        self.message = message
        self.author = author
    }
}

/// Something that happened in a repository that a connection leads to.
public struct GitEvent: Sendable, Hashable {
    /// What happened. Names are short: `main`, not `refs/heads/main`.
    public enum Change: Sendable, Hashable {
        case branchPushed(BranchPush)
        case tagPushed(name: String, GitCommit)
        case pullRequest(PullRequest)
        /// Starts nothing.
        case branchDeleted(name: String)
        /// Starts nothing.
        case tagDeleted(name: String)
    }

    public var connectionARN: String
    /// With its owner, `acme/shop`; groups of groups have more parts. Case counts.
    public var repository: String
    public var provider: GitProvider
    public var change: Change

    public init(connectionARN: String, repository: String, provider: GitProvider, change: Change) {
        self.connectionARN = connectionARN
        self.repository = repository
        self.provider = provider
        self.change = change
    }

    /// What an execution runs on; `nil` when the event starts nothing.
    public var commit: GitCommit? {
        switch self.change {
        case .branchPushed(let push): push.commit
        case .tagPushed(_, let commit): commit
        case .pullRequest(let pullRequest): pullRequest.commit
        case .branchDeleted, .tagDeleted: nil
        }
    }
}

/// New commits on a branch.
public struct BranchPush: Sendable, Hashable {
    public var branch: String
    /// The newest one, to which the branch points now.
    public var commit: GitCommit
    /// Paths from the root, without a slash in front: every file that differs by ``FileComparison``, however many.
    public var changedFiles: [String]

    public init(branch: String, commit: GitCommit, changedFiles: [String] = []) {
        self.branch = branch
        self.commit = commit
        self.changedFiles = changedFiles
    }
}

/// A step in the life of a pull request, which GitLab calls a merge request.
public struct PullRequest: Sendable, Hashable {
    public enum Step: Sendable, Hashable, CaseIterable {
        case opened, reopened
        /// It has new commits.
        case updated
        case merged
        /// Closed without being merged.
        case declined
    }

    /// Its number, as the host writes it.
    public var id: String
    public var step: Step
    public var sourceBranch: String
    public var targetBranch: String
    /// The newest one of the source branch.
    public var commit: GitCommit
    /// As ``BranchPush/changedFiles``.
    public var changedFiles: [String]

    public init(
        id: String,
        step: Step,
        sourceBranch: String,
        targetBranch: String,
        commit: GitCommit,
        changedFiles: [String] = []
    ) {
        self.id = id
        self.step = step
        self.sourceBranch = sourceBranch
        self.targetBranch = targetBranch
        self.commit = commit
        self.changedFiles = changedFiles
    }

    /// What triggers take the step for; `nil` when it is none of theirs.
    func event(of provider: GitProvider) -> PullRequestEvent? {
        switch self.step {
        case .opened, .reopened: .opened
        case .updated: .updated
        case .merged: .closed
        case .declined: provider.closesWithoutMerging ? .closed : nil
        }
    }
}
