// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockEngineChecks
import PenstockModel
import Testing

extension WorkedExamplesTests {
    @Test func `A stage that is skipped for every branch but one`() throws {
        let check = [
            KeyedValue("Variable", "#{SourceVariables.BranchName}"), KeyedValue("Operator", "EQ"),
            KeyedValue("Value", "main"),
        ]
        var pipeline = PipelineUnderTest(
            .stage("S1", .source(namespace: "SourceVariables")),
            .stage("S2", beforeEntry: .condition(.skip, .rule("Branch", configuration: check))), .stage("S3"))
        try pipeline.start()
        let found = ActionSuccess(outputVariables: [KeyedValue("BranchName", "dev")])
        try pipeline.succeed(.e1, "Get", found)
        #expect(pipeline.told == ["Get SUCCEEDED", "S1 SUCCEEDED", "S2 STARTED"])
        let resolved = pipeline.effects.compactMap { effect in
            if case .startRule(let start) = effect { start.resolvedConfiguration[key: "Variable"] } else { nil }
        }
        #expect(resolved == ["dev"])
        let rule = try pipeline.rule("Branch", .e1).id
        try pipeline.end(.e1, rule: "Branch", .failed("dev is not main"))
        #expect(pipeline.ledger.rules[rule]?.status == .failed)
        #expect(pipeline.told == ["S2 SKIPPED", "S3 STARTED", "Work STARTED"])
        #expect(pipeline.picture == "S3:E1")
        let skipped = try #require(pipeline.ledger.stages["S2"])
        #expect(skipped.execution == .e1)
        #expect(skipped.run.status == .skipped)
        #expect(skipped.run.beforeEntry?.status == .failed)

        let refusals: [(PipelineEvent, Rejection.Code)] = [
            (.retryStage("S2", .e1, .failedActions), .stageNotRetryable),
            (.overrideCondition(.beforeEntry, stage: "S2", .e1, by: mia), .conditionNotOverridable),
            (.rollback(stage: "S2", target: .e1, pipeline.freshRollback()), .unableToRollbackStage),
        ]
        for (event, code) in refusals { #expect(pipeline.refusal(of: event)?.code == code) }
    }

    @Test func `Variables with and without a default`() throws {
        let variables = [VariableDeclaration(name: "Env"), VariableDeclaration(name: "Size", defaultValue: "s")]
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"), variables: variables)
        try pipeline.start()
        let failed = try pipeline.execution(.e1)
        #expect(failed.status == .failed)
        #expect(failed.statusSummary == "Values for required variables haven't been provided: Env")
        #expect(failed.variables == [])
        #expect(pipeline.ledger.starts.isEmpty)
        try pipeline.start(variables: [KeyedValue("Env", "prod")])
        #expect(
            try pipeline.execution(.e2).variables == [KeyedValue("Env", "prod"), KeyedValue("Size", "s")])
        let twice = StartRequest(
            id: .e3,
            trigger: Trigger(type: .startPipelineExecution, detail: mia),
            variables: [KeyedValue("Env", "prod"), KeyedValue("Env", "test")]
        )
        #expect(pipeline.refusal(of: .start(twice))?.code == .validation)
    }
}
