// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

/// What a successful result changes and shows.
struct JobSuccessTests {
    @Test(arguments: WorkerFamily.allCases)
    func `The action succeeds, and the next stage begins`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let job = try await worker.take()
        worker.bed.pass(time: .seconds(30))
        try await worker.succeed(job)
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.status == .succeeded)
        #expect(attempt?.lastStatusChange == worker.bed.now)
        #expect(attempt?.percentComplete == nil)
        #expect(attempt?.summary == nil)
        #expect(attempt?.errorDetails == nil)
        #expect(try await worker.bed.stage("Build").latestExecution?.status == .succeeded)
        #expect(try await worker.bed.action("Ship", in: "Release").latestExecution?.status == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `The next group waits for all of the one before`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(
            family,
            build: [.work(type: family.type), .approval("Beside"), .work("After", runOrder: 2)])
        try await worker.succeed(worker.take())
        #expect(try await worker.bed.action("After", in: "Build").latestExecution == nil)
        try await worker.bed.answer(
            worker.bed.token("Beside", in: "Build"), action: "Beside", stage: "Build")
        #expect(try await worker.bed.action("After", in: "Build").latestExecution?.status == .inProgress)
    }

    @Test(arguments: WorkerFamily.allCases)
    func `Details are shown in the state and in the history`(family: WorkerFamily) async throws {
        let worker = try await APITestBed.withWorker(family)
        let details = ExecutionDetails(summary: "412 passed", externalExecutionID: "run-51", percentComplete: 7)
        try await worker.succeed(worker.take(), details: details)
        let attempt = try await worker.bed.action(in: "Build").latestExecution
        #expect(attempt?.summary == "412 passed")
        #expect(attempt?.externalExecutionID == "run-51")
        #expect(attempt?.percentComplete == 7)
        #expect(
            try await worker.bed.attempt().output?.executionResult
                == ActionExecutionResult(externalExecutionID: "run-51", externalExecutionSummary: "412 passed"))
    }

    @Test(arguments: WorkerFamily.allCases)
    func `A revision is shown, with the time of the call where it has none of its own`(
        family: WorkerFamily
    ) async throws {
        for created in [nil, WireTimestamp(clampingMilliseconds: 1_446_137_312_204)] {
            let worker = try await APITestBed.withWorker(family)
            let job = try await worker.take()
            worker.bed.pass(time: .seconds(30))
            let revision = CurrentRevision(revision: "abc", changeIdentifier: "17", created: created)
            try await worker.succeed(job, revision: revision)
            #expect(
                try await worker.bed.action(in: "Build").currentRevision
                    == ActionRevision(
                        revisionID: "abc", revisionChangeID: "17", created: created ?? worker.bed.now))
        }
    }

    @Test func `A source's revision is that of its artifacts and of the execution`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Source", .work("Get", type: .fetcher, outputs: ["Code"])), .stage("Release", .work()))
        let job = try await bed.takeJob("Get", of: .fetcher)
        bed.pass(time: .seconds(30))
        let revision = CurrentRevision(revision: "abc", changeIdentifier: "17", revisionSummary: "fix")
        try await bed.succeed(job, revision: revision)
        #expect(
            try await bed.execution(id).artifactRevisions == [
                ArtifactRevision(
                    name: "Code", revisionID: "abc", revisionChangeIdentifier: "17", revisionSummary: "fix",
                    created: bed.now)
            ])
        #expect(
            try await bed.executions().first?.sourceRevisions == [
                SourceRevision(actionName: "Get", revisionID: "abc", revisionSummary: "fix")
            ])
        #expect(try await bed.action("Get", in: "Source").currentRevision?.revisionID == "abc")
    }

    /// A result that breaks one bound, by the path of the member and what is said of it.
    static let broken: [(String, String, ExecutionDetails?, CurrentRevision?)] = [
        (
            "executionDetails.summary", "length less than or equal to 2048",
            ExecutionDetails(summary: String(repeating: "x", count: 2049)), nil
        ),
        ("executionDetails.summary", "length greater than or equal to 1", ExecutionDetails(summary: ""), nil),
        (
            "executionDetails.externalExecutionId", "length less than or equal to 1500",
            ExecutionDetails(externalExecutionID: String(repeating: "x", count: 1501)), nil
        ),
        (
            "executionDetails.percentComplete", "value less than or equal to 100",
            ExecutionDetails(percentComplete: 101), nil
        ),
        (
            "executionDetails.percentComplete", "value greater than or equal to 0",
            ExecutionDetails(percentComplete: -1), nil
        ),
        (
            "currentRevision.revision", "length greater than or equal to 1", nil,
            CurrentRevision(revision: "", changeIdentifier: "1")
        ),
        (
            "currentRevision.revision", "length less than or equal to 1500", nil,
            CurrentRevision(revision: String(repeating: "x", count: 1501), changeIdentifier: "1")
        ),
        (
            "currentRevision.changeIdentifier", "length less than or equal to 100", nil,
            CurrentRevision(revision: "abc", changeIdentifier: String(repeating: "x", count: 101))
        ),
        (
            "currentRevision.revisionSummary", "length less than or equal to 2048", nil,
            CurrentRevision(
                revision: "abc", changeIdentifier: "1", revisionSummary: String(repeating: "x", count: 2049))
        ),
    ]

    @Test(arguments: broken)
    func `Whatever is out of bounds is refused, and the job goes on`(
        path: String, bound: String, details: ExecutionDetails?, revision: CurrentRevision?
    ) async throws {
        for family in WorkerFamily.allCases {
            let worker = try await APITestBed.withWorker(family)
            let job = try await worker.take()
            await #expect(throws: ServiceException.invalid(path, "Member must have \(bound)")) {
                try await worker.succeed(job, revision: revision, details: details)
            }
            try await worker.succeed(job)
        }
    }
}
