// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

struct AutomaticRetryTests {
    @Test func `A stage retries itself once, keeping its lock, and then fails`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()).handling(failure: .retry(.failedActions)), .stage("Release", .work()))
        let waiting = try await bed.start()
        try await bed.fail(bed.takeJob())
        #expect(try await bed.status(id) == .inProgress)
        var metadata = try await bed.stage("Build").retryStageMetadata
        #expect(metadata == RetryStageMetadata(autoStageRetryAttempt: 1, latestRetryTrigger: .automatedStageRetry))
        #expect(try await bed.stage("Build").inboundExecution?.pipelineExecutionID == waiting)
        try await bed.stop(waiting)

        try await bed.fail(bed.takeJob())
        #expect(try await bed.status(id) == .failed)
        try await bed.retry("Build", id)
        try await bed.fail(bed.takeJob())
        #expect(try await bed.status(id) == .failed)
        metadata = try await bed.stage("Build").retryStageMetadata
        #expect(
            metadata
                == RetryStageMetadata(
                    autoStageRetryAttempt: 1, manualStageRetryAttempt: 1, latestRetryTrigger: .manualStageRetry))
        #expect(try await bed.attempts(of: id).count == 3)
        #expect(try await bed.attempts(latestIn: id).count == 1)
    }

    @Test func `A stage is not retried while one of its actions runs, nor while it stops`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test")).handling(failure: .retry(.allActions)),
            .stage("Release", .work()))
        let jobs = try await bed.takeJobs()
        try await bed.fail(#require(jobs["Lint"]))
        #expect(try await bed.stage("Build").retryStageMetadata == nil)
        try await bed.stop(id)
        try await bed.succeed(#require(jobs["Test"]))
        #expect(try await bed.status(id) == .stopped)
        #expect(try await bed.stage("Build").retryStageMetadata == nil)
    }

    @Test func `A declaration that does not say what runs again means the failed actions`() {
        let stage = Sample.stage("Build", [], onFailure: FailureConditions(result: .retry))
        #expect(PenstockModel.StageDeclaration(stage).onFailure == .retry(.failedActions))
    }
}
