// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.FailureHandling
import PenstockWire
import Testing

struct StageConditionTests {
    private static func notOverridable(_ gate: String, of stage: String) -> ServiceException {
        ServiceException(
            .conditionNotOverridable,
            "The \(gate) condition of stage '\(stage)' cannot be overridden in its present state")
    }

    @Test func `An entry condition that holds lets the actions start`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).entered(if: .isProduction()),
            variables: .env("prod"))
        try await bed.succeed(bed.takeJob())
        try await bed.succeed(bed.takeJob("Ship"))
        #expect(try await bed.status(id) == .succeeded)
        let state = try await bed.stage("Release").beforeEntryConditionState
        #expect(state?.latestExecution?.status == .succeeded)
        let rule = try #require(try await bed.ruleRuns(of: id).first)
        #expect(rule.status == .succeeded)
        #expect(rule.input?.configuration?["Variable"] == "#{variables.Env}")
        #expect(rule.input?.resolvedConfiguration?["Variable"] == "prod")
    }

    @Test func `One that does not hold fails the stage, until somebody overrides it`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).entered(if: .isProduction()),
            variables: .env("test"))
        try await bed.succeed(bed.takeJob())
        #expect(try await bed.status(id) == .failed)
        #expect(try await bed.stage("Release").beforeEntryConditionState?.latestExecution?.status == .failed)
        #expect(try await bed.action("Ship", in: "Release").latestExecution == nil)
        await #expect(throws: Self.notOverridable("ON_SUCCESS", of: "Release")) {
            try await bed.override(.onSuccess, of: "Release", id)
        }
        try await bed.override(.beforeEntry, of: "Release", id)
        #expect(try await bed.status(id) == .inProgress)
        #expect(try await bed.stage("Release").beforeEntryConditionState?.latestExecution?.status == .overridden)
        try await bed.succeed(bed.takeJob("Ship"))
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `A gate is shown with its condition and its rules, once it was looked at`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()),
            .stage("Release", .work("Ship")).entered(if: .isProduction()).completed(if: .isProduction()),
            variables: .env("test"))
        #expect(try await bed.stage("Release").beforeEntryConditionState == nil)
        try await bed.advance(by: .seconds(5))
        try await bed.succeed(bed.takeJob())
        let stage = try await bed.stage("Release")
        let problem = "'test' does not equal 'prod'"
        let rule = RuleExecution(
            ruleExecutionID: try await bed.ruleRuns(of: id).first?.ruleExecutionID,
            status: .failed,
            summary: problem,
            lastStatusChange: bed.now,
            errorDetails: ErrorDetails(code: "JobFailed", message: problem)
        )
        let summary = "Rule 'Env' failed: \(problem)"
        #expect(
            stage.beforeEntryConditionState
                == StageConditionState(
                    latestExecution: StageConditionsExecution(status: .failed, summary: summary),
                    conditionStates: [
                        ConditionState(
                            latestExecution: ConditionExecution(
                                status: .failed, summary: summary, lastStatusChange: bed.now),
                            ruleStates: [RuleState(ruleName: "Env", latestExecution: rule)]
                        )
                    ]
                ))
        #expect(stage.onSuccessConditionState == nil)
        #expect(stage.onFailureConditionState == nil)
    }

    @Test func `A retry of the stage evaluates the condition that failed once more`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).entered(if: .isProduction()),
            variables: .env("test"))
        try await bed.succeed(bed.takeJob())
        try await bed.retry("Release", id)
        #expect(try await bed.status(id) == .failed)
        #expect(try await bed.ruleRuns(of: id).count == 2)
        #expect(try await bed.ruleRuns(latestIn: id).count == 1)
    }

    @Test func `A stage can be skipped, and is then neither retried nor overridden nor gone back to`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).entered(if: .isProduction(else: .skip)),
            .stage("Tell", .work("Mail")), variables: .env("test"))
        try await bed.succeed(bed.takeJob())
        #expect(try await bed.stage("Release").latestExecution?.status == .skipped)
        #expect(try await bed.stage("Tell").latestExecution?.status == .inProgress)
        await #expect(throws: Self.notOverridable("BEFORE_ENTRY", of: "Release")) {
            try await bed.override(.beforeEntry, of: "Release", id)
        }
        await #expect(throws: ServiceException.self) { try await bed.retry("Release", id) }
        await #expect(throws: ServiceException.self) { try await bed.rollBack("Release", to: id) }
        try await bed.succeed(bed.takeJob("Mail"))
        #expect(try await bed.status(id) == .succeeded)
    }

    /// An execution, started at the instant, of a pipeline that releases on the third of May alone.
    private func windowed(at instant: String) async throws -> (bed: APITestBed, id: String) {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).entered(if: .isThirdOfMay()))
        try await bed.stop(first, abandon: true)
        try bed.pass(until: instant)
        return (bed, try await bed.start())
    }

    @Test func `A closed window is waited for`() async throws {
        let (bed, id) = try await self.windowed(at: "2026-05-02T12:00:00Z")
        try await bed.succeed(bed.takeJob())
        var state = try await bed.stage("Release").beforeEntryConditionState
        #expect(state?.latestExecution?.status == .inProgress)
        #expect(
            state?.conditionStates?.first?.ruleStates?.first?.latestExecution?.summary?.contains("2026-05-03") == true)
        #expect(try await bed.takeJobs().isEmpty)
        try await bed.advance(by: .hours(12))
        state = try await bed.stage("Release").beforeEntryConditionState
        #expect(state?.latestExecution?.status == .succeeded)
        try await bed.succeed(bed.takeJob("Ship"))
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `A window that stays closed fails the condition in the end`() async throws {
        let (bed, id) = try await self.windowed(at: "2026-06-01T12:00:00Z")
        try await bed.succeed(bed.takeJob())
        try await bed.advance(by: .days(7))
        #expect(try await bed.status(id) == .failed)
        let rule = try #require(try await bed.ruleRuns(of: id).first)
        #expect(rule.output?.executionResult?.errorDetails?.message == "The rule timed out after 10080 minutes")
    }

    @Test func `A window that is waited for is overridden`() async throws {
        let (bed, id) = try await self.windowed(at: "2026-06-01T12:00:00Z")
        try await bed.succeed(bed.takeJob())
        try await bed.override(.beforeEntry, of: "Release", id)
        let rule = try #require(try await bed.ruleRuns(of: id).first)
        #expect(rule.status == .abandoned)
        #expect(rule.updatedBy == TestIdentity.customer.arn)
        try await bed.succeed(bed.takeJob("Ship"))
        try await bed.advance(by: .days(8))
        #expect(try await bed.status(id) == .succeeded)
    }

    @Test func `A stop gives up the condition`() async throws {
        let (bed, id) = try await self.windowed(at: "2026-06-01T12:00:00Z")
        try await bed.succeed(bed.takeJob())
        try await bed.stop(id)
        #expect(try await bed.status(id) == .stopped)
        #expect(try await bed.stage("Release").beforeEntryConditionState?.latestExecution?.status == .abandoned)
    }

    @Test func `A success condition that does not hold fails the stage, which nobody goes back to`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).completed(if: .isProduction()),
            variables: .env("test"))
        try await bed.succeed(bed.takeJob())
        try await bed.succeed(bed.takeJob("Ship"))
        #expect(try await bed.status(id) == .failed)
        #expect(try await bed.executions(succeededIn: "Release").isEmpty)
        try await bed.override(.onSuccess, of: "Release", id)
        #expect(try await bed.status(id) == .succeeded)
        #expect(try await bed.executions(succeededIn: "Release").count == 1)
    }
}
