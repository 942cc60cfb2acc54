// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct ListPipelineExecutionsTests {
    private static let stale = ServiceException(
        .invalidNextToken, "The next token was specified in an invalid format")

    private static func page(
        _ bed: APITestBed,
        limit: Int,
        token: String? = nil,
        stage: String? = nil,
        pipeline: String = "shop"
    ) async throws -> (ids: [String], token: String?) {
        let filter = stage.map { PipelineExecutionFilter(succeededInStage: SucceededInStageFilter(stageName: $0)) }
        let input = ListPipelineExecutionsInput(
            pipelineName: pipeline, maxResults: limit, filter: filter, nextToken: token)
        let output = try await bed.call(Operations.ListPipelineExecutions.self, input)
        let ids = output.pipelineExecutionSummaries?.compactMap(\.pipelineExecutionID) ?? []
        return (ids, output.nextToken)
    }

    @Test func `The newest start comes first, with when it began and what it came to`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let began = bed.now
        try await bed.advance(by: .seconds(30))
        try await bed.fail(bed.takeJob())
        let second = try await bed.start()
        let list = try await bed.executions()
        #expect(list.map(\.pipelineExecutionID) == [second, first])
        #expect(
            list.last
                == PipelineExecutionSummary(
                    pipelineExecutionID: first,
                    status: .failed,
                    statusSummary: "Action 'Work' in stage 'Build' failed: 3 tests failed",
                    startTime: began,
                    lastUpdateTime: bed.now,
                    sourceRevisions: [],
                    trigger: ExecutionTrigger(
                        triggerType: .createPipeline, triggerDetail: TestIdentity.customer.arn),
                    executionMode: .superseded
                ))
    }

    @Test func `What a source found is shown with its execution`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(
            .stage("Source", .object(polls: false)), .stage("Release", .work()))
        try await bed.finishSource(revision: "v9")
        let execution = try #require(try await bed.executions().first)
        #expect(
            execution.sourceRevisions == [
                SourceRevision(
                    actionName: "Get", revisionID: "v9", revisionSummary: "Amazon S3 version id: v9")
            ])
        #expect(
            try await bed.execution(#require(execution.pipelineExecutionID)).artifactRevisions == [
                ArtifactRevision(
                    name: "Source",
                    revisionID: "v9",
                    revisionSummary: "Amazon S3 version id: v9",
                    created: bed.now
                )
            ])
    }

    @Test func `A source with two outputs has one revision, which is that of both artifacts`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Source", .work("Get", type: .fetcher, outputs: ["Code", "Docs"])), .stage("Release", .work()))
        let revision = CurrentRevision(revision: "abc", changeIdentifier: "1", revisionSummary: "fix")
        try await bed.succeed(bed.takeJob("Get", of: .fetcher), revision: revision)
        let execution = try await bed.execution(id)
        #expect(execution.artifactRevisions?.map(\.name) == ["Code", "Docs"])
        #expect(execution.artifactRevisions?.map(\.revisionID) == ["abc", "abc"])
        #expect(execution.artifactRevisions?.map(\.revisionChangeIdentifier) == ["1", "1"])
        #expect(
            try await bed.executions().first?.sourceRevisions == [
                SourceRevision(actionName: "Get", revisionID: "abc", revisionSummary: "fix")
            ])
    }

    // MARK: Pages

    @Test func `Pages neither repeat nor skip while executions start`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        var started = [first]
        for _ in 0..<6 { started.append(try await bed.start()) }
        var seen: [String] = []
        var token: String?
        repeat {
            let page = try await Self.page(bed, limit: 2, token: token)
            seen += page.ids
            token = page.token
            try await bed.start()
        } while token != nil
        #expect(seen == started.reversed())
    }

    @Test func `The last page has no token, also when it is full`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.start()
        #expect(try await Self.page(bed, limit: 2).token == nil)
        #expect(try await Self.page(bed, limit: 1).token != nil)
    }

    @Test func `A page has a hundred executions where the request does not say`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        for _ in 0..<100 { try await bed.start() }
        let input = ListPipelineExecutionsInput(pipelineName: "shop")
        let output = try await bed.call(Operations.ListPipelineExecutions.self, input)
        #expect(output.pipelineExecutionSummaries?.count == 100)
        #expect(output.nextToken != nil)
    }

    @Test func `A token is good for its pipeline, its filter and its day`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        _ = try await bed.createOtherPipeline()
        try await bed.start()
        let token = try #require(try await Self.page(bed, limit: 1).token)
        await #expect(throws: Self.stale) { try await Self.page(bed, limit: 1, token: token, pipeline: "other") }
        await #expect(throws: Self.stale) { try await Self.page(bed, limit: 1, token: token, stage: "Build") }
        await #expect(throws: Self.stale) { try await Self.page(bed, limit: 1, token: "x" + token) }
        #expect(try await Self.page(bed, limit: 50, token: token).ids.count == 1)
        try await bed.advance(by: .seconds(25 * 3600))
        await #expect(throws: Self.stale) { try await Self.page(bed, limit: 1, token: token) }
    }

    @Test(arguments: [0, 101]) func `A page has one to a hundred executions`(limit: Int) async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let refusal = await #expect(throws: ServiceException.self) { try await Self.page(bed, limit: limit) }
        #expect(refusal?.code == .validation)
    }

    // MARK: Filters

    @Test func `Executions that succeeded in a stage are listed, whatever became of them later`() async throws {
        let (bed, first) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.pass()
        try await bed.fail(bed.takeJob())
        let second = try await bed.start()
        try await bed.fail(bed.takeJob())
        let third = try await bed.start()
        try await bed.pass(2)
        #expect(try await bed.executions(succeededIn: "Build").map(\.pipelineExecutionID) == [third, first])
        #expect(try await bed.executions(succeededIn: "Release").map(\.pipelineExecutionID) == [third])
        #expect(try await bed.executions().map(\.pipelineExecutionID) == [third, second, first])

        let page = try await Self.page(bed, limit: 1, stage: "Build")
        #expect(page.ids == [third])
        #expect(try await Self.page(bed, limit: 1, token: page.token, stage: "Build").ids == [first])
    }

    @Test func `Success in a stage counts for the current version alone`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        try await bed.pass(2)
        try await bed.update(.stage("Build", .work()), .stage("Release", .work()))
        #expect(try await bed.executions(succeededIn: "Build") == [])
        let next = try await bed.start()
        try await bed.pass()
        #expect(try await bed.executions(succeededIn: "Build").map(\.pipelineExecutionID) == [next])
    }

    @Test func `A stage that the pipeline does not have is refused`() async throws {
        let (bed, _) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        let problem = "Pipeline 'shop' does not have a stage with name 'None'"
        await #expect(throws: ServiceException(.validation, problem)) {
            try await bed.executions(succeededIn: "None")
        }
    }

    // MARK: What is not there

    @Test func `An unknown pipeline and an unknown execution are named`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .work()))
        await #expect(throws: ServiceException.noPipeline("none")) {
            try await Self.page(bed, limit: 1, pipeline: "none")
        }
        await #expect(throws: ServiceException.noPipeline("none")) {
            let input = GetPipelineExecutionInput(pipelineName: "none", pipelineExecutionID: id)
            try await bed.call(Operations.GetPipelineExecution.self, input)
        }
        await #expect(throws: ServiceException.noExecution(unknownID)) { try await bed.execution(unknownID) }
        let other = try await bed.createOtherPipeline()
        await #expect(throws: ServiceException.noExecution(other)) { try await bed.execution(other) }
    }

    @Test func `Of a deleted pipeline nothing is left, and its successor begins anew`() async throws {
        let (bed, id) = try await APITestBed.withPipeline(.stage("Build", .work()), .stage("Release", .approval()))
        let job = try await bed.takeJob()
        try await bed.call(Operations.DeletePipeline.self, DeletePipelineInput(name: "shop"))
        let gone = ServiceException.noPipeline("shop")
        await #expect(throws: gone) { try await bed.execution(id) }
        await #expect(throws: gone) { try await bed.executions() }
        await #expect(throws: gone) { try await bed.attempts() }
        await #expect(throws: gone) { try await bed.state() }
        await #expect(throws: gone) { try await bed.start() }
        await #expect(throws: gone) { try await bed.stop(id) }
        await #expect(throws: gone) { try await bed.retry("Build", id) }
        await #expect(throws: gone) { try await bed.disable("Build") }
        await #expect(throws: gone) { try await bed.enable("Build") }
        await #expect(throws: gone) { try await bed.answer(unknownID) }
        let refusal = await #expect(throws: ServiceException.self) { try await bed.succeed(job) }
        #expect(refusal?.code == .jobNotFound)

        try await bed.createPipelineLikeShop(named: "shop")
        let list = try await bed.executions()
        #expect(list.count == 1)
        #expect(list.first?.pipelineExecutionID != id)
        #expect(try await bed.state().pipelineVersion == 1)
    }
}
