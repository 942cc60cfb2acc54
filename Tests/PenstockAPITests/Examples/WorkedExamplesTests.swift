// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.FailureHandling
import struct PenstockModel.VariableDeclaration
import PenstockWire
import Testing

/// What reads show of the stories that the engine's suite of this name tells.
struct WorkedExamplesTests {
    @Test func `SUPERSEDED with a disabled transition`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("S1", .work()), .stage("S2", .work("Ship")))
        try await bed.pass()
        let ship = try await bed.takeJob("Ship")
        try await bed.disable("S2", reason: "freeze")
        let closed = bed.now
        let second = try await bed.start()
        try await bed.pass()
        try await bed.succeed(ship)
        let third = try await bed.start()
        try await bed.advance(by: .seconds(60))
        try await bed.pass()
        #expect(try await bed.status(second) == .superseded)
        try await bed.stop(third)
        let stage = try await bed.stage("S2")
        #expect(
            stage.inboundTransitionState
                == TransitionState(
                    enabled: false,
                    lastChangedBy: TestIdentity.customer.arn,
                    lastChangedAt: closed,
                    disabledReason: "freeze"
                ))
        #expect(stage.inboundExecution == StageExecution(pipelineExecutionID: third, status: .stopped))
        #expect(stage.latestExecution == StageExecution(pipelineExecutionID: first, status: .succeeded))
    }

    @Test func `A parallel group with an approval, a stop, and its upgrade to abandon`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("S1", .work()), .stage("S2", .approval(), .work("Load")))
        try await bed.pass()
        let load = try await bed.takeJob("Load")
        let token = try await bed.token(in: "S2")
        try await bed.stop(id)
        await #expect(throws: ServiceException(.duplicatedStopRequest, "The execution '\(id)' is already stopping")) {
            try await bed.stop(id)
        }
        try await bed.succeed(load)
        #expect(try await bed.token(in: "S2") == token)
        #expect(try await bed.stage("S2").latestExecution?.status == .stopping)
        #expect(try await bed.action("Load", in: "S2").latestExecution?.status == .succeeded)
        try await bed.stop(id, abandon: true)
        #expect(try await bed.stage("S2").latestExecution?.status == .stopped)
        #expect(try await bed.action("SignOff", in: "S2").latestExecution?.status == .abandoned)
        await #expect(throws: ServiceException(.invalidApprovalToken, "The approval token is not valid")) {
            try await bed.answer(token, stage: "S2")
        }
        try await bed.retry("S2", id)
        #expect(try await bed.token(in: "S2") != token)
        #expect(try await bed.action("Load", in: "S2").latestExecution?.status == .succeeded)
    }

    // MARK: Failures

    @Test func `An automatic retry that is used up`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("S1", .work()), .stage("S2", .work("Test")).handling(failure: .retry(.failedActions)))
        try await bed.pass()
        func fail() async throws -> String? {
            let attempt = try await bed.action("Test", in: "S2").latestExecution?.actionExecutionID
            try await bed.advance(by: .seconds(1))
            try await bed.fail(bed.takeJob("Test"))
            return attempt
        }
        let first = try await fail()
        #expect(
            try await bed.stage("S2").retryStageMetadata
                == RetryStageMetadata(autoStageRetryAttempt: 1, latestRetryTrigger: .automatedStageRetry))
        let second = try await fail()
        #expect(try await bed.stage("S2").latestExecution?.status == .failed)
        #expect(try await bed.status(id) == .failed)
        try await bed.retry("S2", id)
        #expect(
            try await bed.stage("S2").retryStageMetadata
                == RetryStageMetadata(
                    autoStageRetryAttempt: 1, manualStageRetryAttempt: 1, latestRetryTrigger: .manualStageRetry))
        let third = try await fail()
        #expect(try await bed.status(id) == .failed)
        let all = try await bed.attempts(latestIn: id, .all).filter { $0.actionName == "Test" }
        #expect(all.map(\.actionExecutionID) == [third, second, first])
        let latest = try await bed.attempts(latestIn: id).filter { $0.actionName == "Test" }
        #expect(latest.map(\.actionExecutionID) == [third])
    }

    @Test func `A rollback to the last success, and what cannot be rolled back to`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("S1", .work()), .stage("S2", .work("Deploy")).handling(failure: .rollback),
            .stage("S3", .work("Tell")))
        let actions = ["Work", "Deploy", "Tell"]
        for action in actions { try await bed.succeed(bed.takeJob(action)) }
        let second = try await bed.start()
        for action in actions { try await bed.succeed(bed.takeJob(action)) }
        let third = try await bed.start()
        try await bed.pass()
        try await bed.fail(bed.takeJob("Deploy"))
        #expect(try await bed.status(third) == .failed)
        let rollback = try #require(try await bed.stage("S2").latestExecution?.pipelineExecutionID)
        let execution = try await bed.execution(rollback)
        #expect(execution.executionType == .rollback)
        #expect(execution.rollbackMetadata?.rollbackTargetPipelineExecutionID == second)
        let detail = #"{"FailedPipelineExecutionId":"\#(third)"}"#
        #expect(
            execution.trigger == ExecutionTrigger(triggerType: .automatedRollback, triggerDetail: detail))
        try await bed.succeed(bed.takeJob("Deploy"))
        #expect(
            try await bed.stage("S2").latestExecution
                == StageExecution(pipelineExecutionID: rollback, status: .succeeded, type: .rollback))
        #expect(
            try await bed.stage("S3").latestExecution
                == StageExecution(pipelineExecutionID: second, status: .succeeded))
        var refusal = await #expect(throws: ServiceException.self) { try await bed.rollBack("S2", to: rollback) }
        #expect(refusal?.code == .unableToRollbackStage)
        try await bed.update(.stage("S1", .work()), .stage("S2", .work("Deploy")), .stage("S3", .work("Tell")))
        refusal = await #expect(throws: ServiceException.self) { try await bed.rollBack("S2", to: first) }
        #expect(refusal?.code == .pipelineExecutionOutdated)
    }

    // MARK: Variables

    @Test func `A stage that is skipped for every branch but one`() async throws {
        let (bed, id) = try await Self.branch("dev")
        let stage = try await bed.stage("S2")
        #expect(stage.latestExecution == StageExecution(pipelineExecutionID: id, status: .skipped))
        #expect(stage.actionStates == [ActionState(actionName: "Ship")])
        let gate = try #require(stage.beforeEntryConditionState)
        #expect(gate.latestExecution?.status == .failed)
        let rule = try #require(gate.conditionStates?.first?.ruleStates?.first)
        #expect(rule.ruleName == "Branch")
        #expect(rule.latestExecution?.status == .failed)
        #expect(
            try await bed.stage("S3").latestExecution == StageExecution(pipelineExecutionID: id, status: .inProgress))
        var refusal = await #expect(throws: ServiceException.self) { try await bed.retry("S2", id) }
        #expect(refusal?.code == .stageNotRetryable)
        refusal = await #expect(throws: ServiceException.self) { try await bed.override(.beforeEntry, of: "S2", id) }
        #expect(refusal?.code == .conditionNotOverridable)
        refusal = await #expect(throws: ServiceException.self) { try await bed.rollBack("S2", to: id) }
        #expect(refusal?.code == .unableToRollbackStage)
    }

    @Test func `A stage that is skipped for every branch but one, on that one`() async throws {
        let (bed, id) = try await Self.branch("main")
        let stage = try await bed.stage("S2")
        #expect(stage.latestExecution == StageExecution(pipelineExecutionID: id, status: .inProgress))
        #expect(stage.beforeEntryConditionState?.latestExecution?.status == .succeeded)
    }

    /// An execution from the branch, which has left the first of three stages; the second is for `main` alone.
    private static func branch(_ name: String) async throws -> (bed: APITestBed, id: String) {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("S1", .work("Get", type: .fetcher, namespace: "SourceVariables")),
            .stage("S2", .work("Ship")).entered(if: .isMainBranch(else: .skip)),
            .stage("S3", .work("Tell")))
        try await bed.succeed(bed.takeJob("Get", of: .fetcher), variables: ["BranchName": name])
        return (bed, id)
    }

    @Test func `Variables with and without a default`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("S1", .work()), .stage("S2", .work()),
            variables: [VariableDeclaration(name: "Env"), VariableDeclaration(name: "Size", defaultValue: "s")]
        )
        let without = try await bed.start(token: "once")
        let failed = try await bed.execution(without)
        #expect(failed.status == .failed)
        #expect(failed.statusSummary == "Values for required variables haven't been provided: Env")
        #expect(failed.variables == nil)
        #expect(try await bed.attempts(of: without) == [])
        let production = PipelineVariable(name: "Env", value: "prod")
        let with = try await bed.start(variables: [production])
        #expect(
            try await bed.execution(with).variables == [
                ResolvedPipelineVariable(name: "Env", resolvedValue: "prod"),
                ResolvedPipelineVariable(name: "Size", resolvedValue: "s"),
            ])
        let count = try await bed.executions().count
        let refusal = await #expect(throws: ServiceException.self) {
            try await bed.start(token: "once", variables: [production, production])
        }
        #expect(refusal?.code == .validation)
        #expect(try await bed.executions().count == count)
    }
}
