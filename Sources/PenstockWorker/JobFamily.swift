// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

/// One family's five operations, under names that both share.
protocol JobFamily: Sendable {
    /// Asks for work; each job comes with its content when the family's poll carries it.
    func poll(maximum: Int, options: CallOptions) async throws -> [(JobReference, JobContent?)]

    /// Reads a job again, with fresh credentials; nothing when it is over or gone.
    func details(_ reference: JobReference) async throws -> (JobReference, JobContent)?

    /// Takes the job; `false` when it is somebody else's, over or gone.
    func acknowledge(_ reference: JobReference) async throws -> Bool

    func succeed(_ reference: JobReference, _ outcome: JobOutcome) async throws

    func fail(_ reference: JobReference, _ failure: FailureDetails) async throws
}

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

    func succeed(_ reference: JobReference, _ outcome: JobOutcome) async throws {
        switch outcome.kind {
        case .continuation(let token):
            try await self.client.putJobSuccessResult(
                jobId: reference.jobID, continuationToken: token, executionDetails: outcome.progress)
        case .success(let revision, let variables):
            try await self.client.putJobSuccessResult(
                jobId: reference.jobID, currentRevision: revision, executionDetails: outcome.progress,
                outputVariables: variables.isEmpty ? nil : variables)
        }
    }

    func fail(_ reference: JobReference, _ failure: FailureDetails) async throws {
        try await self.client.putJobFailureResult(jobId: reference.jobID, failureDetails: failure)
    }
}

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

    func succeed(_ reference: JobReference, _ outcome: JobOutcome) async throws {
        let token = try await self.token(reference)
        switch outcome.kind {
        case .continuation(let continuation):
            try await self.client.putThirdPartyJobSuccessResult(
                jobId: reference.jobID, clientToken: token, continuationToken: continuation,
                executionDetails: outcome.progress)
        case .success(let revision, _):
            try await self.client.putThirdPartyJobSuccessResult(
                jobId: reference.jobID, clientToken: token, currentRevision: revision,
                executionDetails: outcome.progress)
        }
    }

    func fail(_ reference: JobReference, _ failure: FailureDetails) async throws {
        let token = try await self.token(reference)
        try await self.client.putThirdPartyJobFailureResult(
            jobId: reference.jobID, clientToken: token, failureDetails: failure)
    }
}
