// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngineChecks
import PenstockModel
import PenstockRuntime

/// Definitions as the seed decides: some of six stages, in some order, in any mode, with conditions, retries and
/// rollbacks here and there.
enum RandomDefinition {
    static func make(_ name: String, _ random: inout SeededGenerator) -> PipelineDefinition {
        var stages = self.stages(of: name, &random)
        if random.chance(90) { self.dropUnknownInputs(of: &stages) }
        for index in stages.indices { self.decorate(&stages[index], isFirst: index == 0, &random) }
        let declaration = PipelineDeclaration(
            name: name,
            executionMode: random.pick([.superseded, .superseded, .queued, .queued, .parallel]) ?? .superseded,
            artifactStores: [ArtifactStoreDeclaration(bucket: "artifacts")],
            variables: [VariableDeclaration(name: "Env", defaultValue: self.environment(&random))],
            stages: stages
        )
        return PipelineDefinition(declaration: declaration, secrets: [], masked: []) { version in
            Array("\(name) \(version)".utf8)
        }
    }

    /// At times there is none, so that only who gives one can start.
    private static func environment(_ random: inout SeededGenerator) -> String? {
        random.chance(10) ? nil : random.chance(70) ? "prod" : "test"
    }

    private static func stages(of name: String, _ random: inout SeededGenerator) -> [StageDeclaration] {
        let source = self.source(of: name, polls: random.chance(70))
        var others = self.others
        if random.chance(70) { others.removeLast() }
        if random.chance(25) { return [source] + others }
        let some = Array(others.shuffled(using: &random).prefix(Int.random(in: 2...3, using: &random)))
        return random.chance(70) ? [source] + some : some
    }

    /// Leaves out what no stage before makes; a definition that asks for it fails there.
    private static func dropUnknownInputs(of stages: inout [StageDeclaration]) {
        var made: Set<String> = []
        for stage in stages.indices {
            for action in stages[stage].actions.indices {
                stages[stage].actions[action].inputArtifacts.removeAll { !made.contains($0) }
                guard !made.contains("App") else { continue }
                stages[stage].actions[action].configuration.removeAll { $0.value.contains("#{Build") }
            }
            made.formUnion(stages[stage].actions.flatMap(\.outputArtifacts))
        }
    }

    private static func source(of name: String, polls: Bool) -> StageDeclaration {
        let get = ActionDeclaration(
            name: "Get",
            typeID: .s3Source,
            configuration: [
                KeyedValue("S3Bucket", SimulatedTypes.sourceBucket), KeyedValue("S3ObjectKey", "\(name).zip"),
                KeyedValue("PollForSourceChanges", "\(polls)"),
            ],
            outputArtifacts: ["Source"],
            namespace: "Source"
        )
        return StageDeclaration(name: "S1", actions: [get])
    }

    private static let others: [StageDeclaration] = [
        StageDeclaration(
            name: "S2",
            actions: [
                ActionDeclaration(
                    name: "Build", typeID: SimulatedTypes.maker, inputArtifacts: ["Source"], outputArtifacts: ["App"],
                    namespace: "Build"),
                Self.check("Lint", team: "red"),
            ]
        ),
        StageDeclaration(
            name: "S3",
            actions: [
                ActionDeclaration(name: "SignOff", typeID: .manualApproval),
                Self.check("Load", team: "blue"),
                ActionDeclaration(
                    name: "Ship", typeID: SimulatedTypes.maker, runOrder: 2,
                    configuration: [KeyedValue("text", "#{Build.Tag} for #{variables.Env}")], inputArtifacts: ["App"]),
            ]
        ),
        StageDeclaration(
            name: "S4",
            actions: [Self.check("L", team: "red", runOrder: 9)]
                + ["A", "B", "C", "D", "E", "F"].map { Self.check($0, team: "blue", runOrder: 4) }
        ),
        StageDeclaration(
            name: "S5",
            actions: [
                ActionDeclaration(name: "Deliver", typeID: SimulatedTypes.shipper),
                ActionDeclaration(
                    name: "Words", typeID: .manualApproval, runOrder: 2,
                    configuration: [KeyedValue("IsSummaryRequired", "true")], timeoutInMinutes: 120),
            ]
        ),
        StageDeclaration(
            name: "S6",
            actions: [
                ActionDeclaration(name: "Deliver", typeID: SimulatedTypes.shipper),
                ActionDeclaration(name: "Call", typeID: SimulatedTypes.missing, runOrder: 3),
            ]
        ),
    ]

    private static func check(_ name: String, team: String, runOrder: Int = 1) -> ActionDeclaration {
        ActionDeclaration(
            name: name, typeID: SimulatedTypes.checker, runOrder: runOrder,
            configuration: [KeyedValue(SimulatedTypes.teamProperty, team)])
    }

    // MARK: Conditions

    private static let isProduction = RuleDeclaration(
        name: "Check",
        typeID: .variableCheck,
        configuration: [
            KeyedValue("Variable", "#{variables.Env}"), KeyedValue("Value", "prod"), KeyedValue("Operator", "EQ"),
        ]
    )
    private static let isMorning = RuleDeclaration(
        name: "Window", typeID: .deploymentWindow, configuration: [KeyedValue("Cron", "0 * 9-11 * * ?")])
    /// Opens too late for its timeout, mostly.
    private static let isNoon = RuleDeclaration(
        name: "Noon", typeID: .deploymentWindow, configuration: [KeyedValue("Cron", "0 0 12 * * ?")],
        timeoutInMinutes: 30)
    /// Nobody evaluates it.
    private static let alarm = RuleDeclaration(
        name: "Alarm", typeID: .cloudWatchAlarm, configuration: [KeyedValue("AlarmName", "smoke")])

    private static func rules(_ random: inout SeededGenerator) -> [RuleDeclaration] {
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<4: [self.isProduction]
        case 4..<7: [self.isMorning, self.isProduction]
        case 7..<8: [self.isMorning]
        case 8..<9: [self.isNoon, self.isProduction]
        case _: [self.alarm]
        }
    }

    private static func decorate(_ stage: inout StageDeclaration, isFirst: Bool, _ random: inout SeededGenerator) {
        if !isFirst, random.chance(25) {
            let result: ConditionResult = random.chance(50) ? .fail : .skip
            stage.beforeEntry = ConditionDeclaration(result: result, rules: self.rules(&random))
        }
        if random.chance(25) {
            let result: ConditionResult = isFirst || random.chance(50) ? .fail : .rollback
            stage.onSuccess = ConditionDeclaration(result: result, rules: self.rules(&random))
        }
        let handling: [FailureHandling?] = [
            nil, nil, .retry(.failedActions), .retry(.allActions), .rollback,
            .condition(ConditionDeclaration(result: .rollback, rules: self.rules(&random))),
        ]
        stage.onFailure = random.pick(isFirst ? handling.prefix(4) : handling[...]) ?? nil
    }
}
