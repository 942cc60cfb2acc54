// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockEngine
import PenstockModel
import Testing

struct ApprovalTests {
    @Test func `A pending approval is an attempt whose id is the token`() throws {
        let link = [KeyedValue("ExternalEntityLink", "https://staging/#{codepipeline.PipelineExecutionId}")]
        let pipeline = try Self.pending(.approval(configuration: link))
        let attempt = try pipeline.attempt("SignOff", id(1))
        #expect(attempt.isApproval)
        #expect(attempt.status == .inProgress)
        #expect(attempt.summary == nil)
        #expect(attempt.entityURL == "https://staging/\(id(1, as: PipelineExecutionID.self))")
        #expect(pipeline.starts(of: "SignOff").map(\.id) == [attempt.id])
    }

    @Test func `An approval that is given goes on with the reviewer's words and name`() throws {
        var pipeline = try Self.pending()
        try pipeline.answer(id(1), summary: "looks good")
        let attempt = try pipeline.attempt("SignOff", id(1))
        #expect(attempt.status == .succeeded)
        #expect(attempt.summary == "looks good")
        #expect(attempt.updatedBy == "arn:aws:iam::000000000000:user/noa")
        #expect(attempt.changedAt == pipeline.now)
        #expect(pipeline.startedActions == ["Ship"])
    }

    @Test func `A rejection fails the action without details`() throws {
        var pipeline = try Self.pending()
        try pipeline.answer(id(1), isApproved: false, summary: "basket total is wrong")
        let attempt = try pipeline.attempt("SignOff", id(1))
        #expect(attempt.status == .failed)
        #expect(attempt.failure == nil)
        #expect(attempt.summary == "basket total is wrong")
        #expect(attempt.updatedBy == "arn:aws:iam::000000000000:user/noa")
        #expect(try pipeline.run(id(1)).status == .failed)
    }

    @Test func `While it stops and waits the approval stays open, and its answer ends the stop`() throws {
        for isApproved in [true, false] {
            var pipeline = try Self.pending()
            try pipeline.stop(id(1))
            try pipeline.answer(id(1), isApproved: isApproved)
            #expect(try pipeline.attempt("SignOff", id(1)).status == (isApproved ? .succeeded : .failed))
            #expect(try pipeline.status(id(1)) == .stopped)
            #expect(try pipeline.run(id(1)).status == .stopped)
        }
    }

    // MARK: Refusals

    @Test(arguments: [true, false], [true, false])
    func `The first answer counts, the second is told so`(first: Bool, second: Bool) throws {
        var pipeline = try Self.pending()
        let token = try pipeline.attempt("SignOff", id(1)).id
        try pipeline.answer(id(1), isApproved: first)
        let refusal = pipeline.refusal(of: .answer(id(1), token, isApproved: second))
        #expect(
            refusal
                == Rejection(
                    .approvalAlreadyCompleted,
                    "The approval request that you responded to is already complete or has expired."
                ))
    }

    @Test func `A token that is none is refused`() throws {
        let pipeline = try Self.pending()
        #expect(pipeline.refusal(of: .answer(id(1), id(4711))) == .invalidApprovalToken)
    }

    @Test func `The id of an action that is no approval is no token`() throws {
        var pipeline = try Self.pending()
        try pipeline.answer(id(1))
        let ship = try pipeline.attempt("Ship", id(1)).id
        #expect(pipeline.refusal(of: .answer(id(1), ship)) == .invalidApprovalToken)
    }

    @Test func `The token of an approval that a stop gave up is no token any more`() throws {
        var pipeline = try Self.pending()
        let token = try pipeline.attempt("SignOff", id(1)).id
        try pipeline.stop(id(1), abandon: true)
        #expect(pipeline.refusal(of: .answer(id(1), token)) == .invalidApprovalToken)
        try pipeline.retry("S2", id(1))
        #expect(pipeline.refusal(of: .answer(id(1), token)) == .invalidApprovalToken)
    }

    @Test func `After an update the token is out of date`() throws {
        var pipeline = try Self.pending()
        let token = try pipeline.attempt("SignOff", id(1)).id
        try pipeline.update(.stage("S1"), .stage("S2", .approval()))
        #expect(
            pipeline.refusal(of: .answer(id(1), token))
                == Rejection(
                    .invalidApprovalToken,
                    "The pipeline shop has been updated,"
                        + " and the approval request you responded to is now out of date."
                ))
    }

    @Test func `What was answered before an update is still complete after it`() throws {
        var pipeline = try Self.pending()
        let token = try pipeline.attempt("SignOff", id(1)).id
        try pipeline.answer(id(1))
        try pipeline.update(.stage("S1"), .stage("S2", .approval()))
        #expect(pipeline.refusal(of: .answer(id(1), token)) == .approvalAlreadyCompleted)
    }

    @Test(arguments: ["", " ", "\t\n "])
    func `Words are demanded where the declaration asks for them, and the approval stays open`(summary: String) throws {
        var pipeline = try Self.pending(.approval(configuration: [KeyedValue("IsSummaryRequired", "True")]))
        let token = try pipeline.attempt("SignOff", id(1)).id
        #expect(
            pipeline.refusal(of: .answer(id(1), token, summary: summary))
                == Rejection(
                    .invalidApprovalToken,
                    "Action 'SignOff' in stage 'S2' requires a summary."
                        + " Provide a summary in the approval result and try again."
                ))
        try pipeline.answer(id(1), summary: "fine")
        #expect(try pipeline.attempt("SignOff", id(1)).status == .succeeded)
    }

    @Test func `Nobody asks for words otherwise`() throws {
        let pipeline = try Self.pending(.approval(configuration: [KeyedValue("IsSummaryRequired", "false")]))
        let token = try pipeline.attempt("SignOff", id(1)).id
        #expect(pipeline.refusal(of: .answer(id(1), token, summary: "")) == nil)
    }

    // MARK: Time

    @Test func `An approval runs out after seven days, or after what its declaration says`() throws {
        let started = try Self.pending().starts(of: "SignOff")
        #expect(started.map { $0.deadline - $0.startedAt } == [.days(7)])
        let short = try Self.pending(.approval(timeoutInMinutes: 5)).starts(of: "SignOff")
        #expect(short.map { $0.deadline - $0.startedAt } == [.minutes(5)])
    }

    @Test func `An approval out of time fails its action, and its token is complete`() throws {
        var pipeline = try Self.pending(.approval(timeoutInMinutes: 90))
        let token = try pipeline.attempt("SignOff", id(1)).id
        pipeline.now = pipeline.now + .minutes(90)
        try pipeline.apply(.actionTimedOut(id(1), token))
        let failure = FailureDetails(type: .jobFailed, message: "Approval was not given within 90 minutes")
        #expect(try pipeline.attempt("SignOff", id(1)).failure == failure)
        #expect(try pipeline.status(id(1)) == .failed)
        #expect(pipeline.refusal(of: .answer(id(1), token)) == .approvalAlreadyCompleted)
    }

    @Test func `An answer at the deadline is too late, also before the timer has come`() throws {
        var pipeline = try Self.pending(.approval(timeoutInMinutes: 90))
        let attempt = try pipeline.attempt("SignOff", id(1))
        pipeline.now = attempt.startedAt + .minutes(90) - .seconds(1)
        #expect(pipeline.refusal(of: .answer(id(1), attempt.id)) == .approvalAlreadyCompleted)
        pipeline.now = attempt.startedAt + .minutes(90) - .seconds(2)
        #expect(pipeline.refusal(of: .answer(id(1), attempt.id)) == nil)
    }

    @Test func `The newest hundred completed approvals of an execution are remembered`() throws {
        var pipeline = try Self.pending()
        let oldest = try pipeline.attempt("SignOff", id(1)).id
        for _ in 1...100 {
            try pipeline.answer(id(1), isApproved: false)
            try pipeline.retry("S2", id(1))
        }
        #expect(try pipeline.execution(id(1)).completedApprovals.count == 100)
        #expect(pipeline.refusal(of: .answer(id(1), oldest)) == .approvalAlreadyCompleted)
        try pipeline.answer(id(1), isApproved: false)
        #expect(try pipeline.execution(id(1)).completedApprovals.count == 100)
        #expect(pipeline.refusal(of: .answer(id(1), oldest)) == .invalidApprovalToken)
    }

    /// E1 waits in S2 for its approval, after which `Ship` follows.
    private static func pending(_ approval: ActionDeclaration = .approval()) throws -> PipelineUnderTest {
        var pipeline = PipelineUnderTest(.stage("S1"), .stage("S2", approval, .work("Ship", runOrder: 2)))
        try pipeline.succeed(pipeline.start())
        #expect(try pipeline.actions(id(1)) == "SignOff InProgress, Ship -")
        return pipeline
    }
}
