// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// Jobs of partner actions: the poll names job and customer, the details carry the nonce, and each call the customer's
/// client token.
struct PartnerJobs: JobFamily {
    /// A customer whose token the partner does not have.
    struct UnknownClient: Error {
        let clientID: String
    }

    let client: CodePipelineClient
    let actionType: ActionTypeID
    let clientTokens: @Sendable (String) async throws -> Sensitive?

    private func token(_ reference: JobReference) async throws -> Sensitive {
        let clientID = reference.clientID ?? ""
        guard let token = try await self.clientTokens(clientID) else { throw UnknownClient(clientID: clientID) }
        return token
    }

    func poll(maximum: Int, options: CallOptions) async throws -> [(JobReference, JobContent?)] {
        let output = try await self.client.pollForThirdPartyJobs(
            actionTypeId: self.actionType, maxBatchSize: maximum, options: options)
        return (output.jobs ?? []).compactMap { job in
            job.jobID.map { (JobReference(jobID: $0, clientID: job.clientID), nil) }
        }
    }

    func details(_ reference: JobReference) async throws -> (JobReference, JobContent)? {
        let token = try await self.token(reference)
        do {
            let output = try await self.client.getThirdPartyJobDetails(jobId: reference.jobID, clientToken: token)
            var reference = reference
            reference.nonce = output.jobDetails?.nonce
            return (reference, JobContent(output.jobDetails?.data))
        } catch {
            guard error.isAny(of: .jobNotFound, .invalidJob) else { throw error }
            return nil
        }
    }

    func acknowledge(_ reference: JobReference) async throws -> Bool {
        let token = try await self.token(reference)
        do {
            let output = try await self.client.acknowledgeThirdPartyJob(
                jobId: reference.jobID, nonce: reference.nonce ?? "", clientToken: token)
            return output.status == .inProgress
        } catch {
            guard error.isAny(of: .invalidNonce, .jobNotFound) else { throw error }
            return false
        }
    }

    func report(_ report: JobReport, of reference: JobReference) async throws {
        let token = try await self.token(reference)
        switch report {
        case .success(let result):
            // The operation has no output variables.
            try await self.client.putThirdPartyJobSuccessResult(
                jobId: reference.jobID, clientToken: token, currentRevision: result.currentRevision,
                continuationToken: result.continuationToken, executionDetails: result.executionDetails)
        case .failure(let details):
            try await self.client.putThirdPartyJobFailureResult(
                jobId: reference.jobID, clientToken: token, failureDetails: details)
        }
    }
}
