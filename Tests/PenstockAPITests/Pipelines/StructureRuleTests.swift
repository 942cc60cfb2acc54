// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct StructureRuleTests {
    @Test(arguments: Self.cases) func `A pipeline that breaks a rule of structure is refused`(_ rule: RuleCase) {
        rule.verify()
    }

    static let cases: [RuleCase] = Self.counts + Self.sources + Self.stores + Self.types

    private static let counts: [RuleCase] = [
        RuleCase(
            "one stage", .invalidStructure,
            "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline",
            broken: Sample.pipeline(stages: [Sample.stage("Source", [Sample.source()])])
        ),
        RuleCase(
            "no stage", .invalidStructure,
            "Pipeline has only 0 stage(s). There should be a minimum of 2 stages in a pipeline",
            broken: Sample.pipeline(stages: [])
        ),
        RuleCase(
            "51 stages", .invalidStructure,
            "Pipeline has too many stages. There can only be up to 50 stages in a pipeline",
            broken: Self.pipeline(stageCount: 51),
            kept: Self.pipeline(stageCount: 50)
        ),
        RuleCase(
            "1001 actions", .invalidStructure,
            "Pipeline has too many actions. There can only be up to 1000 actions in a pipeline",
            broken: Self.pipeline(actionCount: 1001),
            kept: Self.pipeline(actionCount: 1000)
        ),
    ]

    private static let sources: [RuleCase] = [
        RuleCase(
            "a first stage with other actions", .invalidStructure,
            "Pipeline should start with a stage that only contains source actions",
            broken: Sample.pipeline(deploying: Sample.deploy(), sources: [Sample.source(), Sample.approval()]),
            kept: Sample.pipeline(
                deploying: Sample.deploy(), sources: [Sample.source(), Sample.source("Other", output: "Config")])
        ),
        RuleCase(
            "a first stage without actions", .invalidStructure,
            "Pipeline should start with a stage that only contains source actions",
            broken: Sample.pipeline(deploying: Sample.approval(), sources: [])
        ),
        RuleCase(
            "a source later", .invalidStructure,
            "Source actions can only be included in the first stage of the pipeline",
            broken: Sample.pipeline(deploying: Sample.deploy(), Sample.source("Late", output: "Late"))
        ),
        RuleCase(
            "sources alone", .invalidStructure,
            "Pipeline should contain at least 1 action whose category is not Source",
            broken: Sample.pipeline(stages: [Sample.stage("Source", [Sample.source()]), Sample.stage("Deploy", [])])
        ),
    ]

    private static let stores: [RuleCase] = [
        RuleCase(
            "no artifact store", .invalidStructure, "The pipeline must declare an artifact store",
            broken: Sample.pipeline(store: nil)
        ),
        RuleCase(
            "both forms of artifact stores", .invalidStructure,
            "Specify either 'pipeline.artifactStore' or 'pipeline.artifactStores', not both",
            broken: Sample.pipeline(stores: Self.stores(in: "us-east-1"))
        ),
        RuleCase(
            "one store for two regions", .invalidStructure,
            "Your pipeline contains actions in more than one region. Use 'pipeline.artifactStores' instead of"
                + " 'pipeline.artifactStore' to declare an artifact store, such as an artifact bucket, for each region"
                + " where you have an action.",
            broken: Sample.pipeline(deploying: Self.kubernetes(in: "eu-west-1")),
            kept: Sample.pipeline(deploying: Self.kubernetes(in: "us-east-1"))
        ),
        RuleCase(
            "no store for the region of an action", .invalidStructure,
            "Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an"
                + " action. The following region is missing in 'pipeline.artifactStores': eu-west-1.",
            broken: Self.kubernetesPipeline(stores: "us-east-1"),
            kept: Self.kubernetesPipeline(stores: "us-east-1", "eu-west-1")
        ),
        RuleCase(
            "no store for the region of the pipeline", .invalidStructure,
            "Your pipeline must have an artifact store, such as an artifact bucket, for each region where you have an"
                + " action. The following region is missing in 'pipeline.artifactStores': us-east-1.",
            broken: Self.kubernetesPipeline(stores: "eu-west-1")
        ),
        RuleCase(
            "a store for something that is no region", .invalidStructure,
            "'Nether Land' in 'pipeline.artifactStores' is not the name of a region",
            broken: Self.kubernetesPipeline(stores: "us-east-1", "eu-west-1", "Nether Land")
        ),
    ]

    private static let types: [RuleCase] = [
        RuleCase(
            "a variable declared twice", .invalidStructure,
            "Variable names must be unique. The following variable name is already in use: Env",
            broken: Sample.pipeline(variables: ["Env", "Size", "Env"]),
            kept: Sample.pipeline(variables: ["Env", "Size", "env"])
        ),
        RuleCase(
            "a queue in a V1 pipeline", .invalidStructure,
            "QUEUED or PARALLEL mode can only be used with V2 pipelines",
            broken: Sample.pipeline(mode: .queued, type: .v1),
            kept: Sample.pipeline(mode: .queued, type: .v2)
        ),
        RuleCase(
            "parallel executions of a V1 pipeline", .invalidStructure,
            "QUEUED or PARALLEL mode can only be used with V2 pipelines",
            broken: Sample.pipeline(mode: .parallel, type: .v1),
            kept: Sample.pipeline(mode: .superseded, type: .v1)
        ),
        RuleCase(
            "variables of a V1 pipeline", .invalidStructure, "Pipeline variable can only be used with V2 pipelines",
            broken: Sample.pipeline(type: .v1, variables: ["Env"]),
            kept: Sample.pipeline(type: .v1, variables: [])
        ),
        RuleCase(
            "triggers of a V1 pipeline", .invalidStructure, "Triggers on tag can only be used with V2 pipelines",
            broken: Sample.connected(type: .v1, Sample.trigger("Fetch")),
            kept: Sample.connected(type: .v1)
        ),
    ]

    // MARK: Parts

    private static func pipeline(stageCount: Int) -> WirePipeline {
        let later = (2...stageCount).map { Sample.stage("S\($0)", [Sample.approval()]) }
        return Sample.pipeline(stages: [Sample.stage("S1", [Sample.source()])] + later)
    }

    /// In stages of at most a hundred.
    private static func pipeline(actionCount: Int) -> WirePipeline {
        let approvals = (1..<actionCount).map { Sample.approval("A\($0)") }
        let later = stride(from: 0, to: approvals.count, by: 100).map { start in
            Sample.stage("S\(start)", Array(approvals[start..<min(start + 100, approvals.count)]))
        }
        return Sample.pipeline(stages: [Sample.stage("Source", [Sample.source()])] + later)
    }

    private static func stores(in regions: String...) -> [String: ArtifactStore] { self.stores(in: regions) }

    private static func stores(in regions: [String]) -> [String: ArtifactStore] {
        Dictionary(uniqueKeysWithValues: regions.map { ($0, ArtifactStore(type: .s3, location: "artifacts-\($0)")) })
    }

    private static func kubernetes(in region: String) -> WireAction {
        var action = Sample.action("Apply", .deploy, .aws, "EKS", inputs: ["Code"])
        action.region = region
        return action
    }

    private static func kubernetesPipeline(stores regions: String...) -> WirePipeline {
        var pipeline = Sample.pipeline(deploying: Self.kubernetes(in: "eu-west-1"))
        pipeline.artifactStore = nil
        pipeline.artifactStores = self.stores(in: regions)
        return pipeline
    }
}
