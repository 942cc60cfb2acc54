// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockEngine
import PenstockModel
import PenstockRuntime
import PenstockStore
import Testing

/// Which changes of its object start a pipeline, and when a source action looks.
struct SourceWatchTests {
    /// Revisions that executions were started for, newest first; `nil` for an execution of another trigger.
    private func polled(_ fixture: RunnerFixture) async throws -> [String?] {
        try await fixture.executions().map { execution in
            guard execution.trigger.type == .pollForSourceChanges else { return nil }
            return execution.sourceRevisions.first?.revision.revisionID ?? "unread"
        }
    }

    @Test func `A version with the same bytes is another revision`() async throws {
        let fixture = try await RunnerFixture()
        let first = try await fixture.put("same")
        try await fixture.createPipeline()
        try await fixture.work()
        let second = try await fixture.put("same")
        try await fixture.work()
        #expect(first != second)
        #expect(try await self.polled(fixture) == [second, first])
    }

    @Test func `Without versioning the same bytes are the same revision`() async throws {
        let fixture = try await RunnerFixture(versioning: false)
        let etag = try await fixture.put("same")
        try await fixture.createPipeline()
        try await fixture.work()
        try await fixture.put("same")
        try await fixture.work()
        #expect(try await self.polled(fixture) == [etag])
        let other = try await fixture.put("other")
        try await fixture.work()
        #expect(try await self.polled(fixture) == [other, etag])
    }

    @Test func `Of changes that are found together the last one starts`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline()
        var last = ""
        for number in 1...9 { last = try await fixture.put("\(number)") }
        try await fixture.work()
        #expect(try await self.polled(fixture) == [last])
    }

    @Test func `An object that is gone again starts nothing`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.createPipeline()
        try await fixture.put("one")
        let name = ObjectKey(RunnerFixture.key)
        _ = try await fixture.artifacts.delete([Deletion(name, nil)], in: RunnerFixture.bucket, as: fixture.caller)
        try await fixture.work()
        #expect(try await fixture.executions().isEmpty)
    }

    @Test(arguments: [nil, "true", "True", "TRUE"])
    func `A source polls when it is told so in any letter case, or nothing`(_ text: String?) async throws {
        let fixture = try await RunnerFixture()
        try await fixture.put("one")
        try await fixture.createPipeline(polls: text)
        #expect(try await fixture.executions().map(\.trigger.type) == [.pollForSourceChanges])
    }

    @Test(arguments: ["false", "yes", "1", "true "])
    func `A source that is told anything else does not poll`(_ text: String) async throws {
        let fixture = try await RunnerFixture()
        try await fixture.put("one")
        try await fixture.createPipeline(polls: text)
        #expect(try await fixture.executions().map(\.trigger.type) == [.createPipeline])
    }

    @Test func `Two polling sources start a new pipeline twice`() async throws {
        let fixture = try await RunnerFixture()
        let code = try await fixture.put("code")
        let data = try await fixture.put("data", to: "data.zip")
        try await fixture.createPipeline([
            RunnerFixture.source("Code"), RunnerFixture.source("Data", key: "data.zip", output: "Data"),
        ])
        try await fixture.work()
        let executions = try await fixture.executions()
        #expect(executions.map(\.trigger.detail) == ["Data", "Code"])
        let newest = try #require(executions.first).sourceRevisions
        #expect(Set(newest.map(\.revision.revisionID)) == [code, data])
    }

    @Test func `Another object in the declaration starts the pipeline, if it is there`() async throws {
        let fixture = try await RunnerFixture()
        let first = try await fixture.put("one")
        let other = try await fixture.put("two", to: "other.zip")
        try await fixture.createPipeline()
        try await fixture.work()
        try await fixture.updatePipeline(RunnerFixture.source(key: "absent.zip"))
        #expect(try await self.polled(fixture) == [first])
        try await fixture.updatePipeline(RunnerFixture.source(key: "other.zip"))
        try await fixture.work()
        #expect(try await self.polled(fixture) == [other, first])
    }

    @Test func `An update that leaves the source alone starts nothing`() async throws {
        let fixture = try await RunnerFixture()
        let first = try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()
        try await fixture.updatePipeline(RunnerFixture.source(polls: "true"))
        #expect(try await self.polled(fixture) == [first])
    }

    @Test func `Polling that was off goes on where it was, and finds what was put meanwhile`() async throws {
        let fixture = try await RunnerFixture()
        let first = try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()
        try await fixture.updatePipeline(RunnerFixture.source(polls: "false"))
        try await fixture.updatePipeline(RunnerFixture.source())
        #expect(try await self.polled(fixture) == [first])

        try await fixture.updatePipeline(RunnerFixture.source(polls: "false"))
        let second = try await fixture.put("two")
        try await fixture.work()
        #expect(try await self.polled(fixture) == [first])
        try await fixture.updatePipeline(RunnerFixture.source())
        try await fixture.work()
        #expect(try await self.polled(fixture) == [second, first])
    }

    @Test func `Polling that begins starts the pipeline, though an execution used that version before`() async throws {
        let fixture = try await RunnerFixture()
        let version = try await fixture.put("one")
        try await fixture.createPipeline(polls: "false")
        try await fixture.work()
        #expect(try await fixture.attempts().first?.attempt.externalExecutionID == version)
        try await fixture.updatePipeline(RunnerFixture.source())
        try await fixture.work()
        #expect(try await self.polled(fixture) == [version, nil])
    }

    @Test func `What another start has fetched is not found once more`() async throws {
        let fixture = try await RunnerFixture()
        try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()
        try await fixture.updatePipeline(RunnerFixture.source(polls: "false"))
        try await fixture.put("two")
        try await fixture.startPipeline()
        await fixture.runners.carryOutClaimableJobs()
        let count = try await fixture.executions().count
        try await fixture.updatePipeline(RunnerFixture.source())
        #expect(try await fixture.executions().count == count)
    }

    @Test func `An older revision that an execution takes does not make the newest one new again`() async throws {
        let fixture = try await RunnerFixture()
        let first = try await fixture.put("one")
        try await fixture.createPipeline()
        try await fixture.work()
        let second = try await fixture.put("two")
        try await fixture.work()
        _ = try await PipelineService(context: fixture.context).putActionRevision(
            fixture.call, name: "shop", stage: "Source", action: "Get", revision: SourceRevision(revisionID: first))
        try await fixture.work()
        try await fixture.updatePipeline(RunnerFixture.source(polls: "true"))
        #expect(try await self.polled(fixture) == [nil, second, first])
    }

    @Test func `An object of another account starts nothing`() async throws {
        let fixture = try await RunnerFixture()
        let other = try #require(AccountID("111111111111"))
        let stranger = ArtifactStore.Caller(scope: Scope(account: other, region: .default))
        try await fixture.artifacts.createBucket("theirs", as: stranger)
        let name = ObjectName(bucket: "theirs", key: ObjectKey(RunnerFixture.key))
        _ = try await fixture.artifacts.put(name, as: stranger) { _ in nil }
        try await fixture.createPipeline(bucket: "theirs")
        try await fixture.work()
        #expect(try await fixture.executions().isEmpty)
    }
}
