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
        (Sample.connected(Sample.trigger("Fetch")), Self.refusal("Triggers are", "'pipeline.triggers'")),
        (
            Self.pipeline(beforeEntry: .init(conditions: [Self.alarm()])),
            Self.refusal("Rules of type CloudWatchAlarm are", "'beforeEntry' of stage 'Deploy'")
        ),
        (
            Self.pipeline(onSuccess: .init(conditions: [Self.alarm()])),
            Self.refusal("Rules of type CloudWatchAlarm are", "'onSuccess' of stage 'Deploy'")
        ),
        (
            Self.pipeline(onFailure: .init(conditions: [Self.alarm(.rollback)])),
            Self.refusal("Rules of type CloudWatchAlarm are", "'onFailure' of stage 'Deploy'")
        ),
    ]

    @Test func `Every mode, pipeline variables and automatic retries are carried out`() {
        #expect(Sample.problems(of: Sample.pipeline(mode: .queued, variables: ["Env"])) == [])
        #expect(Sample.problems(of: Sample.pipeline(mode: .parallel)) == [])
        #expect(Sample.problems(of: Self.pipeline(onFailure: .init(result: .retry))) == [])
        #expect(Sample.problems(of: Self.pipeline(onFailure: .init(result: .rollback))) == [])
    }

    @Test func `Rules that are evaluated are accepted at every gate`() {
        let pipeline = Self.pipeline(
            beforeEntry: .init(conditions: [Sample.condition(.skip)]),
            onSuccess: .init(conditions: [Sample.condition(.fail)]),
            onFailure: .init(conditions: [Sample.condition(.rollback)])
        )
        #expect(Sample.problems(of: pipeline) == [])
    }

    private static func alarm(_ result: PenstockWire.ConditionResult = .fail) -> Condition {
        Condition(result: result, rules: [Sample.rule("Alarm", provider: "CloudWatchAlarm")])
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
