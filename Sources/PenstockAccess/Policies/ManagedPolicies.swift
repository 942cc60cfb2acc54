// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// The policies that every installation has, under the names that CodePipeline users know.
///
/// Source: AWS CodePipeline User Guide, AWS managed policies for CodePipeline; the actions that this service offers.
package enum ManagedPolicies {
    /// By name, in the order of their names.
    package static let names = Self.sources.map(\.name)

    /// The JSON of a managed policy; `nil` when there is none with that name.
    package static func source(named name: String) -> String? {
        Self.sources.first { $0.name == name }?.json
    }

    /// A managed policy, ready to evaluate; `nil` when there is none with that name.
    package static func document(named name: String) -> PolicyDocument? {
        Self.source(named: name).flatMap { try? PolicyDocument(parsing: $0) }
    }

    private static let sources: [(name: String, json: String)] = [
        (
            "AWSCodePipelineApproverAccess",
            Self.allowing([
                "codepipeline:GetPipeline", "codepipeline:GetPipelineExecution", "codepipeline:GetPipelineState",
                "codepipeline:ListPipelineExecutions", "codepipeline:ListPipelines", "codepipeline:PutApprovalResult",
            ])
        ),
        (
            "AWSCodePipelineCustomActionAccess",
            Self.allowing([
                "codepipeline:AcknowledgeJob", "codepipeline:GetJobDetails", "codepipeline:PollForJobs",
                "codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult",
            ])
        ),
        (
            "AWSCodePipeline_FullAccess",
            Self.allowing(["codepipeline:*", "iam:PassRole", "s3:*"])
        ),
        (
            "AWSCodePipeline_ReadOnlyAccess",
            Self.allowing([
                "codepipeline:GetActionType", "codepipeline:GetPipeline", "codepipeline:GetPipelineExecution",
                "codepipeline:GetPipelineState", "codepipeline:ListActionExecutions", "codepipeline:ListActionTypes",
                "codepipeline:ListDeployActionExecutionTargets", "codepipeline:ListPipelineExecutions",
                "codepipeline:ListPipelines", "codepipeline:ListRuleExecutions", "codepipeline:ListRuleTypes",
                "codepipeline:ListTagsForResource", "codepipeline:ListWebhooks",
            ])
        ),
    ]

    private static func allowing(_ actions: [String]) -> String {
        let list = actions.map { "\"\($0)\"" }.joined(separator: ",")
        return #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[\#(list)],"Resource":"*"}]}"#
    }
}
