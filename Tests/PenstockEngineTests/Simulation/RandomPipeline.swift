// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngineChecks
import PenstockModel

/// Declarations for random walks: some of five stages, in some order, in any mode, with conditions here and there.
enum RandomPipeline {
    static func declaration(version: Int, _ random: inout SeededGenerator) -> PipelineDeclaration {
        let isWhole = random.chance(30)
        var stages = isWhole ? Self.stages : Self.stages.shuffled(using: &random)
        if !isWhole { stages = Array(stages.prefix(Int.random(in: 2...3, using: &random))) }
        for index in stages.indices { Self.decorate(&stages[index], isFirst: index == 0, &random) }
        return .shop(
            stages,
            version: version,
            mode: random.pick([.superseded, .superseded, .queued, .queued, .parallel]) ?? .superseded,
            variables: [VariableDeclaration(name: "Env", defaultValue: random.chance(50) ? "test" : nil)]
        )
    }

    private static let stages: [StageDeclaration] = [
        .stage("S1", .source(namespace: "Source")),
        .stage("S2", .work("Build", inputs: ["Source"], outputs: ["App"], namespace: "Build"), .work("Lint")),
        .stage(
            "S3", .approval(), .work("Load"),
            .work(
                "Ship",
                runOrder: 2,
                configuration: [KeyedValue("text", "#{Build.Tag} for #{variables.Env}")],
                inputs: ["App"]
            )),
        .stage(
            "S4", .work("L", runOrder: 9), .work("A", runOrder: 4), .work("B", runOrder: 4), .work("C", runOrder: 4),
            .work("D", runOrder: 4), .work("E", runOrder: 4), .work("F", runOrder: 4)),
        .stage("S5", .approval("Words", configuration: [KeyedValue("IsSummaryRequired", "true")])),
    ]

    private static func decorate(_ stage: inout StageDeclaration, isFirst: Bool, _ random: inout SeededGenerator) {
        let rules = [
            RuleDeclaration(name: "Window", typeID: .deploymentWindow),
            RuleDeclaration(
                name: "Check",
                typeID: .variableCheck,
                configuration: [KeyedValue("Variable", "#{variables.Env}")],
                timeoutInMinutes: 5
            ),
        ]
        if !isFirst, random.chance(30) {
            let result: ConditionResult = random.chance(50) ? .fail : .skip
            stage.beforeEntry = ConditionDeclaration(result: result, rules: rules)
        }
        if random.chance(30) {
            let result: ConditionResult = isFirst || random.chance(50) ? .fail : .rollback
            stage.onSuccess = ConditionDeclaration(result: result, rules: Array(rules.prefix(1)))
        }
        let handling: [FailureHandling?] = [
            nil, nil, .retry(.failedActions), .retry(.allActions), .rollback,
            .condition(ConditionDeclaration(result: .rollback, rules: rules)),
        ]
        stage.onFailure = random.pick(isFirst ? handling.prefix(4) : handling[...]) ?? nil
    }
}
