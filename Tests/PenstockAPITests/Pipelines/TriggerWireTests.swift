// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

struct TriggerWireTests {
    /// What a request may hold at most, with what is said of more.
    struct Limit: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: String
        let constraint: WireConstraint
        /// The pipeline with that many or that long.
        let pipeline: @Sendable (Int) -> WirePipeline
        let within: Int
        let beyond: Int

        init(
            _ path: String,
            _ constraint: WireConstraint,
            within: Int,
            beyond: Int,
            _ pipeline: @escaping @Sendable (Int) -> WirePipeline
        ) {
            self.testDescription = "\(path), \(constraint.text)"
            self.path = path
            self.constraint = constraint
            self.within = within
            self.beyond = beyond
            self.pipeline = pipeline
        }
    }

    @Test(arguments: Self.limits) func `Requests keep the bounds of triggers`(limit: Limit) throws {
        _ = try Self.read(limit.pipeline(limit.within))
        let error = #expect(throws: WireError.self) { try Self.read(limit.pipeline(limit.beyond)) }
        let failure = ValidationFailure(path: limit.path, constraint: limit.constraint)
        #expect(error?.failures.map(\.path) == [failure.path])
        #expect(error?.failures.map(\.constraint) == [failure.constraint])
    }

    private static let first = "pipeline.triggers.1.member.gitConfiguration"

    static let limits: [Limit] =
        [
            Limit("pipeline.triggers", .maximumLength(50), within: 50, beyond: 51) { count in
                var pipeline = Sample.connected()
                pipeline.triggers = (0..<count).map { Sample.trigger("A\($0)") }
                return pipeline
            },
            Limit("\(Self.first).push", .maximumLength(3), within: 3, beyond: 4) { count in
                Self.pushes((0..<count).map { _ in GitPushFilter() })
            },
            Limit("\(Self.first).push", .minimumLength(1), within: 1, beyond: 0) { count in
                Self.pushes((0..<count).map { _ in GitPushFilter() })
            },
            Limit("\(Self.first).pullRequest", .maximumLength(3), within: 3, beyond: 4) { count in
                Self.pullRequests((0..<count).map { _ in GitPullRequestFilter() })
            },
            Limit("\(Self.first).pullRequest", .minimumLength(1), within: 1, beyond: 0) { count in
                Self.pullRequests((0..<count).map { _ in GitPullRequestFilter() })
            },
            Limit("\(Self.first).pullRequest.1.member.events", .maximumLength(3), within: 3, beyond: 4) { count in
                Self.pullRequests([GitPullRequestFilter(events: (0..<count).map { _ in .open })])
            },
        ] + Self.lists.flatMap { list in [list.count, list.emptiness, list.length, list.blank] }

    /// One of the lists of patterns that filters have.
    private struct PatternList {
        let path: String
        let pipeline: @Sendable ([String]) -> WirePipeline

        var count: Limit {
            Limit(self.path, .maximumLength(8), within: 8, beyond: 9) { [pipeline] in
                pipeline(Array(repeating: "a", count: $0))
            }
        }

        var emptiness: Limit {
            Limit(self.path, .minimumLength(1), within: 1, beyond: 0) { [pipeline] in
                pipeline(Array(repeating: "a", count: $0))
            }
        }

        var length: Limit {
            Limit("\(self.path).1.member", .maximumLength(255), within: 255, beyond: 256) { [pipeline] in
                pipeline([String(repeating: "a", count: $0)])
            }
        }

        var blank: Limit {
            Limit("\(self.path).1.member", .minimumLength(1), within: 1, beyond: 0) { [pipeline] in
                pipeline([String(repeating: "a", count: $0)])
            }
        }
    }

    private static let lists: [PatternList] = [
        PatternList(path: "\(Self.first).push.1.member.tags.includes") { patterns in
            Self.pushes([GitPushFilter(tags: .init(includes: patterns))])
        },
        PatternList(path: "\(Self.first).push.1.member.tags.excludes") { patterns in
            Self.pushes([GitPushFilter(tags: .init(excludes: patterns))])
        },
        PatternList(path: "\(Self.first).push.1.member.branches.includes") { patterns in
            Self.pushes([GitPushFilter(branches: .init(includes: patterns))])
        },
        PatternList(path: "\(Self.first).push.1.member.filePaths.excludes") { patterns in
            Self.pushes([GitPushFilter(filePaths: .init(excludes: patterns))])
        },
        PatternList(path: "\(Self.first).pullRequest.1.member.branches.excludes") { patterns in
            Self.pullRequests([GitPullRequestFilter(branches: .init(excludes: patterns))])
        },
        PatternList(path: "\(Self.first).pullRequest.1.member.filePaths.includes") { patterns in
            Self.pullRequests([GitPullRequestFilter(filePaths: .init(includes: patterns))])
        },
    ]

    @Test func `A trigger becomes what the engine evaluates`() {
        let trigger = Sample.trigger(
            push: [
                GitPushFilter(tags: .init(includes: ["v*"], excludes: ["v0"])),
                GitPushFilter(branches: .init(includes: ["main"]), filePaths: .init(excludes: ["docs/**"])),
            ],
            pullRequest: [
                GitPullRequestFilter(
                    events: [.open, .updated, .closed],
                    branches: .init(excludes: ["wip/*"]),
                    filePaths: .init(includes: ["src/**"])
                ),
                GitPullRequestFilter(),
            ]
        )
        let expected = TriggerDeclaration(
            sourceActionName: "Fetch",
            push: [
                PushFilter(tags: FilterCriteria(includes: ["v*"], excludes: ["v0"])),
                PushFilter(
                    branches: FilterCriteria(includes: ["main"]), filePaths: FilterCriteria(excludes: ["docs/**"])),
            ],
            pullRequest: [
                PullRequestFilter(
                    events: [.opened, .updated, .closed],
                    branches: FilterCriteria(excludes: ["wip/*"]),
                    filePaths: FilterCriteria(includes: ["src/**"])
                ),
                PullRequestFilter(),
            ]
        )
        let declaration = PenstockModel.PipelineDeclaration(Sample.connected(trigger), type: .v2)
        #expect(declaration.triggers == [expected])
    }

    @Test func `A pipeline without triggers has none, and a trigger without filters stays one`() {
        let bare = PenstockModel.PipelineDeclaration(Sample.pipeline(), type: .v2)
        #expect(bare.triggers == [])
        let declaration = PenstockModel.PipelineDeclaration(Sample.connected(Sample.trigger()), type: .v2)
        #expect(declaration.triggers == [TriggerDeclaration(sourceActionName: "Fetch")])
    }

    // MARK: Parts

    private static func pushes(_ filters: [GitPushFilter]) -> WirePipeline {
        Sample.connected(Sample.trigger(push: filters))
    }

    private static func pullRequests(_ filters: [GitPullRequestFilter]) -> WirePipeline {
        Sample.connected(Sample.trigger(pullRequest: filters))
    }

    /// Sends the pipeline, as a client does, and reads it, as the service does.
    private static func read(_ pipeline: WirePipeline) throws -> WirePipeline {
        let body = Operations.CreatePipeline.encodeInput(CreatePipelineInput(pipeline: pipeline))
        return try Operations.CreatePipeline.decodeInput(body).pipeline
    }
}
