// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockWire
import Testing

struct ListRuleExecutionsTests {
    private static let stale = ServiceException(
        .invalidNextToken, "The next token was specified in an invalid format")

    /// An execution whose entry into the second stage failed as often as was tried, a second apart.
    private static func refused(times count: Int) async throws -> (bed: APITestBed, id: String) {
        let (bed, id) = try await APITestBed.withPipeline(
            .stage("Build", .work()), .stage("Release", .work("Ship")).entered(if: .isProduction()),
            variables: .env("test"))
        try await bed.advance(by: .seconds(1))
        try await bed.succeed(bed.takeJob())
        for _ in 1..<count {
            try await bed.advance(by: .seconds(1))
            try await bed.retry("Release", id)
        }
        return (bed, id)
    }

    private static func page(
        _ bed: APITestBed,
        limit: Int,
        token: String? = nil,
        filter: RuleExecutionFilter? = nil
    ) async throws -> (ids: [String], token: String?) {
        let input = ListRuleExecutionsInput(
            pipelineName: "shop", filter: filter, maxResults: limit, nextToken: token)
        let output = try await bed.call(Operations.ListRuleExecutions.self, input)
        return (output.ruleExecutionDetails?.compactMap(\.ruleExecutionID) ?? [], output.nextToken)
    }

    @Test func `An entry tells what was checked, with what, and what came of it`() async throws {
        let (bed, id) = try await Self.refused(times: 1)
        let entry = try #require(try await bed.ruleRuns().first)
        let problem = "'test' does not equal 'prod'"
        #expect(
            entry
                == RuleExecutionDetail(
                    pipelineExecutionID: id,
                    ruleExecutionID: entry.ruleExecutionID,
                    pipelineVersion: 1,
                    stageName: "Release",
                    ruleName: "Env",
                    startTime: bed.now,
                    lastUpdateTime: bed.now,
                    status: .failed,
                    input: RuleExecutionInput(
                        ruleTypeID: RuleTypeID(category: .rule, owner: .aws, provider: "VariableCheck", version: "1"),
                        configuration: ["Operator": "EQ", "Value": "prod", "Variable": "#{variables.Env}"],
                        resolvedConfiguration: ["Operator": "EQ", "Value": "prod", "Variable": "test"],
                        region: "us-east-1",
                        inputArtifacts: []
                    ),
                    output: RuleExecutionOutput(
                        executionResult: RuleExecutionResult(
                            externalExecutionSummary: problem,
                            errorDetails: ErrorDetails(code: "JobFailed", message: problem)
                        ))
                ))
    }

    @Test func `The run that started last comes first, and pages neither repeat nor skip`() async throws {
        let (bed, id) = try await Self.refused(times: 5)
        let all = try await bed.ruleRuns()
        let times = all.compactMap(\.startTime?.millisecondsSinceEpoch)
        #expect(times == times.sorted(by: >))
        #expect(Set(times).count == 5)
        var seen: [String] = []
        var token: String?
        repeat {
            let page = try await Self.page(bed, limit: 2, token: token)
            seen += page.ids
            token = page.token
            try await bed.advance(by: .seconds(1))
            try await bed.retry("Release", id)
        } while token != nil
        #expect(seen == all.map(\.ruleExecutionID))
    }

    @Test func `A token is good for its own filter`() async throws {
        let (bed, id) = try await Self.refused(times: 2)
        let filter = RuleExecutionFilter(pipelineExecutionID: id)
        let token = try #require(try await Self.page(bed, limit: 1, filter: filter).token)
        #expect(try await Self.page(bed, limit: 1, token: token, filter: filter).ids.count == 1)
        await #expect(throws: Self.stale) { try await Self.page(bed, limit: 1, token: token) }
    }

    @Test func `Runs of one execution are listed, or the newest of each of its rules, or what both have in common`()
        async throws
    {
        let (bed, first) = try await Self.refused(times: 2)
        let second = try await bed.start()
        try await bed.pass()
        #expect(try await bed.ruleRuns().count == 3)
        #expect(try await bed.ruleRuns(of: first).count == 2)
        #expect(try await bed.ruleRuns(latestIn: first) == [bed.ruleRuns(of: first)[0]])
        #expect(try await bed.ruleRuns(of: first, latestIn: first).count == 1)
        #expect(try await bed.ruleRuns(of: first, latestIn: second) == [])
    }

    @Test func `An unknown pipeline and an unknown execution are named`() async throws {
        let (bed, id) = try await Self.refused(times: 1)
        await #expect(throws: ServiceException.noPipeline("none")) {
            try await bed.call(
                Operations.ListRuleExecutions.self, ListRuleExecutionsInput(pipelineName: "none"))
        }
        await #expect(throws: ServiceException.noExecution(unknownID)) { try await bed.ruleRuns(of: unknownID) }
        await #expect(throws: ServiceException.noExecution(unknownID)) { try await bed.ruleRuns(latestIn: unknownID) }
        await #expect(throws: ServiceException.noExecution(unknownID)) {
            try await bed.ruleRuns(of: unknownID, latestIn: id)
        }
    }
}
