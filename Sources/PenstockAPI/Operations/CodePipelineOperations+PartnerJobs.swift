// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

/// The job operations of partners. Each but the poll proves by a client token that a customer has connected.
extension CodePipelineOperations {
    var partnerJobHandlers: [OperationHandler] {
        [
            OperationHandler(Operations.PollForThirdPartyJobs.self, self.pollForThirdPartyJobs),
            OperationHandler(Operations.AcknowledgeThirdPartyJob.self, self.acknowledgeThirdPartyJob),
            OperationHandler(Operations.GetThirdPartyJobDetails.self, self.getThirdPartyJobDetails),
            OperationHandler(Operations.PutThirdPartyJobSuccessResult.self, self.putThirdPartyJobSuccessResult),
            OperationHandler(Operations.PutThirdPartyJobFailureResult.self, self.putThirdPartyJobFailureResult),
        ]
    }

    private func pollForThirdPartyJobs(
        _ input: PollForThirdPartyJobsInput,
        _ call: APICall
    ) async throws -> PollForThirdPartyJobsOutput {
        try await call.require("PollForThirdPartyJobs", on: .everything)
        let jobs = try await self.jobs.pollForPartnerJobs(
            call.context,
            type: try PenstockModel.ActionTypeID(reading: input.actionTypeID),
            limit: input.maxBatchSize ?? 1,
            wait: call.maximumWait
        )
        return PollForThirdPartyJobsOutput(
            jobs: jobs.map { ThirdPartyJob(clientID: "\($0.clientID)", jobID: "\($0.jobID)") })
    }

    private func acknowledgeThirdPartyJob(
        _ input: AcknowledgeThirdPartyJobInput,
        _ call: APICall
    ) async throws -> AcknowledgeThirdPartyJobOutput {
        try await call.require("AcknowledgeThirdPartyJob", on: .everything)
        let status = try await self.jobs.acknowledge(
            call.context,
            try JobID(reading: input.jobID),
            nonce: input.nonce,
            proof: .clientToken(input.clientToken.exposed)
        )
        return AcknowledgeThirdPartyJobOutput(status: JobStatus(status))
    }

    private func getThirdPartyJobDetails(
        _ input: GetThirdPartyJobDetailsInput,
        _ call: APICall
    ) async throws -> GetThirdPartyJobDetailsOutput {
        try await call.require("GetThirdPartyJobDetails", on: .everything)
        let details = try await self.jobs.details(
            call.context,
            try JobID(reading: input.jobID),
            proof: .clientToken(input.clientToken.exposed)
        )
        return GetThirdPartyJobDetailsOutput(jobDetails: ThirdPartyJobDetails(details))
    }

    private func putThirdPartyJobSuccessResult(
        _ input: PutThirdPartyJobSuccessResultInput,
        _ call: APICall
    ) async throws -> NoOutput {
        let operation = "PutThirdPartyJobSuccessResult"
        try await call.require(operation, on: .everything)
        let result = JobResult.success(
            ActionProgress(input.executionDetails, revision: input.currentRevision),
            continuationToken: input.continuationToken,
            outputVariables: []
        )
        try await self.complete(input.jobID, result, operation, .clientToken(input.clientToken.exposed), call)
        return NoOutput()
    }

    private func putThirdPartyJobFailureResult(
        _ input: PutThirdPartyJobFailureResultInput,
        _ call: APICall
    ) async throws -> NoOutput {
        let operation = "PutThirdPartyJobFailureResult"
        try await call.require(operation, on: .everything)
        let result = try JobResult(failure: input.failureDetails)
        try await self.complete(input.jobID, result, operation, .clientToken(input.clientToken.exposed), call)
        return NoOutput()
    }
}
