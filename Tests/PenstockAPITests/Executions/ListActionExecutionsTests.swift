// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct ListActionExecutionsTests {
    private static let stale = ServiceException(
        .invalidNextToken, "The next token was specified in an invalid format")

    private static func page(
        _ bed: APITestBed,
        limit: Int,
        token: String? = nil,
        filter: ActionExecutionFilter? = nil
    ) async throws -> (ids: [String], token: String?) {
        let input = ListActionExecutionsInput(
            pipelineName: "shop", filter: filter, maxResults: limit, nextToken: token)
        let output = try await bed.call(Operations.ListActionExecutions.self, input)
        return (output.actionExecutionDetails?.compactMap(\.actionExecutionID) ?? [], output.nextToken)
    }

    private static func latest(_ id: String, _ range: StartTimeRange) -> ActionExecutionFilter {
        ActionExecutionFilter(
            latestInPipelineExecution: LatestInPipelineExecutionFilter(
                pipelineExecutionID: id, startTimeRange: range))
    }

    /// Two actions one after the other; the second fails, and both run again and pass.
    private static func retriedPipeline() async throws -> (bed: APITestBed, id: String) {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test", runOrder: 2)), .stage("Release", .work()))
        try await bed.advance(by: .seconds(1))
        try await bed.succeed(bed.takeJob("Lint"))
        try await bed.advance(by: .seconds(1))
        try await bed.fail(bed.takeJob("Test"))
        try await bed.advance(by: .seconds(1))
        try await bed.retry("Build", id, .allActions)
        try await bed.advance(by: .seconds(1))
        return (bed, id)
    }

    // MARK: Entries

    @Test func `An entry tells what was done, with what, and what came out`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work(configuration: ["Target": "app"], outputs: ["App"], namespace: "Built")),
            .stage("Release", .work("Deploy", configuration: ["Version": "#{Built.Version}"], inputs: ["App"]))
        )
        let began = bed.now
        try await bed.advance(by: .seconds(9))
        let details = ExecutionDetails(summary: "412 passed", externalExecutionID: "run-51", percentComplete: 100)
        try await bed.succeed(bed.takeJob(), details: details, variables: ["Version": "7"])
        let entry = try await bed.attempt()
        let output = try #require(entry.output?.outputArtifacts?.first)
        #expect(output.name == "App")
        #expect(output.s3Location?.bucket == "artifacts")
        #expect(
            entry
                == ActionExecutionDetail(
                    pipelineExecutionID: id,
                    actionExecutionID: entry.actionExecutionID,
                    pipelineVersion: 1,
                    stageName: "Build",
                    actionName: "Work",
                    startTime: began,
                    lastUpdateTime: bed.now,
                    status: .succeeded,
                    input: ActionExecutionInput(
                        actionTypeID: .checker,
                        configuration: ["Target": "app"],
                        resolvedConfiguration: ["Target": "app"],
                        region: "us-east-1",
                        inputArtifacts: [],
                        namespace: "Built"
                    ),
                    output: ActionExecutionOutput(
                        outputArtifacts: [output],
                        executionResult: ActionExecutionResult(
                            externalExecutionID: "run-51", externalExecutionSummary: "412 passed"),
                        outputVariables: ["Version": "7"]
                    )
                ))
        let next = try await bed.attempt("Deploy")
        #expect(next.status == .inProgress)
        #expect(next.input?.configuration == ["Version": "#{Built.Version}"])
        #expect(next.input?.resolvedConfiguration == ["Version": "7"])
        #expect(next.input?.inputArtifacts == [output])
        #expect(next.output == ActionExecutionOutput(outputArtifacts: [], outputVariables: [:]))
        #expect(next.updatedBy == nil)
    }

    @Test func `A variable that nobody set is named, in an attempt that failed at once`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work(namespace: "Built")),
            .stage("Release", .work("Deploy", configuration: ["Version": "#{Built.Version}"]))
        )
        try await bed.pass()
        #expect(try await bed.status(id) == .failed)
        let entry = try await bed.attempt("Deploy")
        #expect(entry.status == .failed)
        #expect(
            entry.output?.executionResult?.errorDetails
                == ErrorDetails(
                    code: "ConfigurationError",
                    message: "An action in this pipeline failed because one or more variables could not be resolved:"
                        + " Action name=Deploy (unresolved: #{Built.Version})"
                ))
    }

    @Test func `Secrets are masked, as declared and as resolved`() async throws {
        let bed = try await APITestBed()
        try await bed.register()
        try await bed.createPipelineWithSecret("Password", "hunter2")
        let input = try await bed.attempt().input
        #expect(input?.configuration == ["Password": "****"])
        #expect(input?.resolvedConfiguration == ["Password": "****"])
    }

    // MARK: Order and pages

    @Test func `The attempt that started last comes first`() async throws {
        let (bed, id) = try await Self.retriedPipeline()
        try await bed.succeed(bed.takeJob("Lint"))
        let entries = try await bed.attempts(of: id)
        #expect(entries.map(\.actionName) == ["Test", "Lint", "Test", "Lint"])
        #expect(entries.map(\.status) == [.inProgress, .succeeded, .failed, .succeeded])
        #expect(Set(entries.map(\.actionExecutionID)).count == 4)
    }

    @Test func `Pages neither repeat nor skip while actions start`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Build", .work("A"), .work("B"), .work("C")), .stage("Release", .work()))
        for _ in 0..<2 {
            try await bed.advance(by: .seconds(1))
            for job in try await bed.takeJobs().values { try await bed.succeed(job) }
            try await bed.start()
        }
        let expected = try await bed.attempts().map(\.actionExecutionID)
        #expect(expected.count > 6)
        var seen: [String] = []
        var token: String?
        repeat {
            let page = try await Self.page(bed, limit: 2, token: token)
            seen += page.ids
            token = page.token
            try await bed.advance(by: .seconds(1))
            for job in try await bed.takeJobs().values { try await bed.succeed(job) }
            try await bed.start()
        } while token != nil
        #expect(seen == expected)
    }

    @Test func `A token is good for its own attempts, however they were asked for`() async throws {
        let (bed, id) = try await Self.retriedPipeline()
        let plain = ActionExecutionFilter(pipelineExecutionID: id)
        let token = try #require(try await Self.page(bed, limit: 1, filter: plain).token)
        let all = Self.latest(id, .all)
        let next = try await Self.page(bed, limit: 9, token: token, filter: plain)
        #expect(next.ids.count == 2)
        #expect(try await Self.page(bed, limit: 9, token: token, filter: all).ids == next.ids)
        await #expect(throws: Self.stale) {
            try await Self.page(bed, limit: 9, token: token, filter: Self.latest(id, .latest))
        }
        await #expect(throws: Self.stale) { try await Self.page(bed, limit: 9, token: token) }
        let other = try await bed.start()
        await #expect(throws: Self.stale) {
            try await Self.page(bed, limit: 9, token: token, filter: ActionExecutionFilter(pipelineExecutionID: other))
        }
    }

    // MARK: Filters

    @Test func `An execution's attempts are those of its retries too`() async throws {
        let (bed, first) = try await Self.retriedPipeline()
        try await bed.stop(first, abandon: true)
        let second = try await bed.start()
        #expect(try await bed.attempts(of: first).count == 3)
        #expect(try await bed.attempts(of: second).count == 1)
        #expect(try await bed.attempts().count == 4)
    }

    @Test func `The latest attempts are the newest that started of each action`() async throws {
        let (bed, id) = try await Self.retriedPipeline()
        #expect(try await bed.attempts(latestIn: id, .all) == bed.attempts(of: id))
        // The second action has not started again yet: its earlier attempt is still its latest.
        let before = try await bed.attempts(latestIn: id)
        #expect(before.map(\.actionName) == ["Lint", "Test"])
        #expect(before.map(\.status) == [.inProgress, .failed])
        try await bed.succeed(bed.takeJob("Lint"))
        let after = try await bed.attempts(latestIn: id)
        #expect(after.map(\.actionName) == ["Test", "Lint"])
        #expect(after.map(\.status) == [.inProgress, .succeeded])
        #expect(try await bed.attempts(of: id).count == 4)
    }

    @Test func `A retry of failed actions leaves kept ones among the latest`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work("Lint"), .work("Test")), .stage("Release", .work()))
        let jobs = try await bed.takeJobs()
        try await bed.succeed(#require(jobs["Lint"]))
        try await bed.fail(#require(jobs["Test"]))
        try await bed.advance(by: .seconds(1))
        try await bed.retry("Build", id)
        let latest = try await bed.attempts(latestIn: id)
        #expect(latest.map(\.actionName) == ["Test", "Lint"])
        #expect(latest.map(\.status) == [.inProgress, .succeeded])
    }

    @Test func `Both filters together list what they have in common`() async throws {
        let (bed, first) = try await Self.retriedPipeline()
        try await bed.stop(first, abandon: true)
        let second = try await bed.start()
        #expect(try await bed.attempts(of: first, latestIn: first).count == 2)
        #expect(try await bed.attempts(of: first, latestIn: first, .all).count == 3)
        #expect(try await bed.attempts(of: first, latestIn: second) == [])
        await #expect(throws: ServiceException.noExecution(unknownID)) {
            try await bed.attempts(of: unknownID, latestIn: first)
        }
        #expect(try await bed.attempts(of: first, latestIn: unknownID) == [])
    }

    @Test func `An unknown pipeline and an unknown execution are named`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = ListActionExecutionsInput(pipelineName: "none")
            try await bed.call(Operations.ListActionExecutions.self, input)
        }
        await #expect(throws: ServiceException.noExecution(unknownID)) { try await bed.attempts(of: unknownID) }
        await #expect(throws: ServiceException.noExecution(unknownID)) { try await bed.attempts(latestIn: unknownID) }
        let other = try await bed.createOtherPipeline()
        await #expect(throws: ServiceException.noExecution(other)) { try await bed.attempts(of: other) }
    }

    @Test func `An execution in which nothing started has no entries`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let waiting = try await bed.start()
        #expect(try await bed.attempts(of: waiting) == [])
    }
}
