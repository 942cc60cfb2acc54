// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct FilterTests {
    /// An event against a trigger.
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let trigger: TriggerDeclaration
        let event: GitEvent
        let isStart: Bool

        init(_ description: String, _ trigger: TriggerDeclaration, _ event: GitEvent, starts isStart: Bool) {
            self.testDescription = description
            self.trigger = trigger
            self.event = event
            self.isStart = isStart
        }
    }

    @Test(arguments: Self.combinations)
    func `A filter passes when everything that it declares does`(row: Row) {
        #expect(starts(row.event, row.trigger) == row.isStart)
    }

    private static let combinations: [Row] = [
        Row("tags alone, a tag of theirs", .pushes(Self.tags), .tag("v1.0"), starts: true),
        Row("tags alone, another tag", .pushes(Self.tags), .tag("nightly"), starts: false),
        Row("tags alone, a push", .pushes(Self.tags), .push("v1.0"), starts: false),
        Row("any tag", .pushes(PushFilter(tags: FilterCriteria())), .tag("nightly"), starts: true),
        Row("branches alone, a branch of theirs", .pushes(Self.branches), .push("main"), starts: true),
        Row("branches alone, another branch", .pushes(Self.branches), .push("develop"), starts: false),
        Row("branches alone, a tag", .pushes(Self.branches), .tag("main"), starts: false),
        Row("branches and files, both", .pushes(Self.both), .push("main", files: ["src/a"]), starts: true),
        Row("branches and files, another branch", .pushes(Self.both), .push("x", files: ["src/a"]), starts: false),
        Row("branches and files, other files", .pushes(Self.both), .push("main", files: ["doc/a"]), starts: false),
        Row("files alone, on any branch", .pushes(Self.files), .push("x/y", files: ["src/a"]), starts: true),
        Row("files alone, other files", .pushes(Self.files), .push("main", files: ["doc/a"]), starts: false),
        Row("files alone, no files", .pushes(Self.files), .push("main", files: []), starts: false),
        Row("files alone, a tag", .pushes(Self.files), .tag("src/a"), starts: false),
        Row("a filter of nothing, a push", .pushes(PushFilter()), .push("x/y"), starts: true),
        Row("a filter of nothing, a tag", .pushes(PushFilter()), .tag(), starts: false),
    ]

    @Test(arguments: Self.pullRequests)
    func `A filter of pull requests goes by the event, the target branch and the files`(row: Row) {
        #expect(starts(row.event, row.trigger) == row.isStart)
    }

    private static let pullRequests: [Row] = [
        Row("branches, the target", .pullRequests(Self.toMain), .pullRequest(from: "x", to: "main"), starts: true),
        Row("branches, the source", .pullRequests(Self.toMain), .pullRequest(from: "main", to: "x"), starts: false),
        Row("branches, a push", .pullRequests(Self.toMain), .push("main"), starts: false),
        Row("no events, opened", .pullRequests(Self.toMain), .pullRequest(.opened), starts: true),
        Row("no events, updated", .pullRequests(Self.toMain), .pullRequest(.updated), starts: true),
        Row("no events, merged", .pullRequests(Self.toMain), .pullRequest(.merged), starts: true),
        Row("events, one of them", .pullRequests(Self.openedToMain), .pullRequest(.opened), starts: true),
        Row("events, another one", .pullRequests(Self.openedToMain), .pullRequest(.updated), starts: false),
        Row("events, another branch", .pullRequests(Self.openedToMain), .pullRequest(to: "x"), starts: false),
        Row("files alone, of any branch", .pullRequests(Self.sources), Self.change(of: "src/a", to: "x"), starts: true),
        Row("files alone, other files", .pullRequests(Self.sources), Self.change(of: "doc/a"), starts: false),
        Row("branches and files, both", .pullRequests(Self.sourcesToMain), Self.change(of: "src/a"), starts: true),
        Row("branches and files, other files", .pullRequests(Self.sourcesToMain), Self.change(of: "a"), starts: false),
        Row(
            "branches and files, another branch", .pullRequests(Self.sourcesToMain),
            Self.change(of: "src/a", to: "x"), starts: false),
        Row("a filter of nothing", .pullRequests(PullRequestFilter()), .pullRequest(.updated, to: "x"), starts: true),
    ]

    @Test(arguments: [("main", true), ("main-2", true), ("main-old", false), ("develop", false)])
    func `An exclude wins over an include`(branch: String, isStart: Bool) {
        let criteria = FilterCriteria(includes: ["main*"], excludes: ["*-old"])
        #expect(starts(.push(branch), .pushes(PushFilter(branches: criteria))) == isStart)
    }

    @Test(arguments: [("main", true), ("wip/1", false), ("wip/1/2", true)])
    func `Excludes alone let in everything else`(branch: String, isStart: Bool) {
        let criteria = FilterCriteria(excludes: ["wip/*"])
        #expect(starts(.push(branch), .pushes(PushFilter(branches: criteria))) == isStart)
    }

    @Test(arguments: [("a", true), ("b", true), ("c", false)])
    func `One of several patterns is enough`(branch: String, isStart: Bool) {
        let criteria = FilterCriteria(includes: ["a", "b"])
        #expect(starts(.push(branch), .pushes(PushFilter(branches: criteria))) == isStart)
    }

    @Test(arguments: [
        (["src/docs/a.md", "README.md"], false), (["src/docs/a.md", "src/x.swift"], true), (["src/docs/a.md"], false),
    ])
    func `Example C: each file is judged alone, and an excluded one holds no other back`(
        files: [String],
        isStart: Bool
    ) {
        let criteria = FilterCriteria(includes: ["src/**"], excludes: ["src/docs/**"])
        #expect(starts(.push(files: files), .pushes(PushFilter(filePaths: criteria))) == isStart)
    }

    @Test(arguments: [
        ("release/1", "docs/x", false), ("release/1", "app/x", true), ("main", "docs/x", true),
        ("release/1/hot", "app/x", false),
    ])
    func `Example D: one filter that passes is enough, and a star does not cross a slash`(
        branch: String,
        file: String,
        isStart: Bool
    ) {
        let trigger = TriggerDeclaration.pushes(
            Self.branches,
            PushFilter(
                branches: FilterCriteria(includes: ["release/*"]),
                filePaths: FilterCriteria(includes: ["app/**"])
            )
        )
        #expect(starts(.push(branch, files: [file]), trigger) == isStart)
    }

    @Test func `Filters of pushes and of pull requests are each for their own events`() {
        let trigger = TriggerDeclaration(
            sourceActionName: "Get",
            push: [PushFilter(branches: FilterCriteria(includes: ["main"]))],
            pullRequest: [PullRequestFilter(branches: FilterCriteria(includes: ["develop"]))]
        )
        #expect(starts(.push("main"), trigger))
        #expect(!starts(.push("develop"), trigger))
        #expect(starts(.pullRequest(to: "develop"), trigger))
        #expect(!starts(.pullRequest(to: "main"), trigger))
    }

    @Test func `However many files have changed, all of them are looked at`() {
        let files = (1...5000).map { "docs/\($0).md" } + ["src/last.swift"]
        #expect(starts(.push(files: files), .pushes(Self.files)))
        #expect(!starts(.push(files: files.dropLast()), .pushes(Self.files)))
    }

    // MARK: Parts

    private static let tags = PushFilter(tags: FilterCriteria(includes: ["v*"]))
    private static let branches = PushFilter(branches: FilterCriteria(includes: ["main"]))
    private static let files = PushFilter(filePaths: FilterCriteria(includes: ["src/**"]))
    private static let both = PushFilter(
        branches: FilterCriteria(includes: ["main"]),
        filePaths: FilterCriteria(includes: ["src/**"])
    )
    private static let toMain = PullRequestFilter(branches: FilterCriteria(includes: ["main"]))
    private static let openedToMain = PullRequestFilter(
        events: [.opened, .closed],
        branches: FilterCriteria(includes: ["main"])
    )
    private static let sources = PullRequestFilter(filePaths: FilterCriteria(includes: ["src/**"]))
    private static let sourcesToMain = PullRequestFilter(
        branches: FilterCriteria(includes: ["main"]),
        filePaths: FilterCriteria(includes: ["src/**"])
    )

    private static func change(of file: String, to branch: String = "main") -> GitEvent {
        .pullRequest(to: branch, files: [file])
    }
}
