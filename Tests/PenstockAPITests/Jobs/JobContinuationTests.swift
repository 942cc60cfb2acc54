// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// Work that goes on in another job.
struct JobContinuationTests {
    @Test(arguments: WorkerFamily.allCases)
    func `Each job of a chain has an id of its own, the attempt's id, and the token of the one before`(
        family: WorkerFamily
    ) async throws {
        let worker = try await APITestBed.withArtifacts(family)
        var chain: [TestJob] = []
        for token in ["first", "second", nil] {
            let job = try await worker.take()
            chain.append(job)
            try await worker.succeed(job, continuation: token)
        }
        #expect(Set(chain.map(\.id)).count == 3)
        #expect(Set(chain.map(\.actionExecution)).count == 1)
        #expect(chain.map(\.data.continuationToken) == [nil, "first", "second"])
        var data = chain.map(\.data.withoutCredentials)
        for index in data.indices { data[index].continuationToken = nil }
        #expect(Set(data).count == 1)
        #expect(try await worker.bed.action(in: "Build").latestExecution?.status == .succeeded)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The next job is there at once, and is the only one`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let first = try await worker.take()
        try await worker.succeed(first, continuation: "more")
        let next = try await worker.bed.openJobID()
        #expect(try await worker.bed.openJobStatus() == "Queued")
        #expect(try await worker.acknowledge(first) == .succeeded)
        #expect(try await worker.take().id == next)
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.status == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Progress is shown at once, and what a report leaves out stays`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        func shown() async throws -> ActionExecution {
            try #require(try await worker.bed.action(in: "Build").latestExecution)
        }
        let began = try await shown().lastStatusChange
        worker.bed.pass(time: .seconds(30))
        let half = ExecutionDetails(summary: "half way", externalExecutionID: "run-42", percentComplete: 50)
        try await worker.succeed(worker.take(), continuation: "1", details: half)
        var attempt = try await shown()
        #expect(attempt.status == .inProgress)
        #expect(attempt.summary == "half way")
        #expect(attempt.externalExecutionID == "run-42")
        #expect(attempt.percentComplete == 50)
        #expect(attempt.lastStatusChange == worker.bed.now)
        #expect(attempt.lastStatusChange != began)
        try await worker.succeed(
            worker.take(), continuation: "2", details: ExecutionDetails(percentComplete: 75))
        attempt = try await shown()
        #expect(attempt.summary == "half way")
        #expect(attempt.externalExecutionID == "run-42")
        #expect(attempt.percentComplete == 75)
        try await worker.succeed(worker.take(), details: ExecutionDetails(summary: "done"))
        attempt = try await shown()
        #expect(attempt.status == .succeeded)
        #expect(attempt.summary == "done")
        #expect(attempt.externalExecutionID == "run-42")
        #expect(attempt.percentComplete == 75)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A revision that comes with a token is the revision at the end`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let revision = CurrentRevision(revision: "abc", changeIdentifier: "1")
        try await worker.succeed(worker.take(), continuation: "more", revision: revision)
        #expect(try await worker.bed.action(in: "Build").currentRevision == nil)
        try await worker.succeed(worker.take())
        #expect(try await worker.bed.action(in: "Build").currentRevision?.revisionID == "abc")
    }

    @Test func `A source's revision that came with a token is the execution's`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Source", .work("Get", type: .fetcher, outputs: ["Code"])), .stage("Release", .work()))
        let revision = CurrentRevision(revision: "abc", changeIdentifier: "1")
        try await bed.succeed(bed.takeJob("Get", of: .fetcher), revision: revision, token: "more")
        #expect(try await bed.execution(id).artifactRevisions == [])
        try await bed.succeed(bed.takeJob("Get", of: .fetcher))
        #expect(try await bed.execution(id).artifactRevisions?.map(\.revisionID) == ["abc"])
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A failure after progress fails the action`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        try await worker.succeed(worker.take(), continuation: "more")
        try await worker.fail(worker.take())
        #expect(try await worker.bed.status(worker.execution) == .failed)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A token comes back as it was, and is shown to nobody else`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let token = "{\"é\":\n\u{1F600}}" + String(repeating: "t", count: 2040)
        #expect(token.unicodeScalars.count == 2048)
        try await worker.succeed(worker.take(), continuation: token)
        let job = try await worker.take()
        #expect(job.data.continuationToken == token)
        #expect(try await worker.details(job.id).data.continuationToken == token)
        for (operation, name) in [
            ("GetPipelineState", "name"), ("ListActionExecutions", "pipelineName"),
            ("ListPipelineExecutions", "pipelineName"),
        ] {
            let body = Array(#"{"\#(name)":"shop"}"#.utf8)
            let request = TestRequest(target: "\(TestRequest.targetPrefix).\(operation)", body: body)
            #expect(try await !worker.bed.send(request).text.contains("tttt"), "\(operation)")
        }
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A token has 1 to 2048 characters`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        await #expect(
            throws: ServiceException.invalid(
                "continuationToken", "Member must have length greater than or equal to 1")
        ) { try await worker.succeed(job, continuation: "") }
        await #expect(
            throws: ServiceException.invalid(
                "continuationToken", "Member must have length less than or equal to 2048")
        ) { try await worker.succeed(job, continuation: String(repeating: "ü", count: 2049)) }
        try await worker.succeed(job, continuation: String(repeating: "ü", count: 2048))
    }

    @Test(arguments: WorkerFamily.allCases)
    func `There is no end to a chain but the action's time`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        for round in 0..<50 { try await worker.succeed(worker.take(), continuation: "\(round)") }
        #expect(try await worker.take().data.continuationToken == "49")
        #expect(try await worker.bed.attempts().count == 1)
    }
}
