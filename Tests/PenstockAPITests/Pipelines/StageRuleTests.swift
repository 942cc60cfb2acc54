// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct StageRuleTests {
    @Test(arguments: Self.cases) func `A stage that breaks a rule is refused`(_ rule: RuleCase) { rule.verify() }

    static let cases: [RuleCase] = Self.stages + Self.results + Self.gates

    private static let stages: [RuleCase] = [
        RuleCase(
            "a stage name used twice", .invalidStageDeclaration, "Stage name 'Deploy' is used more than once",
            broken: Self.pipeline(names: "Source", "Deploy", "Deploy"),
            kept: Self.pipeline(names: "Source", "Deploy", "deploy")
        ),
        RuleCase(
            "a stage without actions", .invalidStageDeclaration, "Stage 'Empty' must contain between 1 and 100 actions",
            broken: Self.pipeline(last: Sample.stage("Empty", []))
        ),
        RuleCase(
            "101 actions in a stage", .invalidStageDeclaration, "Stage 'Big' must contain between 1 and 100 actions",
            broken: Self.pipeline(last: Sample.stage("Big", (1...101).map { Sample.approval("A\($0)") })),
            kept: Self.pipeline(last: Sample.stage("Big", (1...100).map { Sample.approval("A\($0)") }))
        ),
        RuleCase(
            "a blocker", .invalidBlockerDeclaration, "Blockers are reserved for future use",
            broken: Self.pipeline(blockers: [BlockerDeclaration(name: "Night", type: .schedule)]),
            kept: Self.pipeline(blockers: [])
        ),
    ]

    private static let results: [RuleCase] = [
        RuleCase(
            "an entry condition that rolls back", .invalidStageDeclaration,
            "The result ROLLBACK is not allowed in 'beforeEntry' of stage 'Deploy'; allowed are: FAIL, SKIP",
            broken: Self.pipeline(beforeEntry: .rollback),
            kept: Self.pipeline(beforeEntry: .fail)
        ),
        RuleCase(
            "a success condition that retries", .invalidStageDeclaration,
            "The result RETRY is not allowed in 'onSuccess' of stage 'Deploy'; allowed are: ROLLBACK, FAIL",
            broken: Self.pipeline(onSuccess: .retry),
            kept: Self.pipeline(onSuccess: .rollback)
        ),
        RuleCase(
            "a failure condition that skips", .invalidStageDeclaration,
            "The result SKIP is not allowed in 'onFailure' of stage 'Deploy'; allowed are: ROLLBACK, FAIL",
            broken: Self.pipeline(onFailure: .init(conditions: [Sample.condition(.skip)])),
            kept: Self.pipeline(onFailure: .init(conditions: [Sample.condition(.fail)]))
        ),
        RuleCase(
            "a failure that skips", .invalidStageDeclaration,
            "The result SKIP is not allowed in 'onFailure' of stage 'Deploy'; allowed are: ROLLBACK, RETRY",
            broken: Self.pipeline(onFailure: .init(result: .skip)),
            kept: Self.pipeline(onFailure: .init(result: .rollback))
        ),
        RuleCase(
            "a retry mode without retry", .invalidStageDeclaration,
            "'retryConfiguration' needs the result RETRY in 'onFailure' of stage 'Deploy'",
            broken: Self.pipeline(
                onFailure: .init(result: .rollback, retryConfiguration: .init(retryMode: .allActions))),
            kept: Self.pipeline(onFailure: .init(result: .retry, retryConfiguration: .init(retryMode: .allActions)))
        ),
    ]

    private static let gates: [RuleCase] = [
        RuleCase(
            "conditions in a V1 pipeline", .invalidStageDeclaration,
            "Stage level conditions can only be used with V2 pipelines.",
            broken: Self.pipeline(type: .v1, beforeEntry: .fail),
            kept: Self.pipeline(type: .v2, beforeEntry: .fail)
        ),
        RuleCase(
            "a failure result in a V1 pipeline", .invalidStageDeclaration,
            "Stage level conditions can only be used with V2 pipelines.",
            broken: Self.pipeline(type: .v1, onFailure: .init(result: .rollback))
        ),
        RuleCase(
            "a failure with a result and conditions", .invalidStageDeclaration,
            "The following stage cannot have a failure exit gate configured with both top level result and conditions:"
                + " 'Deploy'",
            broken: Self.pipeline(onFailure: .init(result: .retry, conditions: [Sample.condition(.rollback)]))
        ),
        RuleCase(
            "a rollback of parallel executions", .invalidStageDeclaration,
            "Failure conditions with rollback result type cannot be added to a PARALLEL pipeline.",
            broken: Self.pipeline(mode: .parallel, onFailure: .init(result: .rollback)),
            kept: Self.pipeline(mode: .queued, onFailure: .init(result: .rollback))
        ),
        RuleCase(
            "a rollback of the sources", .invalidStageDeclaration,
            "Stage 'Source' cannot be rolled back: it has the sources",
            broken: Self.pipeline(onSourceFailure: .init(result: .rollback)),
            kept: Self.pipeline(onSourceFailure: .init(result: .retry))
        ),
        RuleCase(
            "an entry condition of the first stage", .invalidStageDeclaration,
            "Stage 'Source' cannot have 'beforeEntry' conditions: it is the first one",
            broken: Sample.pipeline(stages: [
                Sample.stage("Source", [Sample.source()], beforeEntry: .init(conditions: [Sample.condition(.fail)])),
                Sample.stage("Deploy", [Sample.deploy()]),
            ])
        ),
        RuleCase(
            "a rule name used twice", .invalidStageDeclaration,
            "Rule name 'Check' is used more than once in 'onSuccess' of stage 'Deploy'",
            broken: Self.pipeline(onSuccess: .fail, rules: ["Check", "Check"]),
            kept: Self.pipeline(onSuccess: .fail, rules: ["Check", "Recheck"])
        ),
        RuleCase(
            "a rule that cannot skip", .invalidStageDeclaration,
            "Rule 'Night' in stage 'Deploy' cannot be used in a condition with the result SKIP",
            broken: Self.pipeline(beforeEntry: .skip, provider: "DeploymentWindow"),
            kept: Self.pipeline(beforeEntry: .skip, provider: "LambdaInvoke")
        ),
    ]

    // MARK: Parts

    private static func pipeline(names: String...) -> WirePipeline {
        Sample.pipeline(
            stages: names.enumerated().map { index, name in
                Sample.stage(name, [index == 0 ? Sample.source() : Sample.approval()])
            }
        )
    }

    private static func pipeline(last stage: WireStage) -> WirePipeline {
        var pipeline = Sample.pipeline()
        pipeline.stages.append(stage)
        return pipeline
    }

    private static func pipeline(blockers: [BlockerDeclaration]) -> WirePipeline {
        var pipeline = Sample.pipeline()
        pipeline.stages[1].blockers = blockers
        return pipeline
    }

    private static func pipeline(
        type: WirePipelineType? = nil,
        mode: WireExecutionMode? = nil,
        onSourceFailure: FailureConditions? = nil,
        beforeEntry: PenstockWire.ConditionResult? = nil,
        provider: String = "VariableCheck",
        onSuccess: PenstockWire.ConditionResult? = nil,
        rules: [String] = ["Check"],
        onFailure: FailureConditions? = nil
    ) -> WirePipeline {
        let entry = Condition(result: beforeEntry, rules: [Sample.rule("Night", provider: provider)])
        return Sample.pipeline(
            stages: [
                Sample.stage("Source", [Sample.source()], onFailure: onSourceFailure),
                Sample.stage(
                    "Deploy", [Sample.deploy()],
                    beforeEntry: beforeEntry.map { _ in BeforeEntryConditions(conditions: [entry]) },
                    onSuccess: onSuccess.map { .init(conditions: [Sample.condition($0, rules: rules)]) },
                    onFailure: onFailure
                ),
            ],
            mode: mode,
            type: type
        )
    }
}
