// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockEvents
import PenstockModel
import PenstockRuntime
import PenstockSigning
import PenstockStore
import Testing

/// Buses and topics of services that verify signatures.
struct ServiceSenderTests {
    private static let credentials = SigningCredentials(
        accessKeyID: "AKIDEXAMPLE", secretAccessKey: SecretAccessKey("secret"), sessionToken: "token")

    private func bus(_ port: Int, _ more: String = "") -> String {
        #"{"name":"bus","kind":"eventbridge","endpoint":"http://127.0.0.1:\#(port)","region":"eu-west-1","#
            + #""accessKeyId":"AKIDEXAMPLE","secretAccessKey":"secret","sessionToken":"token","#
            + #""allowPrivateAddresses":true,"timeoutSeconds":300\#(more)}"#
    }

    private func topic(_ port: Int, arn: String = "arn:aws:sns:eu-west-1:000000000000:cd") -> String {
        #"{"name":"topic","kind":"sns","endpoint":"http://127.0.0.1:\#(port)","region":"eu-west-1","#
            + #""accessKeyId":"AKIDEXAMPLE","secretAccessKey":"secret","topicArn":"\#(arn)","#
            + #""allowPrivateAddresses":true,"timeoutSeconds":300}"#
    }

    /// Signs what was received once more, as its sender says that it did.
    private func signature(of request: ReceivedRequest, service: String) throws -> String? {
        var signable = SignableRequest(
            method: request.method, target: request.target, host: try #require(request.headers["host"]))
        for name in ["content-type", "x-amz-target"] {
            guard let value = request.headers[name], let field = HTTPField.Name(name) else { continue }
            signable.headers[field] = value
        }
        var credentials = Self.credentials
        credentials.sessionToken = request.headers["x-amz-security-token"]
        Signer(credentials: credentials, region: "eu-west-1", service: service).sign(
            &signable, at: SigningTime(secondsSinceEpoch: noon.millisecondsSinceEpoch / 1000),
            payload: .sha256(PayloadHash(of: request.body.utf8)))
        return signable.headers[.authorization]
    }

    private func failure(of sender: any EventSender, _ message: EventMessage = message()) async -> String? {
        let failure = await #expect(throws: EventSendFailure.self) { try await sender.send(delivery(message)) }
        return failure?.reason
    }

    // MARK: Buses

    @Test func `A bus gets one entry, signed, with everything in its detail`() async throws {
        let accepted = PlannedAnswer(body: #"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#)
        try await LoopbackEndpoint.run(answering: { _ in accepted }) { endpoint, port in
            try await sender(self.bus(port, #","eventBusName":"ci""#)).send(delivery())
            let request = try #require(endpoint.requests.first)
            #expect(request.headers["x-amz-target"] == "AWSEvents.PutEvents")
            #expect(request.headers["content-type"] == "application/x-amz-json-1.1")
            #expect(request.headers["x-amz-date"] == "20260201T120000Z")
            #expect(try request.headers["authorization"] == self.signature(of: request, service: "events"))
            let detail = #"{\"state\":\"FAILED\",\"additionalAttributes\":{\"failedStage\":\"Build\"}}"#
            #expect(
                request.body
                    == #"{"Entries":[{"Time":1769947200,"Source":"aws.codepipeline","#
                    + #""Resources":["arn:aws:codepipeline:us-east-1:000000000000:shop"],"#
                    + #""DetailType":"CodePipeline Stage Execution State Change","Detail":"\#(detail)","#
                    + #""EventBusName":"ci"}]}"#)
        }
    }

    @Test func `A bus may want another source`() async throws {
        let accepted = PlannedAnswer(body: #"{"FailedEntryCount":0}"#)
        try await LoopbackEndpoint.run(answering: { _ in accepted }) { endpoint, port in
            try await sender(self.bus(port, #","source":"penstock""#)).send(delivery())
            #expect(endpoint.requests.first?.body.contains(#""Source":"penstock""#) == true)
            #expect(endpoint.requests.first?.body.contains("EventBusName") == false)
        }
    }

    @Test(arguments: [
        (
            #"{"FailedEntryCount":1,"Entries":[{"ErrorCode":"ThrottlingException"}]}"#,
            "refused the event: ThrottlingException"
        ),
        (#"{"FailedEntryCount":1}"#, "refused the event: an error"),
        ("<html>", "answered what PutEvents does not answer"), ("", "answered what PutEvents does not answer"),
    ])
    func `A bus that did not take the entry says so in a successful answer`(_ body: String, _ told: String) async throws
    {
        try await LoopbackEndpoint.run(answering: { _ in PlannedAnswer(body: body) }) { _, port in
            let reason = await self.failure(of: try sender(self.bus(port)))
            #expect(reason == "http://127.0.0.1:\(port) \(told)")
        }
    }

    @Test func `An event that no bus takes is not sent`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            let large = message(detail: #"{"x":"\#(String(repeating: "y", count: 256 * 1024))"}"#)
            for target in [self.bus(port), self.topic(port)] {
                let reason = await self.failure(of: try sender(target), large)
                #expect(reason == "the event has more than 262144 bytes")
            }
            #expect(endpoint.requests.isEmpty)
        }
    }

    // MARK: Topics

    @Test func `A topic gets the document and a subject, signed`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            try await sender(self.topic(port)).send(delivery())
            let request = try #require(endpoint.requests.first)
            #expect(try request.headers["authorization"] == self.signature(of: request, service: "sns"))
            let fields = Self.fields(of: request.body)
            #expect(fields["Action"] == "Publish")
            #expect(fields["Version"] == "2010-03-31")
            #expect(fields["TopicArn"] == "arn:aws:sns:eu-west-1:000000000000:cd")
            #expect(fields["Subject"] == "shop/Build FAILED")
            #expect(fields["Message"] == message().document)
            #expect(fields.count == 5)
        }
    }

    @Test func `A topic that keeps order is told what belongs together and what is the same`() async throws {
        try await LoopbackEndpoint.run { endpoint, port in
            try await sender(self.topic(port, arn: "arn:aws:sns:eu-west-1:000000000000:cd.fifo")).send(delivery())
            let fields = Self.fields(of: try #require(endpoint.requests.first).body)
            #expect(fields["MessageGroupId"] == "000000000000-shop")
            #expect(fields["MessageDeduplicationId"] == "00000000-0000-4000-8000-000000000001")
        }
    }

    @Test func `A refusal of the topic is a failure`() async throws {
        try await LoopbackEndpoint.run(answering: { _ in PlannedAnswer(status: 403) }) { _, port in
            let reason = await self.failure(of: try sender(self.topic(port)))
            #expect(reason == "http://127.0.0.1:\(port) answered 403")
        }
    }

    private static func fields(of form: String) -> [String: String] {
        Dictionary(
            uniqueKeysWithValues: form.split(separator: "&").compactMap { field in
                let parts = field.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding }
                guard parts.count == 2, let name = parts[0], let value = parts[1] else { return nil }
                return (name, value)
            })
    }
}
