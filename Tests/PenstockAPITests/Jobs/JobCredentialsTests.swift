// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAccess
import PenstockArtifacts
import PenstockModel
import PenstockRuntime
import PenstockWire
import Testing

/// The credentials that a job carries: what they are for, and for how long.
struct JobCredentialsTests {
    /// What the credentials say to the service.
    private static func session(_ job: TestJob, _ bed: APITestBed) throws -> Session {
        let credentials = try #require(job.data.artifactCredentials)
        let session = bed.context.sessions.open(
            token: credentials.sessionToken.exposed, accessKeyID: credentials.accessKeyID.exposed)
        return try #require(session)
    }

    private static func grant(_ job: TestJob, _ bed: APITestBed) throws -> JobGrant {
        guard case .job(let grant) = try Self.session(job, bed).grant else {
            throw ServiceException(.internalFailure, "these are not a job's credentials")
        }
        return grant
    }

    private static func location(_ artifact: Artifact?) throws -> ObjectGrant {
        let location = try #require(artifact?.location?.s3Location)
        return ObjectGrant(bucket: location.bucketName, key: location.objectKey)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `They reach the job's inputs for reading and its outputs for writing, and nothing else`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.next()
        let grant = try Self.grant(job, worker.bed)
        #expect(grant.read == [try Self.location(job.data.inputArtifacts?.first)])
        #expect(grant.write == [try Self.location(job.data.outputArtifacts?.first)])
        #expect(grant.jobID.description == job.id)
        #expect(grant.actionExecutionID.description == job.actionExecution)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `They are the customer's, whoever works`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.next()
        let session = try Self.session(job, worker.bed)
        #expect(session.scope == Scope(account: TestIdentity.customer.account, region: .default))
    }

    @Test(arguments: WorkerFamily.allCases)
    func `They last 15 minutes from each time that they are asked for`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let job = try await worker.take()
        let start = worker.bed.clock.now
        #expect(try Self.session(job, worker.bed).expiresAt == start + .minutes(15))
        worker.bed.pass(time: .seconds(840))
        let renewed = try await worker.details(job.id)
        #expect(try Self.session(renewed, worker.bed).expiresAt == start + .minutes(29))
        #expect(try Self.grant(renewed, worker.bed) == Self.grant(job, worker.bed))
        #expect(renewed.data.artifactCredentials?.sessionToken != job.data.artifactCredentials?.sessionToken)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `They are of one dispatch, so that another worker's take their place`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let first = try await worker.next()
        worker.bed.pass(time: .seconds(60))
        let second = try await worker.next()
        let dispatches = [try Self.grant(first, worker.bed).dispatch, try Self.grant(second, worker.bed).dispatch]
        #expect(dispatches == [1, 2])
        let accepted = try await worker.bed.store.readArtifacts { transaction in
            try dispatches.map { dispatch in
                try transaction.jobAcceptsWrites(try #require(JobID(second.id)), dispatch: dispatch)
            }
        }
        #expect(accepted == [false, true])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A job that goes on has credentials of its own for the same artifacts`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        let first = try await worker.take()
        try await worker.succeed(first, continuation: "more")
        let second = try await worker.take()
        let (before, after) = (try Self.grant(first, worker.bed), try Self.grant(second, worker.bed))
        #expect(after.jobID.description == second.id)
        #expect(after.read == before.read)
        #expect(after.write == before.write)
        #expect(second.data.outputArtifacts == first.data.outputArtifacts)
    }
}
