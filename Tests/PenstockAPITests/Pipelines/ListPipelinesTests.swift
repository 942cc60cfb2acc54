// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import PenstockWire
import Testing

@testable import PenstockAPI

struct ListPipelinesTests {
    private static let stale = ServiceException(
        .invalidNextToken, "The next token was specified in an invalid format")

    private static func page(
        _ bed: APITestBed,
        limit: Int? = nil,
        token: String? = nil,
        as identity: TestIdentity = .customer,
        region: Region = .default
    ) async throws -> (names: [String?], token: String?) {
        let input = ListPipelinesInput(nextToken: token, maxResults: limit)
        let output = try await bed.call(Operations.ListPipelines.self, input, as: identity, region: region)
        return (try #require(output.pipelines).map(\.name), output.nextToken)
    }

    private static func bed(with names: String...) async throws -> APITestBed {
        let bed = try await APITestBed.withShipper()
        for name in names { try await bed.create(Sample.pipeline(name: name)) }
        return bed
    }

    @Test func `A summary tells name, version, type, mode and times`() async throws {
        let bed = try await Self.bed(with: "web")
        let created = bed.now
        bed.pass(time: .seconds(30))
        try await bed.update(Sample.pipeline(mode: .queued))
        let output = try await bed.call(Operations.ListPipelines.self, ListPipelinesInput())
        #expect(
            output.pipelines == [
                PipelineSummary(
                    name: "web", version: 2, pipelineType: .v2, executionMode: .queued, created: created,
                    updated: bed.now)
            ])
    }

    @Test func `No pipelines are an empty list`() async throws {
        let bed = try await APITestBed()
        #expect(try await bed.send(TestRequest(Operations.ListPipelines.self)).text == #"{"pipelines":[]}"#)
    }

    @Test func `Names are in the order of their bytes`() async throws {
        let bed = try await Self.bed(with: "b", "a", "B", "_", "a-b", "a.b", "10", "9")
        #expect(try await Self.page(bed).names == ["10", "9", "B", "_", "a", "a-b", "a.b", "b"])
    }

    @Test func `A list is the account's and the region's own`() async throws {
        let bed = try await Self.bed(with: "web")
        try await bed.create(Sample.pipeline(name: "other"), as: .otherCustomer)
        try await bed.create(Sample.pipeline(name: "west"), region: .elsewhere)
        #expect(try await Self.page(bed).names == ["web"])
        #expect(try await Self.page(bed, as: .otherCustomer).names == ["other"])
        #expect(try await Self.page(bed, region: .elsewhere).names == ["west"])
    }

    // MARK: Pages

    @Test func `Pages neither repeat nor skip while pipelines come and go`() async throws {
        let bed = try await Self.bed(with: "b", "d", "f", "h")
        let first = try await Self.page(bed, limit: 2)
        #expect(first.names == ["b", "d"])
        try await bed.create(Sample.pipeline(name: "a"))
        try await bed.create(Sample.pipeline(name: "e"))
        try await bed.delete("d")
        let second = try await Self.page(bed, limit: 2, token: first.token)
        #expect(second.names == ["e", "f"])
        let third = try await Self.page(bed, limit: 2, token: second.token)
        #expect(third.names == ["h"])
        #expect(third.token == nil)
    }

    @Test func `The last page has no token, also when it is full`() async throws {
        let bed = try await Self.bed(with: "a", "b")
        #expect(try await Self.page(bed, limit: 2).token == nil)
        #expect(try await Self.page(bed, limit: 1).token != nil)
    }

    @Test func `A token is good for its account and region, and for any size of page`() async throws {
        let bed = try await Self.bed(with: "a", "b", "c")
        try await bed.create(Sample.pipeline(name: "z"), as: .otherCustomer)
        let token = try #require(try await Self.page(bed, limit: 1).token)
        #expect(1...2048 ~= token.count)
        #expect(try await Self.page(bed, limit: 5, token: token).names == ["b", "c"])
        await #expect(throws: Self.stale) { try await Self.page(bed, token: token, as: .otherCustomer) }
        await #expect(throws: Self.stale) { try await Self.page(bed, token: token, region: .elsewhere) }
    }

    @Test func `A token of another operation is none`() async throws {
        let bed = try await Self.bed(with: "a", "b")
        let input = StartPipelineExecutionInput(name: "a")
        for _ in 0..<2 { try await bed.call(Operations.StartPipelineExecution.self, input) }
        let list = ListPipelineExecutionsInput(pipelineName: "a", maxResults: 1)
        let token = try #require(try await bed.call(Operations.ListPipelineExecutions.self, list).nextToken)
        await #expect(throws: Self.stale) { try await Self.page(bed, token: token) }
    }

    @Test func `A token that was changed anywhere is none`() async throws {
        let bed = try await Self.bed(with: "a", "b")
        let token = try #require(try await Self.page(bed, limit: 1).token)
        for index in token.indices {
            let character: Character = token[index] == "A" ? "B" : "A"
            let changed = token.replacingCharacters(at: index, with: character)
            await #expect(throws: Self.stale) { try await Self.page(bed, token: changed) }
        }
        for changed in [String(token.dropLast()), token + "A", "x", "🌊"] {
            await #expect(throws: Self.stale) { try await Self.page(bed, token: changed) }
        }
    }

    @Test func `A token is good for a day`() async throws {
        let bed = try await Self.bed(with: "a", "b")
        let token = try #require(try await Self.page(bed, limit: 1).token)
        bed.pass(time: .seconds(86_399))
        #expect(try await Self.page(bed, token: token).names == ["b"])
        bed.pass(time: .seconds(1))
        await #expect(throws: Self.stale) { try await Self.page(bed, token: token) }
    }

    @Test func `A token that cannot be one is told by its length`() async throws {
        let bed = try await APITestBed()
        await #expect(
            throws: ServiceException.invalid("nextToken", "Member must have length greater than or equal to 1")
        ) { try await Self.page(bed, token: "") }
        await #expect(
            throws: ServiceException.invalid("nextToken", "Member must have length less than or equal to 2048")
        ) { try await Self.page(bed, token: String(repeating: "x", count: 2049)) }
    }

    @Test func `A page has 1 to 1000 pipelines`() async throws {
        let bed = try await APITestBed()
        await #expect(
            throws: ServiceException.invalid("maxResults", "Member must have value greater than or equal to 1")
        ) { try await Self.page(bed, limit: 0) }
        await #expect(
            throws: ServiceException.invalid("maxResults", "Member must have value less than or equal to 1000")
        ) { try await Self.page(bed, limit: 1001) }
        #expect(try await Self.page(bed, limit: 1000).names == [])
    }
}

extension String {
    fileprivate func replacingCharacters(at index: Index, with character: Character) -> String {
        String(self[..<index]) + String(character) + String(self[self.index(after: index)...])
    }
}
