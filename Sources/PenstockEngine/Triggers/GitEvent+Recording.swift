// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

// What is kept and told of an event by the execution that it starts.
extension GitEvent {
    /// The most Unicode scalars of a trigger's detail. Source: AWS CodePipeline API, shape TriggerDetail.
    public static let maximumDetailLength = 1024

    /// The most Unicode scalars of a commit's message in ``announcedMembers``; the rest is cut off.
    public static let maximumMessageLength = 1024

    /// The detail of the trigger: a JSON object of what is known, its members always in this order.
    ///
    /// What is too long loses the ends of its longest values, which then end in `…`.
    public var triggerDetail: String {
        var members = self.origin(
            connection: "ConnectionArn",
            repository: "FullRepositoryName",
            provider: "ProviderType"
        )
        members += self.names(branch: "BranchName", tag: "TagName")
        if let commit = self.commit { members.append(KeyedValue("CommitId", commit.id)) }
        if case .pullRequest(let pullRequest) = self.change {
            members.append(KeyedValue("PullRequestId", pullRequest.id))
            let event = pullRequest.event(of: self.provider)
            if let event { members.append(KeyedValue("PullRequestEvent", event.rawValue)) }
        }
        return JSONObjectText.text(of: members, maximumLength: Self.maximumDetailLength)
    }

    /// What the events of the execution say of its trigger besides type and detail, where it is known.
    ///
    /// Source: AWS CodePipeline User Guide, Monitoring CodePipeline events.
    public var announcedMembers: [KeyedValue] {
        let author = self.commit?.author
        let authorship = [
            ("author-display-name", author?.displayName), ("author-id", author?.id), ("author-email", author?.email),
            ("author-date", author?.date?.text),
        ]
        let commit = [
            ("commit-id", self.commit?.id),
            ("commit-message", self.commit?.message.map { Self.cut($0, to: Self.maximumMessageLength) }),
        ]
        return Self.known(authorship)
            + self.origin(connection: "connection-arn", repository: "full-repository-name", provider: "provider-type")
            + self.names(branch: "branch-name", tag: "tag-name") + Self.known(commit)
    }

    private func origin(connection: String, repository: String, provider: String) -> [KeyedValue] {
        [
            KeyedValue(connection, self.connectionARN), KeyedValue(repository, self.repository),
            KeyedValue(provider, self.provider.rawValue),
        ]
    }

    /// The branch or tag that the commit is on: of a pull request, its source.
    private func names(branch: String, tag: String) -> [KeyedValue] {
        switch self.change {
        case .branchPushed(let push): [KeyedValue(branch, push.branch)]
        case .pullRequest(let pullRequest): [KeyedValue(branch, pullRequest.sourceBranch)]
        case .branchDeleted(let name): [KeyedValue(branch, name)]
        case .tagPushed(let name, _), .tagDeleted(let name): [KeyedValue(tag, name)]
        }
    }

    private static func known(_ members: [(String, String?)]) -> [KeyedValue] {
        members.compactMap { key, value in value.map { KeyedValue(key, $0) } }
    }

    private static func cut(_ text: String, to length: Int) -> String {
        guard text.unicodeScalars.count > length else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(length)))
    }
}
