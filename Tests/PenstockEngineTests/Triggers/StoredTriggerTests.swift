// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Testing

struct StoredTriggerTests {
    static let declarations: [PipelineDeclaration] = [
        .gitPipeline(),
        .gitPipeline(triggers: [.pushes()]),
        .gitPipeline(triggers: [
            TriggerDeclaration(
                sourceActionName: "Get",
                push: [
                    PushFilter(tags: FilterCriteria(includes: ["v*"], excludes: ["v0.*", "v1.*"])),
                    PushFilter(
                        branches: FilterCriteria(includes: ["main"]),
                        filePaths: FilterCriteria(excludes: ["doc/**"])
                    ),
                ],
                pullRequest: [
                    PullRequestFilter(),
                    PullRequestFilter(
                        events: PullRequestEvent.allCases,
                        branches: FilterCriteria(includes: ["main"]),
                        filePaths: FilterCriteria(includes: ["src/**"], excludes: ["src/docs/**"])
                    ),
                ]
            ),
            .pullRequests(PullRequestFilter(), of: "Other"),
        ]),
    ]

    @Test(arguments: Self.declarations)
    func `Triggers are read as they were written, to the last byte`(declaration: PipelineDeclaration) throws {
        var writer = StateWriter()
        writer.write(declaration)
        var reader = StateReader(writer.bytes)
        #expect(try reader.read(PipelineDeclaration.self) == declaration)
        #expect(reader.isAtEnd)
    }
}
