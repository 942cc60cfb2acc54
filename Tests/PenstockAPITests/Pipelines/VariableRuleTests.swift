// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct VariableRuleTests {
    @Test(arguments: Self.cases) func `Variables that break a rule are refused`(_ rule: RuleCase) { rule.verify() }

    static let cases: [RuleCase] = Self.namespaces + Self.references

    private static let namespaces: [RuleCase] = [
        RuleCase(
            "a namespace used twice", .invalidActionDeclaration,
            "Namespaces must be unique across the pipeline definition. The following occur more than once in the"
                + " pipeline. StageName=[Deploy], ActionName=[Ship], Namespace=[Vars]",
            broken: Self.pipeline(sourceNamespace: "Vars", Sample.deploy(namespace: "Vars")),
            kept: Self.pipeline(sourceNamespace: "Vars", Sample.deploy(namespace: "vars"))
        ),
        RuleCase(
            "the namespace of the service", .invalidActionDeclaration,
            "The namespace 'codepipeline' of action 'Ship' is reserved",
            broken: Self.pipeline(Sample.deploy(namespace: "codepipeline")),
            kept: Self.pipeline(Sample.deploy(namespace: "CodePipeline"))
        ),
        RuleCase(
            "the namespace of pipeline variables", .invalidActionDeclaration,
            "The namespace 'variables' of action 'Ship' is reserved",
            broken: Self.pipeline(Sample.deploy(namespace: "variables")),
            kept: Self.pipeline(Sample.deploy(namespace: "variable"))
        ),
        RuleCase(
            "the namespace named as an artifact", .invalidActionDeclaration,
            "The namespace 'Code' of action 'Ship' is the name of an artifact",
            broken: Self.pipeline(Sample.deploy(namespace: "Code")),
            kept: Self.pipeline(Sample.deploy(namespace: "Codes"))
        ),
    ]

    private static let references: [RuleCase] = [
        RuleCase(
            "an unknown variable of the service", .invalidActionDeclaration,
            "Action 'Ship' in stage 'Deploy' refers to #{codepipeline.PipelineName},"
                + " but the namespace 'codepipeline' has PipelineExecutionId alone",
            broken: Self.pipeline(text: "#{codepipeline.PipelineName}"),
            kept: Self.pipeline(text: "run #{codepipeline.PipelineExecutionId}!")
        ),
        RuleCase(
            "an undeclared pipeline variable", .invalidActionDeclaration,
            "Action 'Ship' in stage 'Deploy' refers to #{variables.env}, but the pipeline declares no such variable",
            broken: Self.pipeline(text: "#{variables.Env} or #{variables.env}"),
            kept: Self.pipeline(text: "#{variables.Env} or #{variables.Env}")
        ),
        RuleCase(
            "a pipeline variable in a source action", .invalidActionDeclaration,
            "Action 'Fetch' in stage 'Source' refers to #{variables.Env},"
                + " but source actions cannot use pipeline variables",
            broken: Self.pipeline(objectKey: "#{variables.Env}.zip"),
            kept: Self.pipeline(objectKey: "#{codepipeline.PipelineExecutionId}.zip")
        ),
        RuleCase(
            "an unknown namespace", .invalidActionDeclaration,
            "Action 'Ship' in stage 'Deploy' refers to #{Nobody.Key}, but no action has the namespace 'Nobody'",
            broken: Self.pipeline(text: "#{Nobody.Key}"),
            kept: Self.pipeline(sourceNamespace: "Nobody", text: "#{Nobody.Key}")
        ),
        RuleCase(
            "a variable of an action beside", .invalidActionDeclaration,
            "Action 'Ship' in stage 'Deploy' refers to #{Made.Key}, but action 'Make' does not end before this one"
                + " starts",
            broken: Self.pipeline(Sample.deploy("Make", namespace: "Made"), Self.deploy(text: "#{Made.Key}")),
            kept: Self.pipeline(
                Sample.deploy("Make", namespace: "Made"), Self.deploy(text: "#{Made.Key}", runOrder: 2))
        ),
        RuleCase(
            "a variable of the action itself", .invalidActionDeclaration,
            "Action 'Ship' in stage 'Deploy' refers to #{Own.Key}, but action 'Ship' does not end before this one"
                + " starts",
            broken: Self.pipeline(Self.deploy(text: "#{Own.Key}", namespace: "Own"))
        ),
        RuleCase(
            "an unknown namespace in a command", .invalidActionDeclaration,
            "Action 'Run' in stage 'Deploy' refers to #{Nobody.Key}, but no action has the namespace 'Nobody'",
            broken: Self.pipeline(Sample.commands(["echo #{Nobody.Key}"])),
            kept: Self.pipeline(Sample.commands(["echo #{codepipeline.PipelineExecutionId}"]))
        ),
    ]

    @Test(arguments: ["#{", "#{Nobody", "#{}", "#{Nobody}", "{Nobody.Key}", "# {Nobody.Key}", "a#b"])
    func `What is no reference is plain text`(_ text: String) {
        #expect(Sample.problems(of: Self.pipeline(text: text)) == [])
    }

    private static func pipeline(sourceNamespace: String? = nil, _ actions: WireAction...) -> WirePipeline {
        let sources = Sample.stage("Source", [Sample.source(namespace: sourceNamespace)])
        return Sample.pipeline(stages: [sources, Sample.stage("Deploy", actions)], variables: ["Env"])
    }

    private static func pipeline(sourceNamespace: String? = nil, text: String) -> WirePipeline {
        Self.pipeline(sourceNamespace: sourceNamespace, Self.deploy(text: text))
    }

    private static func pipeline(objectKey: String) -> WirePipeline {
        let source = Sample.source(configuration: ["S3Bucket": "sources", "S3ObjectKey": objectKey])
        return Sample.pipeline(
            stages: [Sample.stage("Source", [source]), Sample.stage("Deploy", [Sample.deploy()])],
            variables: ["Env"]
        )
    }

    private static func deploy(text: String, runOrder: Int? = nil, namespace: String? = nil) -> WireAction {
        Sample.deploy(runOrder: runOrder, namespace: namespace, configuration: ["Target": "blue", "Text": text])
    }
}
