// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import struct PenstockModel.Region
import PenstockWire
import Testing

/// A job as workers of either family are told of it.
struct TestJob: Sendable, Hashable {
    var id: String
    /// `nil` where it is not told.
    var nonce: String?
    /// `nil` where it is not told.
    var account: String?
    var data: JobData
}

/// A job worker of either family: the same steps by the operations that its family has.
///
/// ```swift
/// let worker = try await APITestBed.withWorker(.partner)
/// let job = try await worker.take()
/// try await worker.fail(job)
/// #expect(try await worker.bed.status(worker.execution) == .failed)
/// ```
struct TestWorker: Sendable {
    let bed: APITestBed
    let family: WorkerFamily
    /// As whom it calls.
    var identity: TestIdentity
    var region = Region.default
    /// The client token of the customer's connection, if it is a partner's.
    var token = ""
    /// The execution that has the work.
    var execution = ""

    init(bed: APITestBed, family: WorkerFamily) {
        self.bed = bed
        self.family = family
        self.identity = family.identity
    }

    // MARK: Steps

    /// What a poll hands out; of a partner's jobs with their details, as partners ask for them next.
    func poll(_ limit: Int? = nil) async throws -> [TestJob] {
        switch self.family {
        case .custom:
            let input = PollForJobsInput(actionTypeID: .checker, maxBatchSize: limit)
            let jobs = try await self.call(Operations.PollForJobs.self, input).jobs ?? []
            return try jobs.map { job in
                TestJob(
                    id: try #require(job.id), nonce: job.nonce, account: job.accountID, data: try #require(job.data))
            }
        case .partner:
            let input = PollForThirdPartyJobsInput(actionTypeID: .scanner, maxBatchSize: limit)
            let jobs = try await self.call(Operations.PollForThirdPartyJobs.self, input).jobs ?? []
            var described: [TestJob] = []
            for job in jobs { described.append(try await self.details(#require(job.jobID))) }
            return described
        }
    }

    func details(_ id: String) async throws -> TestJob {
        switch self.family {
        case .custom:
            let output = try await self.call(Operations.GetJobDetails.self, GetJobDetailsInput(jobID: id))
            let job = try #require(output.jobDetails)
            return TestJob(id: try #require(job.id), account: job.accountID, data: try #require(job.data))
        case .partner:
            let input = GetThirdPartyJobDetailsInput(jobID: id, clientToken: Sensitive(self.token))
            let output = try await self.call(Operations.GetThirdPartyJobDetails.self, input)
            let job = try #require(output.jobDetails)
            return TestJob(id: try #require(job.id), nonce: job.nonce, data: JobData(try #require(job.data)))
        }
    }

    /// - Parameter nonce: Instead of the one that the job was handed out with.
    func acknowledge(_ job: TestJob, nonce: String? = nil) async throws -> JobStatus? {
        let nonce = try #require(nonce ?? job.nonce)
        switch self.family {
        case .custom:
            let input = AcknowledgeJobInput(jobID: job.id, nonce: nonce)
            return try await self.call(Operations.AcknowledgeJob.self, input).status
        case .partner:
            let token = Sensitive(self.token)
            let input = AcknowledgeThirdPartyJobInput(jobID: job.id, nonce: nonce, clientToken: token)
            return try await self.call(Operations.AcknowledgeThirdPartyJob.self, input).status
        }
    }

    /// - Parameter continuation: Makes it progress instead of the end.
    func succeed(
        _ job: TestJob,
        continuation: String? = nil,
        revision: CurrentRevision? = nil,
        details: ExecutionDetails? = nil
    ) async throws {
        switch self.family {
        case .custom:
            let input = PutJobSuccessResultInput(
                jobID: job.id,
                currentRevision: revision,
                continuationToken: continuation,
                executionDetails: details
            )
            try await self.call(Operations.PutJobSuccessResult.self, input)
        case .partner:
            let input = PutThirdPartyJobSuccessResultInput(
                jobID: job.id,
                clientToken: Sensitive(self.token),
                currentRevision: revision,
                continuationToken: continuation,
                executionDetails: details
            )
            try await self.call(Operations.PutThirdPartyJobSuccessResult.self, input)
        }
    }

    func fail(
        _ job: TestJob,
        _ type: FailureType = .jobFailed,
        message: String = "3 tests failed",
        externalExecutionID: String? = nil
    ) async throws {
        let failure = FailureDetails(type: type, message: message, externalExecutionID: externalExecutionID)
        switch self.family {
        case .custom:
            let input = PutJobFailureResultInput(jobID: job.id, failureDetails: failure)
            try await self.call(Operations.PutJobFailureResult.self, input)
        case .partner:
            let input = PutThirdPartyJobFailureResultInput(
                jobID: job.id, clientToken: Sensitive(self.token), failureDetails: failure)
            try await self.call(Operations.PutThirdPartyJobFailureResult.self, input)
        }
    }

    // MARK: Several steps

    /// The one job that there is.
    func next() async throws -> TestJob {
        let jobs = try await self.poll(2)
        try #require(jobs.count == 1)
        return jobs[0]
    }

    /// The one job that there is, acknowledged.
    func take() async throws -> TestJob {
        let job = try await self.next()
        #expect(try await self.acknowledge(job) == .inProgress)
        return job
    }

    /// The same worker, calling as somebody else.
    func asking(as identity: TestIdentity) -> Self {
        var worker = self
        worker.identity = identity
        return worker
    }

    /// The same worker in another region.
    func elsewhere() throws -> Self {
        var worker = self
        worker.region = try #require(Region("eu-west-1"))
        return worker
    }

    /// The same worker with another client token.
    func holding(_ token: String) -> Self {
        var worker = self
        worker.token = token
        return worker
    }

    @discardableResult
    private func call<Operation: WireOperation>(
        _ operation: Operation.Type,
        _ input: Operation.Input
    ) async throws -> Operation.Output {
        try await self.bed.call(operation, input, as: self.identity, region: self.region)
    }
}

extension JobData {
    fileprivate init(_ data: ThirdPartyJobData) {
        self.init(
            actionTypeID: data.actionTypeID,
            actionConfiguration: data.actionConfiguration,
            pipelineContext: data.pipelineContext,
            inputArtifacts: data.inputArtifacts,
            outputArtifacts: data.outputArtifacts,
            artifactCredentials: data.artifactCredentials,
            continuationToken: data.continuationToken,
            encryptionKey: data.encryptionKey
        )
    }
}
