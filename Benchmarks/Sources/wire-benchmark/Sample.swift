// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire

extension CreatePipelineInput {
    /// A pipeline such as people have, only larger: names, configurations, artifacts and variables on every action.
    static func sample(stages: Int, actionsPerStage: Int) -> CreatePipelineInput {
        CreatePipelineInput(
            pipeline: PipelineDeclaration(
                name: "storefront-release",
                roleARN: "arn:aws:iam::123456789012:role/service-role/storefront-release",
                artifactStore: ArtifactStore(type: .s3, location: "storefront-artifacts"),
                stages: (1...stages).map { stage in
                    StageDeclaration(
                        name: "Stage-\(stage)",
                        actions: (1...actionsPerStage).map { .sample(stage: stage, action: $0) },
                        onFailure: FailureConditions(result: .rollback))
                },
                executionMode: .queued,
                pipelineType: .v2,
                variables: [PipelineVariableDeclaration(name: "Target", defaultValue: "canary")]),
            tags: [Tag(key: "team", value: "storefront"), Tag(key: "cost-centre", value: "4711")])
    }
}

extension ActionDeclaration {
    fileprivate static func sample(stage: Int, action: Int) -> ActionDeclaration {
        ActionDeclaration(
            name: "Build-\(stage)-\(action)",
            actionTypeID: ActionTypeID(category: .build, owner: .custom, provider: "Workshop", version: "1"),
            runOrder: action,
            configuration: [
                "ProjectName": "storefront-\(stage)-\(action)",
                "PrimarySource": "Source",
                "EnvironmentVariables": ##"[{"name":"TARGET","value":"#{variables.Target}","type":"PLAINTEXT"}]"##,
            ],
            outputArtifacts: [OutputArtifact(name: "Output_\(stage)_\(action)")],
            inputArtifacts: [InputArtifact(name: "Source")],
            region: "eu-central-1",
            namespace: "Build_\(stage)_\(action)",
            timeoutInMinutes: 60)
    }
}
