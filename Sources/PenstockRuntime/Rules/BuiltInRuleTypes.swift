// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A kind of rule: what it is configured with, and what it reads.
package struct RuleTypeDefinition: Sendable, Hashable {
    package struct Property: Sendable, Hashable {
        package var name: String
        package var isRequired: Bool
        package var description: String
    }

    package var id: RuleTypeID
    package var properties: [Property]
    package var inputArtifacts: ArtifactCount
}

/// The kinds of rules that declarations may name; there are no others.
///
/// Source: AWS CodePipeline User Guide, Rule structure reference.
package enum BuiltInRuleTypes {
    /// Those whose rules are evaluated.
    package static let evaluated: Set<RuleTypeID> = [.variableCheck, .deploymentWindow]

    /// By provider.
    package static let all: [RuleTypeDefinition] = [
        RuleTypeDefinition(
            id: .cloudWatchAlarm,
            properties: [
                .required("AlarmName", "The alarm that is looked at."),
                .optional("AlarmStates", "The states that count as bad, separated by commas."),
                .optional("WaitTime", "How many minutes a change of the state is waited for."),
            ],
            inputArtifacts: ArtifactCount(0, 0)
        ),
        RuleTypeDefinition(
            id: .codeBuild,
            properties: [
                .required("ProjectName", "The build project that is run."),
                .optional("PrimarySource", "The input artifact with the build specification."),
                .optional("BatchEnabled", "Whether the project runs as a batch."),
                .optional("CombineArtifacts", "Whether the artifacts of a batch are put together."),
                .optional("EnvironmentVariables", "A JSON list of variables that the build gets."),
            ],
            inputArtifacts: ArtifactCount(1, 5)
        ),
        RuleTypeDefinition(id: .commands, properties: [], inputArtifacts: ArtifactCount(1, 10)),
        RuleTypeDefinition(
            id: .deploymentWindow,
            properties: [
                .required("Cron", "When the window is open: six fields, or seven with the year."),
                .optional("TimeZone", "Where the clock stands that the window goes by; UTC if nothing is said."),
            ],
            inputArtifacts: ArtifactCount(0, 0)
        ),
        RuleTypeDefinition(
            id: .lambdaInvoke,
            properties: [
                .required("FunctionName", "The function that is called."),
                .optional("UserParameters", "A text that the function gets."),
            ],
            inputArtifacts: ArtifactCount(0, 5)
        ),
        RuleTypeDefinition(
            id: .variableCheck,
            properties: [
                .required("Variable", "What is compared, such as a reference to a variable."),
                .required("Value", "What it is compared with."),
                .required("Operator", "EQ, NE, CONTAINS or MATCHES."),
            ],
            inputArtifacts: ArtifactCount(0, 0)
        ),
    ]
}

extension RuleTypeDefinition.Property {
    fileprivate static func required(_ name: String, _ description: String) -> Self {
        Self(name: name, isRequired: true, description: description)
    }

    fileprivate static func optional(_ name: String, _ description: String) -> Self {
        Self(name: name, isRequired: false, description: description)
    }
}
