// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct PutApprovalResultTests {
    private static let invalidToken = ServiceException(.invalidApprovalToken, "The approval token is not valid")
    private static let completed = ServiceException(
        .approvalAlreadyCompleted,
        "The approval request that you responded to is already complete or has expired."
    )

    private static func waitingForApproval(
        configuration: KeyValuePairs<String, String> = [:],
        timeoutInMinutes: Int? = nil
    ) async throws -> (bed: APITestBed, id: String) {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()),
            .stage("Release", .approval(configuration: configuration, timeoutInMinutes: timeoutInMinutes)),
            .stage("After", .work())
        )
        try await bed.pass()
        return (bed, id)
    }

    // MARK: The life of an approval

    @Test func `A pending approval shows its token, which is its id, and little else`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        let attempt = try #require(try await bed.action("SignOff", in: "Release").latestExecution)
        #expect(attempt.actionExecutionID != nil)
        #expect(
            attempt
                == ActionExecution(
                    actionExecutionID: attempt.actionExecutionID,
                    status: .inProgress,
                    token: attempt.actionExecutionID
                ))
        #expect(try await bed.attempt("SignOff").output?.executionResult == nil)
    }

    @Test func `Approved, the execution goes on`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.advance(by: .seconds(90))
        #expect(try await bed.answer(token, summary: "ship it") == bed.now)
        let attempt = try await bed.action("SignOff", in: "Release").latestExecution
        #expect(
            attempt
                == ActionExecution(
                    actionExecutionID: token,
                    status: .succeeded,
                    summary: "ship it",
                    lastStatusChange: bed.now,
                    lastUpdatedBy: TestIdentity.customer.arn
                ))
        #expect(try await bed.stage("After").latestExecution?.pipelineExecutionID == id)
        let entry = try await bed.attempt("SignOff")
        #expect(entry.updatedBy == TestIdentity.customer.arn)
        #expect(
            entry.output?.executionResult
                == ActionExecutionResult(externalExecutionID: token, externalExecutionSummary: "ship it"))
    }

    @Test func `Rejected, the action has failed without error details`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        let token = try await bed.token()
        #expect(try await bed.answer(token, .rejected, summary: "basket total is wrong") == bed.now)
        let attempt = try await bed.action("SignOff", in: "Release").latestExecution
        #expect(attempt?.status == .failed)
        #expect(attempt?.summary == "basket total is wrong")
        #expect(attempt?.errorDetails == nil)
        #expect(attempt?.token == nil)
        #expect(try await bed.stage("Release").latestExecution?.status == .failed)
        #expect(try await bed.status(id) == .failed)
        #expect(try await bed.execution(id).statusSummary == "Action 'SignOff' in stage 'Release' was rejected")
        #expect(
            try await bed.attempt("SignOff").output?.executionResult
                == ActionExecutionResult(
                    externalExecutionID: token, externalExecutionSummary: "basket total is wrong"))
    }

    @Test func `A retry asks anew, and the old token counts no more`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.answer(token, .rejected)
        try await bed.retry("Release", id)
        let next = try await bed.token()
        #expect(next != token)
        await #expect(throws: Self.completed) { try await bed.answer(token) }
        #expect(try await bed.token() == next)
        try await bed.answer(next)
        #expect(try await bed.stage("After").latestExecution?.pipelineExecutionID == id)
    }

    @Test func `An approval holds its stage until it is answered`() async throws {
        let (bed, first) = try await Self.waitingForApproval()
        let token = try await bed.token()
        let second = try await bed.start()
        try await bed.pass()
        #expect(try await bed.stage("Release").inboundExecution?.pipelineExecutionID == second)
        #expect(try await bed.token() == token)
        try await bed.answer(token)
        #expect(try await bed.stage("After").latestExecution?.pipelineExecutionID == first)
        #expect(try await bed.stage("Release").latestExecution?.pipelineExecutionID == second)
        #expect(try await bed.token() != token)
    }

    @Test func `A late answer does not reach the execution that came after`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        let token = try await bed.token()
        _ = try await bed.start()
        try await bed.pass()
        try await bed.answer(token, .rejected)
        let next = try await bed.token()
        await #expect(throws: Self.completed) { try await bed.answer(token) }
        #expect(try await bed.token() == next)
    }

    // MARK: Time

    @Test func `After seven days nobody can answer any more`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.advance(by: .seconds(7 * 86400 - 1))
        #expect(try await bed.token() == token)
        try await bed.advance(by: .seconds(1))
        let attempt = try await bed.action("SignOff", in: "Release").latestExecution
        #expect(attempt?.status == .failed)
        #expect(
            attempt?.errorDetails
                == ErrorDetails(code: "JobFailed", message: "Approval was not given within 10080 minutes"))
        #expect(try await bed.status(id) == .failed)
        await #expect(throws: Self.completed) { try await bed.answer(token) }
    }

    @Test func `The declaration may say how long, and the time counts before its timer is carried out`() async throws {
        let (bed, id) = try await Self.waitingForApproval(timeoutInMinutes: 5)
        let token = try await bed.token()
        bed.pass(time: .seconds(300))
        await #expect(throws: Self.completed) { try await bed.answer(token) }
        #expect(try await bed.status(id) == .inProgress)
        try await bed.settle()
        #expect(try await bed.status(id) == .failed)
        #expect(
            try await bed.action("SignOff", in: "Release").latestExecution?.errorDetails?.message
                == "Approval was not given within 5 minutes")
    }

    // MARK: Refusals

    @Test func `A second answer is told that there was one`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.answer(token)
        await #expect(throws: Self.completed) { try await bed.answer(token) }
        await #expect(throws: Self.completed) { try await bed.answer(token, .rejected) }
        #expect(try await bed.action("SignOff", in: "Release").latestExecution?.status == .succeeded)
    }

    @Test func `Of two answers at once one counts`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        let token = try await bed.token()
        async let first = Self.outcome { try await bed.answer(token, .approved) }
        async let second = Self.outcome { try await bed.answer(token, .rejected) }
        let outcomes = await [first, second]
        #expect(outcomes.count { $0 == nil } == 1)
        #expect(outcomes.compactMap { $0 } == [Self.completed])
    }

    private static func outcome(_ body: () async throws -> Void) async -> ServiceException? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ServiceException
        }
    }

    @Test func `A token that nobody was given is refused`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        await #expect(throws: Self.invalidToken) { try await bed.answer(unknownID) }
        await #expect(throws: Self.invalidToken) { try await bed.answer(id) }
        #expect(try await bed.token() != unknownID)
    }

    @Test func `A token is good for its own action alone`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .approval(), .approval("Second")))
        try await bed.pass()
        let token = try await bed.token()
        await #expect(throws: Self.invalidToken) { try await bed.answer(token, action: "Second") }
        #expect(try await bed.token() == token)
    }

    @Test func `A token of another pipeline is refused`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.createPipelineLikeShop(named: "other")
        await #expect(throws: Self.invalidToken) { try await bed.answer(token, pipeline: "other") }
        #expect(try await bed.token() == token)
    }

    @Test func `An approval that was given up takes no answer`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.stop(id, abandon: true)
        let attempt = try await bed.action("SignOff", in: "Release").latestExecution
        #expect(attempt?.status == .abandoned)
        #expect(attempt?.summary == "The approval action has been canceled.")
        #expect(attempt?.token == nil)
        await #expect(throws: Self.invalidToken) { try await bed.answer(token) }
    }

    @Test func `An update makes pending approvals out of date`() async throws {
        let (bed, id) = try await Self.waitingForApproval()
        let token = try await bed.token()
        try await bed.update(.stage("Build", .work()), .stage("Release", .approval()), .stage("After", .work()))
        #expect(try await bed.status(id) == .cancelled)
        let problem =
            "The pipeline shop has been updated, and the approval request you responded to is now out of date."
        await #expect(throws: ServiceException(.invalidApprovalToken, problem)) { try await bed.answer(token) }
    }

    @Test func `What is not there is named`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        let token = try await bed.token()
        await #expect(throws: ServiceException.noPipeline("none")) { try await bed.answer(token, pipeline: "none") }
        await #expect(throws: ServiceException.noStage("None")) { try await bed.answer(token, stage: "None") }
        let noAction = "Stage 'Release' in pipeline 'shop' does not have an action with name 'None'"
        await #expect(throws: ServiceException(.actionNotFound, noAction)) {
            try await bed.answer(token, action: "None")
        }
        let noApproval = "Action 'Work' in stage 'Build' is not a manual approval"
        await #expect(throws: ServiceException(.validation, noApproval)) {
            try await bed.answer(token, action: "Work", stage: "Build")
        }
    }

    @Test func `The id of a worker's attempt is no token`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        let id = try #require(try await bed.action(in: "Build").latestExecution?.actionExecutionID)
        let noApproval = "Action 'Work' in stage 'Build' is not a manual approval"
        await #expect(throws: ServiceException(.validation, noApproval)) {
            try await bed.answer(id, action: "Work", stage: "Build")
        }
        #expect(try await bed.action(in: "Build").latestExecution?.status == .inProgress)
    }

    @Test func `Where words are asked for, blank ones will not do`() async throws {
        let (bed, _) = try await Self.waitingForApproval(configuration: ["IsSummaryRequired": "true"])
        let token = try await bed.token()
        let problem =
            "Action 'SignOff' in stage 'Release' requires a summary."
            + " Provide a summary in the approval result and try again."
        for summary in ["", " \n "] {
            await #expect(throws: ServiceException(.invalidApprovalToken, problem)) {
                try await bed.answer(token, summary: summary)
            }
        }
        #expect(try await bed.token() == token)
        try await bed.answer(token, summary: "seen")
    }

    @Test func `Without such a wish a summary may be empty`() async throws {
        let (bed, _) = try await Self.waitingForApproval()
        try await bed.answer(bed.token(), summary: "")
        #expect(try await bed.action("SignOff", in: "Release").latestExecution?.summary == "")
    }

    @Test func `The link of an approval has its variables resolved`() async throws {
        let (bed, id) = try await Self.waitingForApproval(configuration: [
            "ExternalEntityLink": "https://example.org/#{codepipeline.PipelineExecutionId}"
        ])
        #expect(try await bed.action("SignOff", in: "Release").entityURL == "https://example.org/\(id)")
    }
}
