// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockClient
import PenstockSigning
import PenstockTesting
import Testing

/// What goes over the wire.
@Suite(.timeLimit(.minutes(10))) struct RequestTests {
    private let failure = FailureDetails(type: .jobFailed, message: "3 tests failed", externalExecutionID: "run-42")

    /// Accepts everything, and verifies the signature of what it accepted.
    private func verified(_ request: ScriptedTransport.Request, at seconds: Int64 = 1_795_435_200) throws {
        let signable = SignableRequest(request.head)
        let verifier = Verifier(policy: .api(), cache: SigningKeyCache(capacity: 4))
        let checked = try verifier.check(
            ParsedAuthorization(signable), of: signable, at: SigningTime(secondsSinceEpoch: seconds))
        _ = try verifier.verify(
            checked, bodyHash: PayloadHash(of: request.body), key: .active(exampleCredentials.secretAccessKey))
    }

    @Test func `Request form and flat form send the same`() async throws {
        let service = ScriptedTransport { _ in .json("") }
        let client = client(service)
        try await client.putThirdPartyJobFailureResult(jobId: "job", clientToken: "token", failureDetails: failure)
        try await client.putThirdPartyJobFailureResult(
            PutThirdPartyJobFailureResultInput(jobID: "job", clientToken: "token", failureDetails: failure))
        let requests = service.requests
        #expect(requests.count == 2)
        #expect(requests[0].body == requests[1].body)
        #expect(
            requests[0].text
                == #"{"jobId":"job","clientToken":"token","failureDetails":{"type":"JobFailed","#
                + #""message":"3 tests failed","externalExecutionId":"run-42"}}"#)
    }

    @Test func `A call is a signed POST that names its operation`() async throws {
        let service = ScriptedTransport { _ in pipelineList(["shop"]) }
        _ = try await client(service, endpoint: "http://127.0.0.1:7480").listPipelines()
        let request = try #require(service.requests.first)
        #expect(request.head.method == .post)
        #expect(request.head.scheme == "http")
        #expect(request.head.authority == "127.0.0.1:7480")
        #expect(request.head.path == "/")
        #expect(request.header("X-Amz-Target") == "CodePipeline_20150709.ListPipelines")
        #expect(request.header("Content-Type") == "application/x-amz-json-1.1")
        #expect(request.text == "{}")
        try self.verified(request)
    }

    @Test func `Without an endpoint the client calls AWS, with nothing that AWS does not know`() async throws {
        let service = ScriptedTransport { _ in .json(#"{"jobs":[]}"#) }
        let type = ActionTypeID(category: .test, owner: .custom, provider: "Linter", version: "1")
        _ = try await client(service).pollForJobs(actionTypeId: type)
        let request = try #require(service.requests.first)
        #expect(request.head.scheme == "https")
        #expect(request.head.authority == "codepipeline.eu-west-1.amazonaws.com")
        #expect(request.head.path == "/")
        let names = Set(request.head.headerFields.map(\.name.canonicalName))
        #expect(names == ["authorization", "content-type", "user-agent", "x-amz-date", "x-amz-target"])
        try self.verified(request)
    }

    @Test func `A path of the endpoint is sent and signed`() async throws {
        let service = ScriptedTransport { _ in pipelineList([]) }
        _ = try await client(service, endpoint: "https://cd.example.com:443/pipelines/api").listPipelines()
        let request = try #require(service.requests.first)
        #expect(request.head.authority == "cd.example.com")
        #expect(request.head.path == "/pipelines/api/")
        try self.verified(request)
    }

    @Test func `A session's token is sent and signed`() async throws {
        var session = exampleCredentials
        session.sessionToken = "session-token"
        let service = ScriptedTransport { _ in pipelineList([]) }
        _ = try await client(service, credentials: StaticCredentials(session)).listPipelines()
        let request = try #require(service.requests.first)
        #expect(request.header("X-Amz-Security-Token") == "session-token")
        let signed = try ParsedAuthorization(SignableRequest(request.head)).signedHeaders
        #expect(signed.contains("x-amz-security-token"))
        try self.verified(request)
    }

    @Test func `A poll is held only when it asks to be, and its answer is waited for as much longer`() async throws {
        let service = ScriptedTransport { _ in .json(#"{"jobs":[]}"#) }
        let client = client(service)
        let type = ActionTypeID(category: .test, owner: .custom, provider: "Linter", version: "1")
        _ = try await client.pollForJobs(actionTypeId: type)
        _ = try await client.pollForJobs(actionTypeId: type, options: CallOptions(longPoll: .seconds(20)))
        let requests = service.requests
        #expect(requests.map { $0.header("x-penstock-wait-seconds") } == [nil, "20"])
        #expect(requests.map(\.timeout) == [.seconds(20), .seconds(40)])
        try self.verified(requests[1])
    }

    @Test func `A start carries a token, the same in each attempt and another in the next call`() async throws {
        let service = ScriptedTransport([
            { _ in .refusal(.internalFailure) }, { _ in .json(#"{"pipelineExecutionId":"1"}"#) },
            { _ in .json(#"{"pipelineExecutionId":"2"}"#) },
        ])
        let client = client(service)
        for _ in 0..<2 { _ = try await client.startPipelineExecution(name: "shop") }
        let bodies = service.requests.map(\.text)
        #expect(bodies.count == 3)
        #expect(bodies[0].contains("clientRequestToken"))
        #expect(bodies[0] == bodies[1])
        #expect(bodies[1] != bodies[2])
    }

    @Test func `An answer without a body is enough where the operation has no output`() async throws {
        let service = ScriptedTransport { _ in .json("") }
        try await client(service).deletePipeline(name: "shop")
        #expect(service.requests.map(\.operation) == ["DeletePipeline"])
    }

    @Test func `An answer may hold members that are not known, and values too`() async throws {
        let service = ScriptedTransport { _ in .json(#"{"status":"Postponed","since":[1,{"a":null}]}"#) }
        let id = "11111111-2222-4333-8444-555555555555"
        let answer = try await client(service).acknowledgeJob(jobId: id, nonce: "1")
        #expect(answer.status?.rawValue == "Postponed")
    }
}
