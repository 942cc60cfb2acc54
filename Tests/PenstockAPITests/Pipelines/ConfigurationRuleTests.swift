// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

@Suite struct ConfigurationRuleTests {
    @Test(arguments: Self.cases) func `A configuration that breaks a rule is refused`(_ rule: RuleCase) {
        rule.verify()
    }

    static let cases: [RuleCase] = [
        RuleCase(
            "a required key that is missing", .invalidActionDeclaration,
            "Action configuration for action 'Ship' is missing required configuration 'Target'",
            broken: Self.pipeline([:]),
            kept: Self.pipeline(["Target": "blue"])
        ),
        RuleCase(
            "a key that the type does not have", .invalidActionDeclaration,
            "Action configuration for action 'Ship' contains unknown configuration 'target'",
            broken: Self.pipeline(["Target": "blue", "target": "blue"]),
            kept: Self.pipeline(["Target": "blue", "Text": "any"])
        ),
        RuleCase(
            "a queryable value of 21 characters", .invalidActionDeclaration,
            "The configuration 'Target' of action 'Ship' must have 1 to 20 characters of A-Z, a-z, 0-9, _ and -",
            broken: Self.pipeline(["Target": String(repeating: "x", count: 21)]),
            kept: Self.pipeline(["Target": String(repeating: "x", count: 20)])
        ),
        RuleCase(
            "a queryable value with other characters", .invalidActionDeclaration,
            "The configuration 'Target' of action 'Ship' must have 1 to 20 characters of A-Z, a-z, 0-9, _ and -",
            broken: Self.pipeline(["Target": "blue.green"]),
            kept: Self.pipeline(["Target": "Blue_green-09"])
        ),
        RuleCase(
            "a queryable value that only looks like a reference", .invalidActionDeclaration,
            "The configuration 'Target' of action 'Ship' must have 1 to 20 characters of A-Z, a-z, 0-9, _ and -",
            broken: Self.pipeline(["Target": "#{}"]),
            kept: Self.pipeline(["Target": "#{codepipeline.PipelineExecutionId}"])
        ),
        Self.number("twelve", beside: "12"),
        Self.number("0x10", beside: "-10"),
        Self.number("1.", beside: "1.5"),
        Self.number("+", beside: "+1"),
        Self.number("1e3", beside: "#{codepipeline.PipelineExecutionId}"),
        RuleCase(
            "a Boolean that is none", .invalidActionDeclaration,
            "The configuration 'Force' of action 'Ship' must be true or false",
            broken: Self.pipeline(["Target": "blue", "Force": "yes"]),
            kept: Self.pipeline(["Target": "blue", "Force": "True"])
        ),
    ]

    @Test func `Any text but true switches polling off, so any is accepted`() {
        let source = Sample.source(configuration: [
            "S3Bucket": "b", "S3ObjectKey": "k", "PollForSourceChanges": "never",
        ])
        #expect(Sample.problems(of: Sample.pipeline(deploying: Sample.deploy(), sources: [source])) == [])
    }

    @Test func `A secret that was sent back masked is not judged by its text`() {
        #expect(Sample.problems(of: Self.pipeline(["Target": "blue", "Password": "****"])) == [])
    }

    private static func number(_ broken: String, beside kept: String) -> RuleCase {
        RuleCase(
            "the number \(broken)", .invalidActionDeclaration,
            "The configuration 'Count' of action 'Ship' must be a number",
            broken: Self.pipeline(["Target": "blue", "Count": broken]),
            kept: Self.pipeline(["Target": "blue", "Count": kept])
        )
    }

    private static func pipeline(_ configuration: [String: String]) -> WirePipeline {
        Sample.pipeline(deploying: Sample.deploy(configuration: configuration))
    }
}
