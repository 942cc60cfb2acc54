// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel

/// What format 2 adds: conditions, rollbacks, parallel executions, retries by themselves.
enum Format2Values {
    static let head: PipelineHead = {
        var head = Format1Values.head
        head.parallel = [id(7), id(8)]
        head.gates[0].held = [id(9)]
        head.gates[0].lastSuccess = id(2)
        return head
    }()

    static let execution: PipelineExecution = {
        let bare = PipelineExecution(
            id: id(3),
            sequence: 299,
            pipelineVersion: 7,
            mode: .parallel,
            trigger: Trigger(type: .automatedRollback, detail: "{}"),
            startedAt: at(30),
            firstStage: "Source",
            rollbackTarget: id(2)
        )
        var execution = Format1Values.execution(bare)
        execution.stageRun = Self.stageRun
        execution.retriedAt = at(49)
        execution.succeededStages = ["Source"]
        execution.skippedStages = ["Checks"]
        execution.announcedMembers = [KeyedValue("branch-name", "main")]
        return execution
    }()

    static let stageRun: StageRun = {
        var run = Format1Values.stageRun
        run.beforeEntry = Self.condition { _ = $0.end(as: .abandoned, by: nil, at: at(46)) }
        run.prepareRetry(.allActions, by: .automatic, at: at(49))
        run.actions = Format1Values.stageRun.actions
        run.status = .stopping
        run.beforeEntry = Self.condition { _ = $0.end(id(90), RuleVerdict(.satisfied), at: at(46)) }
        run.onSuccess = Self.condition { _ = $0.end(id(90), .failed("the window is closed"), at: at(47)) }
        run.onFailure = Self.condition { _ = $0.end(as: .overridden, by: mia, at: at(48)) }
        return run
    }()

    private static func condition(_ body: (inout ConditionRun) -> Void) -> ConditionRun {
        let rules = [
            RuleRun(id: id(90), name: "Window", startedAt: at(45)),
            RuleRun(id: id(91), name: "Check", startedAt: at(45)),
        ]
        var condition = ConditionRun(rules: rules, startedAt: at(45))
        body(&condition)
        return condition
    }

    static let ruleRun: RuleRun = {
        var rule = RuleRun(id: id(90), name: "Window", startedAt: at(45))
        let failure = FailureDetails(type: .configurationError, message: "no such alarm")
        rule.end(RuleVerdict(.unevaluated(failure), summary: "no", externalExecutionID: "run-9"), at: at(46))
        return rule
    }()

    static let ruleStart = RuleStart(
        id: id(90),
        executionID: id(3),
        pipelineVersion: 7,
        stageName: "Build",
        gate: .onSuccess,
        rule: Self.rule,
        resolvedConfiguration: [KeyedValue("Variable", "prod")],
        resolvedCommands: ["make check"],
        inputs: [Format1Values.source],
        startedAt: at(45),
        deadline: at(3645),
        replaces: id(89)
    )

    static let declaration: PipelineDeclaration = {
        var declaration = Format1Values.declaration
        declaration.stages[0].onFailure = .retry(.failedActions)
        declaration.stages[1].beforeEntry = ConditionDeclaration(result: .skip, rules: [Self.rule])
        declaration.stages[1].onSuccess = ConditionDeclaration(rules: [Self.rule])
        declaration.stages[1].onFailure = .condition(ConditionDeclaration(result: .rollback, rules: [Self.rule]))
        return declaration
    }()

    private static let rule = RuleDeclaration(
        name: "Window",
        typeID: .commands,
        configuration: [KeyedValue("Variable", "#{variables.Env}")],
        commands: ["make #{variables.Target}"],
        inputArtifacts: ["Source"],
        roleARN: "arn:aws:iam::000000000000:role/check",
        region: "eu-central-1",
        timeoutInMinutes: 60
    )
}
