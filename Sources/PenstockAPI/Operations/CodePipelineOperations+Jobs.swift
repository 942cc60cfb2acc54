// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

internal import PenstockAccess
internal import PenstockEngine
internal import PenstockModel
internal import PenstockRuntime
internal import PenstockWire

extension CodePipelineOperations {
    var jobHandlers: [OperationHandler] {
        [
            OperationHandler(Operations.PollForJobs.self, self.pollForJobs),
            OperationHandler(Operations.AcknowledgeJob.self, self.acknowledgeJob),
            OperationHandler(Operations.GetJobDetails.self, self.getJobDetails),
            OperationHandler(Operations.PutJobSuccessResult.self, self.putJobSuccessResult),
            OperationHandler(Operations.PutJobFailureResult.self, self.putJobFailureResult),
        ] + self.partnerJobHandlers
    }

    private func pollForJobs(_ input: PollForJobsInput, _ call: APICall) async throws -> PollForJobsOutput {
        let type = try PenstockModel.ActionTypeID(reading: input.actionTypeID)
        try await call.require("PollForJobs", on: .actionType(type, in: call.scope))
        let query = (input.queryParam ?? [:]).map { KeyedValue($0.key, $0.value) }
        let jobs = try await self.jobs.pollForJobs(
            call.context,
            type: type,
            query: query,
            limit: input.maxBatchSize ?? 1,
            wait: call.maximumWait
        )
        return PollForJobsOutput(jobs: jobs.map { PenstockWire.Job($0) })
    }

    private func acknowledgeJob(_ input: AcknowledgeJobInput, _ call: APICall) async throws -> AcknowledgeJobOutput {
        try await call.require("AcknowledgeJob", on: .everything)
        let status = try await self.jobs.acknowledge(
            call.context,
            try JobID(reading: input.jobID),
            nonce: input.nonce,
            proof: .sameAccount
        )
        return AcknowledgeJobOutput(status: JobStatus(status))
    }

    private func getJobDetails(_ input: GetJobDetailsInput, _ call: APICall) async throws -> GetJobDetailsOutput {
        try await call.require("GetJobDetails", on: .everything)
        let id = try JobID(reading: input.jobID)
        let details = try await self.jobs.details(call.context, id, proof: .sameAccount)
        return GetJobDetailsOutput(jobDetails: PenstockWire.JobDetails(details))
    }

    private func putJobSuccessResult(_ input: PutJobSuccessResultInput, _ call: APICall) async throws -> NoOutput {
        try await call.require("PutJobSuccessResult", on: .everything)
        let variables = input.outputVariables ?? [:]
        guard input.continuationToken == nil || variables.isEmpty else {
            throw Rejection(.validation, "outputVariables cannot be given together with a continuationToken")
        }
        let result = JobResult.success(
            ActionProgress(input.executionDetails, revision: input.currentRevision),
            continuationToken: input.continuationToken,
            outputVariables: variables.map { KeyedValue($0.key, $0.value) }.sorted { $0.key < $1.key }
        )
        try await self.complete(input.jobID, result, "PutJobSuccessResult", .sameAccount, call)
        return NoOutput()
    }

    private func putJobFailureResult(_ input: PutJobFailureResultInput, _ call: APICall) async throws -> NoOutput {
        try await call.require("PutJobFailureResult", on: .everything)
        let result = try JobResult(failure: input.failureDetails)
        try await self.complete(input.jobID, result, "PutJobFailureResult", .sameAccount, call)
        return NoOutput()
    }

    func complete(
        _ id: String,
        _ result: JobResult,
        _ operation: String,
        _ proof: WorkerProof,
        _ call: APICall
    ) async throws {
        let id = try JobID(reading: id)
        try await self.jobs.complete(call.context, id, result, operation: operation, proof: proof)
    }
}
