// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockClient
import PenstockTesting
import Testing

@Suite(.timeLimit(.minutes(10))) struct PageTests {
    @Test func `Items come from page after page, empty ones too`() async throws {
        let service = ScriptedTransport([
            { _ in pipelineList(["a", "b"], nextToken: "1") }, { _ in pipelineList([], nextToken: "2") },
            { _ in pipelineList(["c"]) },
        ])
        var names: [String?] = []
        for try await pipeline in client(service).listPipelinesPages(ListPipelinesInput(maxResults: 2)).items {
            names.append(pipeline.name)
        }
        #expect(names == ["a", "b", "c"])
        #expect(
            service.requests.map(\.text) == [
                #"{"maxResults":2}"#, #"{"nextToken":"1","maxResults":2}"#, #"{"nextToken":"2","maxResults":2}"#,
            ])
    }

    @Test func `A page is asked for when it is wanted, and not before`() async throws {
        let service = ScriptedTransport { _ in pipelineList(["a", "b"], nextToken: "more") }
        for try await _ in client(service).listPipelinesPages().items { break }
        #expect(service.requests.count == 1)
    }

    @Test func `Pages can be read whole, and more than once`() async throws {
        let service = ScriptedTransport { request in
            request.text.contains("nextToken") ? pipelineList(["c"]) : pipelineList(["a", "b"], nextToken: "1")
        }
        let pages = client(service).listPipelinesPages()
        for _ in 0..<2 {
            var sizes: [Int] = []
            for try await page in pages { sizes.append(page.pipelines?.count ?? 0) }
            #expect(sizes == [2, 1])
        }
    }

    @Test func `A service that repeats a page does not keep the client forever`() async throws {
        let service = ScriptedTransport { _ in pipelineList(["a"], nextToken: "same") }
        var count = 0
        do throws(ListPipelinesError) {
            for try await _ in client(service).listPipelinesPages() { count += 1 }
            #expect(Bool(false), "the pages ended")
        } catch {
            #expect(error.callFailure?.code == .invalidAnswer)
        }
        #expect(count == 1)
    }

    @Test func `A refusal ends the pages with the operation's own error`() async throws {
        let service = ScriptedTransport([
            { _ in pipelineList(["a"], nextToken: "1") }, { _ in .refusal(.invalidNextToken, "stale") },
        ])
        var iterator = client(service).listPipelinesPages().items.makeAsyncIterator()
        #expect(try await iterator.next()?.name == "a")
        do throws(ListPipelinesError) {
            _ = try await iterator.next()
            #expect(Bool(false), "there was another item")
        } catch {
            guard case .invalidNextToken = error else { return #expect(Bool(false), "\(error)") }
        }
        #expect(try await iterator.next() == nil)
    }
}
