// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension BuiltInActionTypes {
    static let sources = [
        type(
            .source, "S3", inputs: 0...0, outputs: 1...1,
            .required("S3Bucket", "S3ObjectKey")
                + .optional("PollForSourceChanges", "AllowOverrideForS3ObjectKey")),
        type(
            .source, "CodeCommit", inputs: 0...0, outputs: 1...1,
            .required("RepositoryName", "BranchName") + .optional("PollForSourceChanges", "OutputArtifactFormat")),
        type(
            .source, "CodeStarSourceConnection", inputs: 0...0, outputs: 1...1,
            .required("ConnectionArn", "FullRepositoryId", "BranchName")
                + .optional("OutputArtifactFormat", "DetectChanges")),
        type(
            .source, "ECR", inputs: 0...0, outputs: 1...1, .required("RepositoryName") + .optional("ImageTag")),
        type(
            .source, "GitHub", owner: .thirdParty, inputs: 0...0, outputs: 1...1,
            .required("Owner", "Repo", "Branch") + .secret("OAuthToken") + .optional("PollForSourceChanges")),
    ]

    static let approvals = [
        type(
            .approval, "Manual", inputs: 0...0, outputs: 0...0,
            .optional("NotificationArn", "CustomData", "ExternalEntityLink", "IsSummaryRequired"))
    ]
}
