// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct ActionTimeoutTests {
    @Test(arguments: [
        (ActionCategory.approval, ActionOwner.aws, "Manual", Duration.days(7)),
        (.deploy, .aws, "CloudFormation", .days(3)),
        (.deploy, .aws, "CodeDeploy", .days(5)),
        (.deploy, .aws, "CodeDeployToECS", .days(5)),
        (.build, .aws, "CodeBuild", .hours(36)),
        (.test, .aws, "CodeBuild", .hours(8)),
        (.compute, .aws, "Commands", .minutes(55)),
        (.invoke, .aws, "Lambda", .hours(24)),
        (.deploy, .aws, "S3", .minutes(90)),
        (.invoke, .aws, "StepFunctions", .days(7)),
        (.build, .custom, "CodeBuild", .hours(24)),
        (.source, .custom, "Any", .hours(24)),
        (.source, .aws, "S3", .hours(1)),
        (.test, .thirdParty, "Partner", .hours(1)),
        (.approval, .custom, "Manual", .hours(24)),
    ])
    func `An action has the time of its type`(
        category: ActionCategory,
        owner: ActionOwner,
        provider: String,
        time: Duration
    ) {
        let id = ActionTypeID(category: category, owner: owner, provider: provider, version: "1")
        #expect(ActionTimeout.duration(of: ActionDeclaration(name: "A", typeID: id)) == time)
    }

    @Test func `Only a manual approval declares its own time`() {
        #expect(ActionTimeout.duration(of: .approval(timeoutInMinutes: 86400)) == .minutes(86400))
        var work = ActionDeclaration.work()
        work.timeoutInMinutes = 5
        #expect(ActionTimeout.duration(of: work) == .hours(24))
    }

    @Test func `What ran out of time tells how much that was`() {
        #expect(
            ActionTimeout.failure(of: .work())
                == FailureDetails(type: .jobFailed, message: "The action timed out after 1440 minutes"))
        #expect(
            ActionTimeout.failure(of: .approval())
                == FailureDetails(type: .jobFailed, message: "Approval was not given within 10080 minutes"))
    }

    @Test func `Only a retry starts the clock again`() throws {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2"))
        let execution = try pipeline.start()
        let first = try #require(pipeline.starts(of: "Work").first)
        pipeline.now = pipeline.now + .hours(3)
        try pipeline.apply(.actionProgressed(execution, first.id, ActionProgress(percentComplete: 1)))
        try pipeline.fail(execution)
        try pipeline.retry("S1", execution)
        let second = try #require(pipeline.starts(of: "Work").last)
        #expect(first.deadline == first.startedAt + .hours(24))
        #expect(second.deadline == pipeline.now + .hours(24))
    }
}
