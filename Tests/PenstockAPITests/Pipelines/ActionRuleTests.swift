// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct ActionRuleTests {
    @Test(arguments: Self.cases) func `An action that breaks a rule is refused`(_ rule: RuleCase) { rule.verify() }

    static let cases: [RuleCase] = Self.types + Self.members + Self.commands

    private static let types: [RuleCase] = [
        RuleCase(
            "an action name used twice in a stage", .invalidActionDeclaration,
            "Action name 'Ship' is used more than once in stage 'Deploy'",
            broken: Sample.pipeline(deploying: Sample.deploy(), Sample.deploy()),
            kept: Sample.pipeline(stages: [
                Sample.stage("Source", [Sample.source()]), Sample.stage("One", [Sample.deploy()]),
                Sample.stage("Two", [Sample.deploy()]),
            ])
        ),
        RuleCase(
            "an action type that is not there", .invalidActionDeclaration,
            "ActionType (Category: 'Build', Provider: 'Mason', Owner: 'Custom', Version: '1') in action 'Make'"
                + " is not available in region 'US_EAST_1'",
            broken: Sample.pipeline(deploying: Sample.action("Make", .build, .custom, "Mason"))
        ),
        RuleCase(
            "a V2 provider in a V1 pipeline", .invalidActionDeclaration,
            "Commands Action can only be used with V2 pipelines.",
            broken: Self.pipeline(type: .v1, Sample.commands(["make"])),
            kept: Self.pipeline(type: .v2, Sample.commands(["make"]))
        ),
        RuleCase(
            "a provider that came with V2 in a V1 pipeline", .invalidActionDeclaration,
            "EKS Action can only be used with V2 pipelines.",
            broken: Self.pipeline(type: .v1, Sample.action("Apply", .deploy, .aws, "EKS", inputs: ["Code"])),
            kept: Self.pipeline(type: nil, Sample.action("Apply", .deploy, .aws, "EKS", inputs: ["Code"]))
        ),
    ]

    private static let members: [RuleCase] = [
        RuleCase(
            "a custom action in another region", .invalidActionDeclaration,
            "Action 'Ship' cannot run in region 'eu-west-1':"
                + " source, third-party and custom actions run in the region of the pipeline",
            broken: Self.crossRegion(Sample.deploy(region: "eu-west-1")),
            kept: Self.crossRegion(Sample.deploy(region: "us-east-1"))
        ),
        RuleCase(
            "a partner's action in another region", .invalidActionDeclaration,
            "Action 'Probe' cannot run in region 'eu-west-1':"
                + " source, third-party and custom actions run in the region of the pipeline",
            broken: Self.crossRegion(Self.probe(in: "eu-west-1")),
            kept: Self.crossRegion(Self.probe(in: nil))
        ),
        RuleCase(
            "a timeout of something else than an approval", .invalidActionDeclaration,
            "Action 'Ship': only manual approval actions can declare 'timeoutInMinutes'",
            broken: Self.pipeline(Sample.deploy()) { $0.timeoutInMinutes = 5 },
            kept: Sample.pipeline(deploying: Sample.approval(timeout: 5))
        ),
    ]

    private static let commands: [RuleCase] = [
        RuleCase(
            "no commands", .invalidActionDeclaration, "Action Run must have a non-empty commands field",
            broken: Sample.pipeline(deploying: Sample.commands(nil)),
            kept: Sample.pipeline(deploying: Sample.commands(["make"]))
        ),
        RuleCase(
            "a command of two lines", .invalidActionDeclaration,
            "Action 'Run': each of its commands must be a single line",
            broken: Sample.pipeline(deploying: Sample.commands(["make\nmake install"])),
            kept: Sample.pipeline(deploying: Sample.commands(["make", "make install"]))
        ),
        Self.foreign("commands") { $0.commands = ["make"] },
        Self.foreign("outputVariables") { $0.outputVariables = ["VERSION"] },
        Self.foreign("environmentVariables") { $0.environmentVariables = [.init(name: "A", value: "b")] },
        Self.foreign("outputArtifacts.files") { $0.outputArtifacts = [.init(name: "Out", files: ["**/*"])] },
    ]

    /// A member of the provider Commands on another action, and on its own.
    private static func foreign(_ member: String, _ change: (inout WireAction) -> Void) -> RuleCase {
        RuleCase(
            "\(member) of another provider", .invalidActionDeclaration,
            "Action 'Ship': actions of provider 'Shipper' cannot declare '\(member)'",
            broken: Self.pipeline(Sample.deploy(), change),
            kept: Self.pipeline(Sample.commands(["make"]), change)
        )
    }

    // MARK: Parts

    private static func pipeline(_ action: WireAction, _ change: (inout WireAction) -> Void) -> WirePipeline {
        var action = action
        change(&action)
        return Sample.pipeline(deploying: action)
    }

    private static func pipeline(type: WirePipelineType?, _ action: WireAction) -> WirePipeline {
        var pipeline = Sample.pipeline(deploying: action)
        pipeline.pipelineType = type
        return pipeline
    }

    private static func crossRegion(_ action: WireAction) -> WirePipeline {
        var pipeline = Sample.pipeline(deploying: action)
        pipeline.artifactStore = nil
        pipeline.artifactStores = ["us-east-1", "eu-west-1"].reduce(into: [:]) { stores, region in
            stores[region] = ArtifactStore(type: .s3, location: "artifacts")
        }
        return pipeline
    }

    private static func probe(in region: String?) -> WireAction {
        var action = Sample.action("Probe", .test, .thirdParty, "Prober")
        action.region = region
        return action
    }
}
