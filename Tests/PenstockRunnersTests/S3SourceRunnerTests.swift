// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

struct S3SourceRunnerTests {
    @Test func `The object becomes the output artifact, and its version the revision`() async throws {
        let fixture = try await RunnerFixture()
        let version = try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()

        let attempt = try #require(try await fixture.attempts().first)
        #expect(attempt.attempt.status == .succeeded)
        #expect(attempt.attempt.externalExecutionID == version)
        #expect(attempt.attempt.summary == "Amazon S3 version id: \(version)")
        #expect(attempt.outputVariables[key: "VersionId"] == version)
        #expect(attempt.outputVariables[key: "BucketName"] == RunnerFixture.bucket)
        #expect(attempt.outputVariables[key: "ObjectKey"] == RunnerFixture.key)
        let output = try #require(attempt.attempt.outputs.first?.location)
        #expect(output.bucket == RunnerFixture.artifactBucket)
        #expect(output.key.hasSuffix(".zip"))
        #expect(try await fixture.content(output) == "one")
        let revision = try #require(try await fixture.executions().first?.sourceRevisions.first)
        #expect(revision.revision.revisionID == version)
        #expect(revision.artifactName == "Code")
    }

    @Test func `The object's own metadata summarises its revision`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.put("one", metadata: [KeyedValue("codepipeline-artifact-revision-summary", "Fix the till")])
        try await fixture.createPipeline()
        try await fixture.work()
        #expect(try await fixture.attempts().first?.attempt.summary == "Fix the till")
    }

    @Test func `Without versioning the ETag is the revision`() async throws {
        let fixture = try await RunnerFixture(versioning: false)
        let etag = try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()
        let attempt = try #require(try await fixture.attempts().first)
        #expect(attempt.attempt.externalExecutionID == etag)
        #expect(attempt.outputVariables[key: "ETag"] == etag)
        #expect(attempt.outputVariables[key: "VersionId"] == "null")
    }

    @Test func `A put starts the pipeline with exactly its version`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline()
        try await fixture.work()
        #expect(try await fixture.executions().isEmpty)

        let first = try await fixture.put("one")
        try await fixture.effects.performOwedEffects()
        let second = try await fixture.put("two")
        await fixture.runners.carryOutClaimableJobs()
        try await fixture.work()

        let executions = try await fixture.executions()
        #expect(executions.map(\.trigger.type) == [.pollForSourceChanges, .pollForSourceChanges])
        #expect(executions.map(\.sourceRevisions.first?.revision.revisionID) == [second, first])
    }

    @Test func `A put does not start a pipeline that does not poll`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline(polls: "false")
        let before = try await fixture.executions().count
        try await fixture.put("one")
        try await fixture.work()
        #expect(try await fixture.executions().count == before)
    }

    @Test func `The same version starts a pipeline once`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()
        #expect(try await fixture.executions().count == 1)
    }

    @Test func `A missing object fails the action as a mistake in its configuration`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline(polls: "false")
        try await fixture.work()
        let failure = try #require(try await fixture.attempts().first?.attempt.failure)
        #expect(failure.type == .configurationError)
        #expect(failure.message == "The object with key 'shop/source.zip' does not exist in the S3 bucket 'sources'")
        #expect(try await fixture.executions().first?.status == .failed)
    }

    @Test(arguments: [("nowhere", RunnerFixture.artifactBucket), (RunnerFixture.bucket, "nowhere")])
    func `A missing bucket is named, whichever it is`(source: String, target: String) async throws {
        let fixture = try await RunnerFixture()
        try await fixture.put("one")
        try await fixture.createPipeline(bucket: source, artifactBucket: target, polls: "false")
        try await fixture.work()
        let failure = try #require(try await fixture.attempts().first?.attempt.failure)
        #expect(failure.type == .configurationError)
        #expect(failure.message == "The S3 bucket 'nowhere' does not exist")
    }

    @Test func `A version that is gone is said to be unavailable`() async throws {
        let fixture = try await RunnerFixture()
        let version = try await fixture.put("one")
        try await fixture.put("two")
        try await fixture.createPipeline()
        let name = ObjectKey(RunnerFixture.key)
        let latest = try #require(try await fixture.executions().first)
        #expect(latest.status == .inProgress)
        let object = ObjectName(bucket: RunnerFixture.bucket, key: name)
        let bound = try await fixture.artifacts.object(object, as: fixture.caller).row.versionID
        #expect(bound.rawValue != version)
        _ = try await fixture.artifacts.delete([Deletion(name, bound)], in: RunnerFixture.bucket, as: fixture.caller)
        await fixture.runners.carryOutClaimableJobs()
        #expect(try await fixture.attempts().first?.attempt.failure?.type == .revisionUnavailable)
    }

    @Test func `A bucket of another account is out of reach`() async throws {
        let fixture = try await RunnerFixture()
        let other = try #require(AccountID("111111111111"))
        let stranger = ArtifactStore.Caller(scope: Scope(account: other, region: .default))
        try await fixture.artifacts.createBucket("theirs", as: stranger)
        try await fixture.createPipeline(bucket: "theirs", polls: "false")
        try await fixture.work()
        let failure = try #require(try await fixture.attempts().first?.attempt.failure)
        #expect(
            failure == FailureDetails(type: .permissionError, message: "Access to the S3 bucket 'theirs' is denied"))
    }
}
