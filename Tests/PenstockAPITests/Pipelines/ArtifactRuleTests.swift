// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct ArtifactRuleTests {
    @Test(arguments: Self.cases) func `Artifacts that break a rule are refused`(_ rule: RuleCase) { rule.verify() }

    static let cases: [RuleCase] = Self.counts + Self.flow

    private static let counts: [RuleCase] = [
        RuleCase(
            "too few inputs", .invalidActionDeclaration,
            "Action Apply declares 0 input artifacts which is less than the minimum count (1)",
            broken: Sample.pipeline(deploying: Sample.action("Apply", .deploy, .aws, "EKS", inputs: nil)),
            kept: Sample.pipeline(deploying: Sample.action("Apply", .deploy, .aws, "EKS", inputs: ["Code"]))
        ),
        RuleCase(
            "too many inputs", .invalidActionDeclaration,
            "Action Ship declares 3 input artifacts which is more than the maximum count (2)",
            broken: Self.pipeline(inputs: ["A", "B", "C"]),
            kept: Self.pipeline(inputs: ["A", "B"])
        ),
        RuleCase(
            "too few outputs", .invalidActionDeclaration,
            "Action Fetch declares 0 output artifacts which is less than the minimum count (1)",
            broken: Sample.pipeline(deploying: Sample.approval(), sources: [Sample.source(output: nil)]),
            kept: Sample.pipeline(deploying: Sample.approval(), sources: [Sample.source()])
        ),
        RuleCase(
            "too many outputs", .invalidActionDeclaration,
            "Action Ship declares 2 output artifacts which is more than the maximum count (1)",
            broken: Sample.pipeline(deploying: Sample.deploy(outputs: ["X", "Y"])),
            kept: Sample.pipeline(deploying: Sample.deploy(outputs: ["X"]))
        ),
    ]

    private static let flow: [RuleCase] = [
        RuleCase(
            "an output made twice", .invalidActionDeclaration,
            "Output Artifact Bundle name must be unique within the pipeline. Built has been used more than once.",
            broken: Sample.pipeline(
                deploying: Sample.deploy("One", outputs: ["Built"]), Sample.deploy("Two", outputs: ["Built"])),
            kept: Sample.pipeline(
                deploying: Sample.deploy("One", outputs: ["Built"]), Sample.deploy("Two", outputs: ["built"]))
        ),
        RuleCase(
            "an input that nobody makes", .invalidActionDeclaration,
            "Input Artifact Bundle Nothing in action Ship is not declared as Output Artifact Bundle in any of the"
                + " preceding actions",
            broken: Sample.pipeline(deploying: Sample.deploy(inputs: ["Nothing"]))
        ),
        RuleCase(
            "an input made beside the action", .invalidActionDeclaration,
            "Input Artifact Bundle Built in action Ship is not declared as Output Artifact Bundle in any of the"
                + " preceding actions",
            broken: Self.chain(makerRunOrder: 2, userRunOrder: 2),
            kept: Self.chain(makerRunOrder: 1, userRunOrder: 2)
        ),
        RuleCase(
            "an input made after the action", .invalidActionDeclaration,
            "Input Artifact Bundle Built in action Ship is not declared as Output Artifact Bundle in any of the"
                + " preceding actions",
            broken: Self.chain(makerRunOrder: 999, userRunOrder: 1),
            kept: Self.chain(makerRunOrder: nil, userRunOrder: 2)
        ),
        RuleCase(
            "an input taken twice", .invalidActionDeclaration,
            "Action Ship declares the input artifact A more than once",
            broken: Self.pipeline(inputs: ["A", "A"]),
            kept: Self.pipeline(inputs: ["A", "B"])
        ),
    ]

    @Test func `An action may take what a later declared action of lower run order made`() {
        let actions = [
            Sample.deploy("Use", inputs: ["Built"], runOrder: 2),
            Sample.deploy("Make", outputs: ["Built"], runOrder: 1),
        ]
        #expect(Sample.problems(of: Sample.pipeline(deploying: actions[0], actions[1])) == [])
    }

    private static func pipeline(inputs: [String]) -> WirePipeline {
        let sources = ["A", "B", "C"].map { (name: String) in Sample.source("Fetch\(name)", output: name) }
        return Sample.pipeline(deploying: Sample.deploy(inputs: inputs), sources: sources)
    }

    private static func chain(makerRunOrder: Int?, userRunOrder: Int) -> WirePipeline {
        Sample.pipeline(
            deploying: Sample.deploy("Make", outputs: ["Built"], runOrder: makerRunOrder),
            Sample.deploy(inputs: ["Built"], runOrder: userRunOrder)
        )
    }
}
