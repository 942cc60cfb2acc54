// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct AvailabilityRuleTests {
    @Test(arguments: Self.cases)
    func `What would not be carried out is refused with its place`(_ pipeline: WirePipeline, _ message: String) {
        #expect(Sample.problems(of: pipeline) == [Rejection(.invalidStructure, message)])
    }

    static let cases: [(WirePipeline, String)] = [
        (
            Sample.pipeline(mode: .parallel),
            Self.refusal("The execution mode PARALLEL is", "'pipeline.executionMode'")
        ),
        (Self.connected(), Self.refusal("Triggers are", "'pipeline.triggers'")),
        (
            Self.pipeline(beforeEntry: .init(conditions: [Sample.condition(.fail)])),
            Self.refusal("Entry conditions are", "'beforeEntry' of stage 'Deploy'")
        ),
        (
            Self.pipeline(onSuccess: .init(conditions: [Sample.condition(.fail)])),
            Self.refusal("Success conditions are", "'onSuccess' of stage 'Deploy'")
        ),
        (
            Self.pipeline(onFailure: .init(conditions: [Sample.condition(.fail)])),
            Self.refusal("Failure conditions are", "'onFailure' of stage 'Deploy'")
        ),
        (
            Self.pipeline(onFailure: .init(result: .retry)),
            Self.refusal("Automatic stage retry is", "'onFailure' of stage 'Deploy'")
        ),
    ]

    @Test func `Queues and pipeline variables are carried out`() {
        #expect(Sample.problems(of: Sample.pipeline(mode: .queued, variables: ["Env"])) == [])
    }

    @Test func `All problems of a declaration can be known, in their order`() {
        var pipeline = Sample.pipeline(
            deploying: Sample.deploy(inputs: ["Nothing"], configuration: [:]), Sample.approval())
        pipeline.artifactStore = nil
        pipeline.stages[1].blockers = [BlockerDeclaration(name: "Night", type: .schedule)]
        #expect(
            Sample.problems(of: pipeline).map(\.code) == [
                .invalidStructure, .invalidBlockerDeclaration, .invalidActionDeclaration, .invalidActionDeclaration,
            ]
        )
    }

    @Test func `Problems are not looked for without end`() {
        let actions = (1...90).map { Sample.action("A\($0)", .build, .custom, "Mason", inputs: ["X", "X"]) }
        let pipeline = Sample.pipeline(
            stages: [Sample.stage("Source", [Sample.source()]), Sample.stage("Deploy", actions)])
        #expect(Sample.problems(of: pipeline).count == PipelineRules.maximumProblems)
    }

    private static func refusal(_ what: String, _ place: String) -> String {
        "\(what) not available in this version of Penstock; remove \(place)"
    }

    private static func connected() -> WirePipeline {
        let source = Sample.source(
            provider: "CodeStarSourceConnection", configuration: ["ConnectionArn": "arn:aws:x:y:z:c/1"])
        var pipeline = Sample.pipeline(deploying: Sample.deploy(), sources: [source])
        pipeline.triggers = [Sample.trigger("Fetch")]
        return pipeline
    }

    private static func pipeline(
        beforeEntry: BeforeEntryConditions? = nil,
        onSuccess: SuccessConditions? = nil,
        onFailure: FailureConditions? = nil
    ) -> WirePipeline {
        Sample.pipeline(stages: [
            Sample.stage("Source", [Sample.source()]),
            Sample.stage(
                "Deploy", [Sample.deploy()], beforeEntry: beforeEntry, onSuccess: onSuccess, onFailure: onFailure),
        ])
    }
}
