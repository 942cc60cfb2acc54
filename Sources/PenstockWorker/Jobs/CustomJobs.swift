// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Jobs of custom actions: the poll carries everything.
struct CustomJobs: JobFamily {
    let client: CodePipelineClient
    let actionType: ActionTypeID
    let queryParameters: [String: String]?

    func poll(maximum: Int, options: CallOptions) async throws -> [(JobReference, JobContent?)] {
        let output = try await self.client.pollForJobs(
            actionTypeId: self.actionType, maxBatchSize: maximum, queryParam: self.queryParameters, options: options)
        return (output.jobs ?? []).compactMap { job in
            job.id.map { (JobReference(jobID: $0, nonce: job.nonce), JobContent(job.data)) }
        }
    }

    func details(_ reference: JobReference) async throws -> (JobReference, JobContent)? {
        do {
            let content = JobContent(try await self.client.getJobDetails(jobId: reference.jobID).jobDetails?.data)
            // A job that is over is still shown for a while, without credentials.
            return content.credentials == nil ? nil : (reference, content)
        } catch {
            guard error.isAny(of: .jobNotFound) else { throw error }
            return nil
        }
    }

    func acknowledge(_ reference: JobReference) async throws -> Bool {
        do {
            let output = try await self.client.acknowledgeJob(jobId: reference.jobID, nonce: reference.nonce ?? "")
            return output.status == .inProgress
        } catch {
            guard error.isAny(of: .invalidNonce, .jobNotFound) else { throw error }
            return false
        }
    }

    func report(_ report: JobReport, of reference: JobReference) async throws {
        switch report {
        case .success(let result):
            try await self.client.putJobSuccessResult(result)
        case .failure(let details):
            try await self.client.putJobFailureResult(jobId: reference.jobID, failureDetails: details)
        }
    }
}
