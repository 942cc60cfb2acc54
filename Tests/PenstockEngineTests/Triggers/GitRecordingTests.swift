// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PenstockEngine
import PenstockModel
import Testing

struct GitRecordingTests {
    @Test func `The detail of a push names connection, repository, host, branch and commit`() {
        #expect(GitEvent.push().triggerDetail == Self.detail(#""BranchName":"main","CommitId":"\#(GitEvent.hash)""#))
    }

    @Test func `The detail of a tag names it instead of a branch`() {
        #expect(GitEvent.tag().triggerDetail == Self.detail(#""TagName":"v1.0","CommitId":"\#(GitEvent.hash)""#))
    }

    @Test(arguments: [
        (PullRequest.Step.opened, "OPEN"), (.reopened, "OPEN"), (.updated, "UPDATED"), (.merged, "CLOSED"),
        (.declined, "CLOSED"),
    ])
    func `The detail of a pull request names its source branch, its number and what happened`(
        step: PullRequest.Step,
        event: String
    ) {
        let members =
            #""BranchName":"feature/cart","CommitId":"\#(GitEvent.hash)","PullRequestId":"17","#
            + #""PullRequestEvent":"\#(event)""#
        #expect(GitEvent.pullRequest(step).triggerDetail == Self.detail(members))
    }

    @Test func `What is no event of triggers is not named as one`() throws {
        let detail = GitEvent.pullRequest(.declined, provider: .bitbucket).triggerDetail
        #expect(try Self.members(of: detail)["PullRequestEvent"] == nil)
    }

    @Test func `A detail is JSON whatever names hold`() throws {
        let name = "a\"b\\c\n\u{1}é😀/d"
        #expect(try Self.members(of: GitEvent.push(name).triggerDetail)["BranchName"] == name)
        #expect(try Self.members(of: GitEvent.tag(name).triggerDetail)["TagName"] == name)
    }

    @Test func `A detail that just fits is whole`() throws {
        let rest = GitEvent.push("").triggerDetail.unicodeScalars.count
        let name = String(repeating: "b", count: GitEvent.maximumDetailLength - rest)
        let whole = GitEvent.push(name).triggerDetail
        #expect(whole.unicodeScalars.count == GitEvent.maximumDetailLength)
        #expect(try Self.members(of: whole)["BranchName"] == name)
        let cut = GitEvent.push(name + "b").triggerDetail
        #expect(cut.unicodeScalars.count == GitEvent.maximumDetailLength)
        #expect(try Self.members(of: cut)["BranchName"] == name.dropLast() + "…")
        #expect(try Self.members(of: cut)["CommitId"] == GitEvent.hash)
    }

    @Test(arguments: ["b", "\"", "\u{1}", "😀", "é"], ["r", "\\"])
    func `A detail that is too long loses the ends of its longest values and stays JSON`(
        branch: String,
        repository: String
    ) throws {
        let names = (String(repeating: branch, count: 3000), String(repeating: repository, count: 2000))
        let detail = GitEvent.push(names.0, repository: names.1).triggerDetail
        #expect(detail.unicodeScalars.count <= GitEvent.maximumDetailLength)
        let members = try Self.members(of: detail)
        #expect(members["CommitId"] == GitEvent.hash)
        #expect(members["BranchName"]?.hasSuffix("…") == true)
        #expect(members["FullRepositoryName"]?.hasSuffix("…") == true)
    }

    @Test func `Events tell what is known of the commit, in a fixed order`() {
        let author = GitCommit.Author(
            displayName: "Mia",
            id: "mia",
            email: "mia@example.org",
            date: Timestamp(millisecondsSinceEpoch: 1_772_000_000_000)
        )
        let commit = GitCommit(id: GitEvent.hash, message: "Sell hats", author: author)
        let event = GitEvent.of(.branchPushed(BranchPush(branch: "main", commit: commit)))
        #expect(
            event.announcedMembers == [
                KeyedValue("author-display-name", "Mia"), KeyedValue("author-id", "mia"),
                KeyedValue("author-email", "mia@example.org"), KeyedValue("author-date", "2026-02-25T06:13:20Z"),
                KeyedValue("connection-arn", shopConnection), KeyedValue("full-repository-name", "acme/shop"),
                KeyedValue("provider-type", "GitHub"), KeyedValue("branch-name", "main"),
                KeyedValue("commit-id", GitEvent.hash), KeyedValue("commit-message", "Sell hats"),
            ]
        )
    }

    @Test func `Events leave out what is not known`() {
        let keys = GitEvent.tag().announcedMembers.map(\.key)
        #expect(keys == ["connection-arn", "full-repository-name", "provider-type", "tag-name", "commit-id"])
    }

    @Test func `Events cut long messages`() {
        let message = String(repeating: "é", count: GitEvent.maximumMessageLength)
        for (written, told) in [(message, message), (message + "x", message)] {
            let commit = GitCommit(id: GitEvent.hash, message: written)
            let event = GitEvent.of(.tagPushed(name: "v1", commit))
            #expect(event.announcedMembers[key: "commit-message"] == told)
        }
    }

    private static func detail(_ members: String) -> String {
        #"{"ConnectionArn":"\#(shopConnection)","FullRepositoryName":"acme/shop","ProviderType":"GitHub",\#(members)}"#
    }

    private static func members(of detail: String) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(detail.utf8))
    }
}
