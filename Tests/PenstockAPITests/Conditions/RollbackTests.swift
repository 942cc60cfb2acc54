// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import enum PenstockModel.FailureHandling
import PenstockWire
import Testing

/// Going back to what succeeded in a stage before, by hand and by itself.
struct RollbackTests {
    /// Build and release, twice through; the last of three executions is at the release.
    private func released() async throws -> (bed: APITestBed, first: String, second: String) {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work(outputs: ["App"])), .stage("Release", .work("Ship", inputs: ["App"])))
        try await bed.succeed(bed.takeJob())
        try await bed.succeed(bed.takeJob("Ship"))
        let second = try await bed.start()
        try await bed.succeed(bed.takeJob())
        try await bed.succeed(bed.takeJob("Ship"))
        return (bed, first, second)
    }

    private static func refusal(_ reason: String, of stage: String = "Release") -> ServiceException {
        ServiceException(.unableToRollbackStage, "Unable to roll back stage '\(stage)': \(reason)")
    }

    @Test func `A rollback runs the one stage with what its target had`() async throws {
        let (bed, first, second) = try await self.released()
        let rollback = try await bed.rollBack("Release", to: first)
        let stage = try await bed.stage("Release").latestExecution
        #expect(stage?.pipelineExecutionID == rollback)
        #expect(stage?.type == .rollback)
        let job = try await bed.takeJob("Ship")
        let original = try await bed.attempts(of: first).first { $0.actionName == "Ship" }
        let key = job.data?.inputArtifacts?.first?.location?.s3Location?.objectKey
        #expect(key == original?.input?.inputArtifacts?.first?.s3Location?.key)
        try await bed.succeed(job)
        let execution = try await bed.execution(rollback)
        #expect(execution.status == .succeeded)
        #expect(execution.executionType == .rollback)
        #expect(execution.rollbackMetadata?.rollbackTargetPipelineExecutionID == first)
        #expect(execution.trigger?.triggerType == .manualRollback)
        let caller = TestIdentity.customer.arn
        #expect(execution.trigger?.triggerDetail == "{\"AwsUserArn\":\"\(caller)\"}")
        #expect(try await bed.stage("Build").latestExecution?.pipelineExecutionID == second)
        #expect(try await bed.executions().first?.executionType == .rollback)
    }

    @Test func `What cannot be rolled back is refused, with the reason`() async throws {
        let (bed, first, second) = try await self.released()
        await #expect(throws: ServiceException.noStage("Nowhere")) { try await bed.rollBack("Nowhere", to: first) }
        await #expect(throws: ServiceException.noExecution(unknownID)) {
            try await bed.rollBack("Release", to: unknownID)
        }
        await #expect(throws: Self.refusal("the first stage cannot be rolled back", of: "Build")) {
            try await bed.rollBack("Build", to: first)
        }
        let third = try await bed.start()
        await #expect(throws: Self.refusal("execution '\(third)' has not succeeded in it")) {
            try await bed.rollBack("Release", to: third)
        }
        let rollback = try await bed.rollBack("Release", to: second)
        await #expect(throws: Self.refusal("an execution is in progress in it")) {
            try await bed.rollBack("Release", to: first)
        }
        try await bed.succeed(bed.takeJob("Ship"))
        await #expect(throws: Self.refusal("execution '\(rollback)' is itself a rollback")) {
            try await bed.rollBack("Release", to: rollback)
        }
    }

    @Test func `A target that is none by its form is refused before the pipeline is looked for`() async throws {
        let bed = try await APITestBed()
        let refusal = await #expect(throws: ServiceException.self) { try await bed.rollBack("Release", to: "latest") }
        #expect(refusal?.code == .validation)
        #expect(refusal?.message.contains("'targetPipelineExecutionId'") == true)
    }

    @Test func `Nobody goes back to an execution of another version`() async throws {
        let (bed, first, _) = try await self.released()
        try await bed.update(.stage("Build", .work()), .stage("Release", .work("Ship")))
        let problem =
            "The pipeline has been updated since execution '\(first)': it ran version 1, and version 2 is in force"
        await #expect(throws: ServiceException(.pipelineExecutionOutdated, problem)) {
            try await bed.rollBack("Release", to: first)
        }
    }

    @Test func `A stage that fails goes back by itself, before who waits enters`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).handling(failure: .rollback))
        try await bed.succeed(bed.takeJob())
        try await bed.succeed(bed.takeJob("Ship"))
        let second = try await bed.start()
        try await bed.succeed(bed.takeJob())
        let failing = try await bed.takeJob("Ship")
        let third = try await bed.start()
        try await bed.succeed(bed.takeJob())
        try await bed.fail(failing)
        #expect(try await bed.status(second) == .failed)
        let rollback = try #require(try await bed.stage("Release").latestExecution?.pipelineExecutionID)
        let execution = try await bed.execution(rollback)
        #expect(execution.trigger?.triggerType == .automatedRollback)
        #expect(execution.trigger?.triggerDetail == "{\"FailedPipelineExecutionId\":\"\(second)\"}")
        #expect(execution.rollbackMetadata?.rollbackTargetPipelineExecutionID == first)
        #expect(try await bed.stage("Release").inboundExecution?.pipelineExecutionID == third)
        try await bed.succeed(bed.takeJob("Ship"))
        #expect(try await bed.status(rollback) == .succeeded)
        #expect(try await bed.stage("Release").latestExecution?.pipelineExecutionID == third)
    }

    @Test func `Where nothing succeeded before, a stage only fails`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).handling(failure: .rollback))
        try await bed.succeed(bed.takeJob())
        try await bed.fail(bed.takeJob("Ship"))
        #expect(try await bed.status(first) == .failed)
        #expect(try await bed.executions().count == 1)
    }
}
