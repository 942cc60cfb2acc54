// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

struct TriggerRuleTests {
    @Test(arguments: Self.cases) func `A trigger that breaks a rule is refused`(_ rule: RuleCase) { rule.verify() }

    private static let invalidCombination =
        "The trigger configuration for the source action is not valid. Make sure to choose valid filter combinations."

    static let cases: [RuleCase] = [
        RuleCase(
            "a trigger of another source", .invalidStructure,
            "Triggers for connections must reference a CodeStarSourceConnection action.",
            broken: Sample.pipeline(triggers: [Sample.trigger()]),
            kept: Sample.connected(Sample.trigger())
        ),
        RuleCase(
            "a push filter of tags and branches", .invalidStructure, Self.invalidCombination,
            broken: Self.pushes(GitPushFilter(tags: .init(), branches: .init())),
            kept: Self.pushes(GitPushFilter(branches: .init(), filePaths: .init()))
        ),
        RuleCase(
            "a push filter of tags and files", .invalidStructure, Self.invalidCombination,
            broken: Self.pushes(GitPushFilter(tags: .init(), filePaths: .init())),
            kept: Self.pushes(GitPushFilter(filePaths: .init()))
        ),
        RuleCase(
            "a second filter of tags and branches", .invalidStructure, Self.invalidCombination,
            broken: Self.pushes(GitPushFilter(tags: .init()), GitPushFilter(tags: .init(), branches: .init())),
            kept: Self.pushes(GitPushFilter(tags: .init()), GitPushFilter(branches: .init()))
        ),
        RuleCase(
            "two triggers of one source", .invalidStructure, "The source action 'Fetch' has more than one trigger",
            broken: Sample.connected(Sample.trigger(), Sample.trigger())
        ),
        RuleCase(
            "two equal push filters", .invalidStructure,
            "The trigger of the source action 'Fetch' has the same filter twice",
            broken: Self.pushes(Self.push("main"), Self.push("develop"), Self.push("main")),
            kept: Self.pushes(Self.push("main"), Self.push("develop"), Self.push("main", "develop"))
        ),
        RuleCase(
            "two equal pull-request filters", .invalidStructure,
            "The trigger of the source action 'Fetch' has the same filter twice",
            broken: Self.pullRequests(GitPullRequestFilter(events: [.open]), GitPullRequestFilter(events: [.open])),
            kept: Self.pullRequests(GitPullRequestFilter(events: [.open]), GitPullRequestFilter(events: [.closed]))
        ),
    ]

    @Test func `Pull requests may be filtered by files alone, and in one trigger with pushes`() {
        let trigger = Sample.trigger(
            push: [GitPushFilter(filePaths: .init(includes: ["src/**"]))],
            pullRequest: [GitPullRequestFilter(filePaths: .init(includes: ["src/**"]))]
        )
        #expect(Sample.problems(of: Sample.connected(trigger)).filter { !$0.isAvailability } == [])
    }

    @Test(arguments: [(204_800, true), (204_801, false)])
    func `All triggers together have a bound on their bytes`(size: Int, isKept: Bool) throws {
        let pipeline = try Self.pipeline(triggersBytes: size)
        let refusal = "The triggers of the pipeline have \(size) bytes; up to 204800 are allowed"
        let problems = Sample.problems(of: pipeline).filter { !$0.isAvailability }
        #expect(problems == (isKept ? [] : [Rejection(.invalidStructure, refusal)]))
    }

    // MARK: Parts

    private static func pushes(_ filters: GitPushFilter...) -> WirePipeline {
        Sample.connected(Sample.trigger(push: filters))
    }

    private static func pullRequests(_ filters: GitPullRequestFilter...) -> WirePipeline {
        Sample.connected(Sample.trigger(pullRequest: filters))
    }

    private static func push(_ branches: String...) -> GitPushFilter {
        GitPushFilter(branches: .init(includes: branches))
    }

    /// A pipeline whose triggers take exactly this many bytes on the wire.
    private static func pipeline(triggersBytes size: Int) throws -> WirePipeline {
        let full = WireWriter.write(Self.trigger("A00", length: Self.maximumLength)).count
        let shortest = WireWriter.write(Self.trigger("A00", length: Self.minimumLength)).count
        // Each takes a comma or, the last of them, the end of the list; its start is one more.
        let fullCount = (size - 1 - (shortest + 1)) / (full + 1)
        let rest = size - 1 - fullCount * (full + 1) - (shortest + 1)
        try #require(rest <= Self.maximumLength - Self.minimumLength)
        let names = (0...fullCount).map { $0 < 10 ? "A0\($0)" : "A\($0)" }
        let sources = names.map { name in
            Sample.source(
                name, provider: "CodeStarSourceConnection", output: name, configuration: ["ConnectionArn": "arn"])
        }
        var pipeline = Sample.pipeline(deploying: Sample.deploy(inputs: ["A00"]), sources: sources)
        let written = WireWriter.write(pipeline).count + #","triggers":"#.utf8.count
        pipeline.triggers =
            names.dropLast().map { Self.trigger($0, length: Self.maximumLength) }
            + [Self.trigger(names[fullCount], length: Self.minimumLength + rest)]
        try #require(WireWriter.write(pipeline).count - written == size)
        return pipeline
    }

    /// Of 16 patterns in all.
    private static let minimumLength = 16
    private static let maximumLength = 16 * 255

    /// A trigger of 16 patterns that are this long in all.
    private static func trigger(_ name: String, length: Int) -> PipelineTriggerDeclaration {
        var rest = length - Self.minimumLength
        let patterns = (0..<16).map { _ in
            let more = min(rest, 254)
            rest -= more
            return String(repeating: "a", count: 1 + more)
        }
        let branches = GitBranchFilterCriteria(includes: Array(patterns[..<8]), excludes: Array(patterns[8...]))
        return Sample.trigger(name, push: [GitPushFilter(branches: branches)])
    }
}
