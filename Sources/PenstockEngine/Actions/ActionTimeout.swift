// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

public import PenstockModel

/// How long an action may take, counted from its start; only a retry starts the count again.
///
/// Source: AWS CodePipeline User Guide, Quotas in AWS CodePipeline.
public enum ActionTimeout {
    public static let approval: Duration = .days(7)
    public static let custom: Duration = .hours(24)
    public static let lambdaInvoke: Duration = .hours(24)
    public static let cloudFormation: Duration = .days(3)
    public static let codeDeploy: Duration = .days(5)
    public static let codeBuildBuild: Duration = .hours(36)
    public static let codeBuildTest: Duration = .hours(8)
    public static let commands: Duration = .minutes(55)
    public static let s3Deploy: Duration = .minutes(90)
    public static let stepFunctions: Duration = .days(7)
    public static let other: Duration = .hours(1)

    /// The time that an action of the declaration has.
    public static func duration(of action: ActionDeclaration) -> Duration {
        if action.typeID.category == .approval, action.typeID.owner == .aws {
            return action.timeoutInMinutes.map { .minutes($0) } ?? Self.approval
        }
        switch (action.typeID.owner, action.typeID.category, action.typeID.provider) {
        case (.custom, _, _): return Self.custom
        case (.aws, .invoke, "Lambda"): return Self.lambdaInvoke
        case (.aws, .invoke, "StepFunctions"): return Self.stepFunctions
        case (.aws, .deploy, "CloudFormation"): return Self.cloudFormation
        case (.aws, .deploy, "CodeDeploy"), (.aws, .deploy, "CodeDeployToECS"): return Self.codeDeploy
        case (.aws, .deploy, "S3"): return Self.s3Deploy
        case (.aws, .build, "CodeBuild"): return Self.codeBuildBuild
        case (.aws, .test, "CodeBuild"): return Self.codeBuildTest
        case (.aws, _, "Commands"): return Self.commands
        case (_, _, _): return Self.other
        }
    }

    /// The details that an action shows which ran out of time.
    public static func failure(of action: ActionDeclaration) -> FailureDetails {
        let minutes = Self.duration(of: action).components.seconds / 60
        let message =
            action.typeID.category == .approval
            ? "Approval was not given within \(minutes) minutes" : "The action timed out after \(minutes) minutes"
        return FailureDetails(type: .jobFailed, message: message)
    }
}
