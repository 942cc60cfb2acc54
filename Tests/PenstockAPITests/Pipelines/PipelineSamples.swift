// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockRuntime
import PenstockWire

@testable import PenstockAPI

/// Declarations for tests: valid as they come, so that a test names only what it is about.
enum Sample {
    static let role = "arn:aws:iam::000000000000:role/pipeline"

    static func pipeline(
        name: String = "web",
        store: ArtifactStore? = ArtifactStore(type: .s3, location: "artifacts"),
        stores: [String: ArtifactStore]? = nil,
        stages: [WireStage] = [Sample.stage("Source", [Sample.source()]), Sample.stage("Deploy", [Sample.deploy()])],
        mode: WireExecutionMode? = nil,
        type: WirePipelineType? = nil,
        variables: [String]? = nil,
        triggers: [PipelineTriggerDeclaration]? = nil
    ) -> WirePipeline {
        WirePipeline(
            name: name,
            roleARN: Self.role,
            artifactStore: store,
            artifactStores: stores,
            stages: stages,
            executionMode: mode,
            pipelineType: type,
            variables: variables?.map { PipelineVariableDeclaration(name: $0) },
            triggers: triggers
        )
    }

    static func stage(
        _ name: String,
        _ actions: [WireAction],
        beforeEntry: BeforeEntryConditions? = nil,
        onSuccess: SuccessConditions? = nil,
        onFailure: FailureConditions? = nil
    ) -> WireStage {
        WireStage(name: name, actions: actions, onFailure: onFailure, onSuccess: onSuccess, beforeEntry: beforeEntry)
    }

    /// A pipeline whose second stage holds these actions.
    static func pipeline(
        deploying action: WireAction,
        _ more: WireAction...,
        sources: [WireAction] = [Sample.source()]
    ) -> WirePipeline {
        Self.pipeline(stages: [Self.stage("Source", sources), Self.stage("Deploy", [action] + more)])
    }

    static func source(
        _ name: String = "Fetch",
        provider: String = "S3",
        owner: PenstockWire.ActionOwner = .aws,
        output: String? = "Code",
        runOrder: Int? = nil,
        namespace: String? = nil,
        configuration: [String: String] = ["S3Bucket": "sources", "S3ObjectKey": "web.zip"]
    ) -> WireAction {
        var action = Self.action(name, .source, owner, provider, outputs: output.map { [$0] } ?? [], configuration)
        action.runOrder = runOrder
        action.namespace = namespace
        return action
    }

    /// Of the custom type that ``types`` holds.
    static func deploy(
        _ name: String = "Ship",
        inputs: [String] = ["Code"],
        outputs: [String] = [],
        runOrder: Int? = nil,
        namespace: String? = nil,
        region: String? = nil,
        configuration: [String: String] = ["Target": "blue"]
    ) -> WireAction {
        var action = Self.action(name, .deploy, .custom, "Shipper", inputs: inputs, outputs: outputs, configuration)
        action.runOrder = runOrder
        action.namespace = namespace
        action.region = region
        return action
    }

    static func approval(_ name: String = "SignOff", timeout: Int? = nil, runOrder: Int? = nil) -> WireAction {
        var action = Self.action(name, .approval, .aws, "Manual", [:])
        action.timeoutInMinutes = timeout
        action.runOrder = runOrder
        return action
    }

    static func commands(_ commands: [String]?) -> WireAction {
        var action = Self.action("Run", .compute, .aws, "Commands", inputs: ["Code"], [:])
        action.commands = commands
        return action
    }

    static func action(
        _ name: String,
        _ category: PenstockWire.ActionCategory,
        _ owner: PenstockWire.ActionOwner,
        _ provider: String,
        inputs: [String]? = nil,
        outputs: [String]? = nil,
        _ configuration: [String: String]? = nil
    ) -> WireAction {
        WireAction(
            name: name,
            actionTypeID: WireActionTypeID(category: category, owner: owner, provider: provider, version: "1"),
            configuration: configuration,
            outputArtifacts: outputs?.map { OutputArtifact(name: $0) },
            inputArtifacts: inputs?.map { InputArtifact(name: $0) }
        )
    }

    /// A pipeline whose one source follows a repository through a connection.
    static func connected(
        type: WirePipelineType? = nil,
        _ triggers: PipelineTriggerDeclaration...
    ) -> WirePipeline {
        let source = Self.source(
            provider: "CodeStarSourceConnection", configuration: ["ConnectionArn": "arn:aws:x:y:z:c/1"])
        var pipeline = Self.pipeline(deploying: Self.deploy(), sources: [source])
        pipeline.pipelineType = type
        pipeline.triggers = triggers
        return pipeline
    }

    static func trigger(
        _ source: String = "Fetch",
        push: [GitPushFilter]? = nil,
        pullRequest: [GitPullRequestFilter]? = nil
    ) -> PipelineTriggerDeclaration {
        PipelineTriggerDeclaration(
            providerType: .codeStarSourceConnection,
            gitConfiguration: GitConfiguration(sourceActionName: source, push: push, pullRequest: pullRequest)
        )
    }

    static func condition(_ result: PenstockWire.ConditionResult?, rules: [String] = ["Check"]) -> Condition {
        Condition(result: result, rules: rules.map { Self.rule($0) })
    }

    static func rule(_ name: String, provider: String = "VariableCheck") -> PenstockWire.RuleDeclaration {
        let required = BuiltInRuleTypes.all.first { $0.id.provider == provider }?.properties.filter(\.isRequired) ?? []
        return PenstockWire.RuleDeclaration(
            name: name, ruleTypeID: PenstockWire.RuleTypeID(category: .rule, provider: provider),
            configuration: Dictionary(uniqueKeysWithValues: required.map { ($0.name, "x") }))
    }

    /// What the action types of the samples are.
    static let types: [PenstockModel.ActionTypeID: ActionTypeDefinition] = Dictionary(
        uniqueKeysWithValues: [
            Self.type(
                .source, .aws, "S3", outputs: 1...1,
                [
                    .init(name: "S3Bucket", isRequired: true), .init(name: "S3ObjectKey", isRequired: true),
                    .init(name: "PollForSourceChanges", isRequired: false, valueType: .boolean),
                ]),
            Self.type(
                .source, .aws, "CodeStarSourceConnection", outputs: 1...1,
                [
                    .init(name: "ConnectionArn", isRequired: true)
                ]),
            Self.type(
                .source, .thirdParty, "GitHub", outputs: 1...1,
                [
                    .init(name: "OAuthToken", isRequired: true, isSecret: true)
                ]),
            Self.type(
                .deploy, .custom, "Shipper", inputs: 0...2, outputs: 0...1,
                [
                    .init(name: "Target", isRequired: true, isKey: true, isQueryable: true),
                    .init(name: "Text", isRequired: false, valueType: .string),
                    .init(name: "Count", isRequired: false, valueType: .number),
                    .init(name: "Force", isRequired: false, valueType: .boolean),
                    .init(name: "Password", isRequired: false, isSecret: true),
                ]),
            Self.type(.approval, .aws, "Manual", [.init(name: "CustomData", isRequired: false)]),
            Self.type(.compute, .aws, "Commands", inputs: 1...10, outputs: 0...1),
            Self.type(.deploy, .aws, "EKS", inputs: 1...1),
            Self.type(.test, .thirdParty, "Prober", inputs: 0...5),
        ].map { ($0.id, $0) }
    )

    private static func type(
        _ category: PenstockModel.ActionCategory,
        _ owner: PenstockModel.ActionOwner,
        _ provider: String,
        inputs: ClosedRange<Int> = 0...0,
        outputs: ClosedRange<Int> = 0...0,
        _ properties: [PenstockModel.ActionTypeProperty] = []
    ) -> ActionTypeDefinition {
        ActionTypeDefinition(
            id: PenstockModel.ActionTypeID(category: category, owner: owner, provider: provider, version: "1"),
            properties: properties,
            inputArtifacts: ArtifactCount(inputs.lowerBound, inputs.upperBound),
            outputArtifacts: ArtifactCount(outputs.lowerBound, outputs.upperBound)
        )
    }

    static let region = Region.default

    /// What is wrong with the declaration, as a new pipeline in ``region``.
    static func problems(of pipeline: WirePipeline) -> [Rejection] {
        PipelineRules.problems(of: pipeline, type: pipeline.type(), in: Self.region) { Self.types[$0] }
    }
}
