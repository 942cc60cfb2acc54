// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockAPI
import PenstockStore
import PenstockWire
import Testing

/// What every operation has around it: how it is named, what bodies are taken, and in which order things are checked.
struct EnvelopeTests {
    private static let prefix = TestRequest.targetPrefix

    private static func refusal(_ request: TestRequest) async throws -> (status: Int, refusal: ServiceException?) {
        let answer = try await APITestBed().send(request)
        return (answer.status, answer.refusal)
    }

    // MARK: Naming an operation

    @Test(arguments: [
        "\(prefix).Nonsense", "\(prefix).listPipelines", "\(prefix).", prefix, "CodePipeline_20150708.ListPipelines",
        "ListPipelines", "x.\(prefix).ListPipelines", "",
    ])
    func `An operation that there is not is unknown`(target: String) async throws {
        let answer = try await Self.refusal(TestRequest(target: target))
        #expect(answer.status == 400)
        #expect(answer.refusal?.code == .unknownOperation)
    }

    @Test func `Without a target there is nothing here`() async throws {
        let answer = try await Self.refusal(TestRequest(target: nil))
        #expect(answer.status == 404)
        #expect(answer.refusal?.code == .unknownOperation)
    }

    @Test(arguments: [HTTPRequest.Method.get, .put, .delete, .options, .patch])
    func `Only POST calls an operation`(method: HTTPRequest.Method) async throws {
        var request = TestRequest(Operations.ListPipelines.self)
        request.method = method
        let answer = try await Self.refusal(request)
        #expect(answer.status == 404)
        #expect(answer.refusal?.code == .unknownOperation)
    }

    // MARK: Bodies

    @Test(arguments: [
        "application/x-amz-json-1.1; charset=utf-8", "application/json", "application/x-amz-json-1.0", "text/plain",
        nil,
    ])
    func `A body that can be read is taken, whatever it is called`(contentType: String?) async throws {
        var request = TestRequest(Operations.ListPipelines.self)
        request.headers[.contentType] = contentType
        #expect(try await APITestBed().send(request).text == #"{"pipelines":[]}"#)
    }

    @Test func `An empty body is an empty object`() async throws {
        #expect(try await Self.refusal(TestRequest(Operations.ListPipelines.self, body: "")).refusal == nil)
        #expect(
            try await Self.refusal(TestRequest(Operations.GetPipeline.self, body: "")).refusal
                == .invalid("name", "Member must not be null"))
    }

    @Test(arguments: ["{", "[]", "null", "7", "\"x\"", "{}{}", "{\"name\":}", "name=web", "\u{0}", " "])
    func `A body that is not one object cannot be read`(body: String) async throws {
        let answer = try await Self.refusal(TestRequest(Operations.ListPipelines.self, body: body))
        #expect(answer.status == 400)
        #expect(answer.refusal == ServiceException(.serialization, "Could not parse request body"))
    }

    @Test func `A value of the wrong kind is a matter of the form`() async throws {
        let body = #"{"maxResults":"5"}"#
        let answer = try await Self.refusal(TestRequest(Operations.ListPipelines.self, body: body))
        let text = "STRING_VALUE cannot be converted to Integer at 'maxResults'"
        #expect(answer.refusal == ServiceException(.serialization, text))
    }

    @Test func `What is not known is ignored, and null is nothing`() async throws {
        let body = #"{"unknown":{"a":[1,{"b":null}]},"nextToken":null,"maxResults":5.0}"#
        #expect(try await Self.refusal(TestRequest(Operations.ListPipelines.self, body: body)).refusal == nil)
    }

    @Test func `Four mebibytes are taken, and not a byte more`() async throws {
        let limit = 4 * 1024 * 1024
        func body(_ count: Int) -> [UInt8] {
            let frame = #"{"unknown":""}"#.utf8.count
            return Array((#"{"unknown":""# + String(repeating: "x", count: count - frame) + #""}"#).utf8)
        }
        let fits = TestRequest(Operations.ListPipelines.self, body: body(limit))
        #expect(try await Self.refusal(fits).refusal == nil)
        var exceeds = TestRequest(Operations.ListPipelines.self, body: body(limit + 1))
        var answer = try await Self.refusal(exceeds)
        #expect(answer.status == 413)
        #expect(answer.refusal?.code == .requestEntityTooLarge)
        exceeds.announcesLength = false
        answer = try await Self.refusal(exceeds)
        #expect(answer.status == 413)
        #expect(answer.refusal?.code == .requestEntityTooLarge)
    }

    // MARK: Order

    @Test func `First the size, then the operation, the signature, the form, the values, the rights`() async throws {
        let bed = try await APITestBed()
        let ben = TestIdentity.user(allowed: ["codepipeline:GetPipeline"])
        func code(_ target: String, _ body: String, isSigned: Bool = true) async throws -> ExceptionCode? {
            var request = TestRequest(target: "\(Self.prefix).\(target)", body: Array(body.utf8))
            request.isSigned = isSigned
            return try await bed.send(request, as: ben).refusal?.code
        }
        let huge = String(repeating: " ", count: 4 * 1024 * 1024 + 1)
        #expect(try await code("Nonsense", huge, isSigned: false) == .requestEntityTooLarge)
        #expect(try await code("Nonsense", "{", isSigned: false) == .unknownOperation)
        #expect(try await code("ListPipelines", "{", isSigned: false) == .missingAuthenticationToken)
        #expect(try await code("ListPipelines", #"{"maxResults":"#) == .serialization)
        #expect(try await code("ListPipelines", #"{"maxResults":0}"#) == .validation)
        #expect(try await code("ListPipelines", "{}") == .accessDenied)
        #expect(try await code("GetPipeline", #"{"name":"web"}"#) == .pipelineNotFound)
    }

    @Test func `A denial is on record`() async throws {
        let bed = try await APITestBed()
        let ben = TestIdentity.user(allowed: ["codepipeline:GetPipeline"])
        _ = try await bed.send(TestRequest(Operations.ListPipelines.self), as: ben)
        let entries = try await bed.auditEntries()
        #expect(entries.map(\.operation) == ["ListPipelines"])
        #expect(entries.map(\.outcome) == ["denied"])
        #expect(entries.map(\.principal) == [ben.arn])
    }
}
