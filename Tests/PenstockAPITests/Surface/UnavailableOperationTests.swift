// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockAPI
import PenstockWire
import Testing

/// Operations that this version reads and checks, and does not carry out.
struct UnavailableOperationTests {
    /// A body that keeps all constraints, and one that breaks one, if any can be broken.
    private static let bodies: [String: (valid: String, invalid: String)] = [
        "DeleteWebhook": (#"{"name":"hook"}"#, "{}"),
        "DeregisterWebhookWithThirdParty": (#"{"webhookName":"hook"}"#, #"{"webhookName":"a b"}"#),
        "ListDeployActionExecutionTargets": (#"{"actionExecutionId":"\#(unknownID)"}"#, "{}"),
        "ListTagsForResource": (#"{"resourceArn":"\#(arn)"}"#, #"{"resourceArn":"web"}"#),
        "ListWebhooks": ("{}", #"{"MaxResults":0}"#),
        "PutWebhook": (
            #"{"webhook":{"name":"hook","targetPipeline":"web","targetAction":"A","filters":[{"jsonPath":"$.ref"}],"#
                + #""authentication":"UNAUTHENTICATED","authenticationConfiguration":{}}}"#,
            "{}"
        ),
        "RegisterWebhookWithThirdParty": (#"{"webhookName":"hook"}"#, #"{"webhookName":"a b"}"#),
        "TagResource": (#"{"resourceArn":"\#(arn)","tags":[]}"#, "{}"),
        "UntagResource": (#"{"resourceArn":"\#(arn)","tagKeys":[]}"#, "{}"),
    ]

    private static let arn = "arn:aws:codepipeline:us-east-1:111111111111:web"

    private static func refusal(_ bed: APITestBed, _ name: String, _ body: String) async throws -> ServiceException? {
        let target = "\(TestRequest.targetPrefix).\(name)"
        return try await bed.send(TestRequest(target: target, body: Array(body.utf8))).refusal
    }

    @Test func `They say so, after they have read and checked what they were sent`() async throws {
        let bed = try await APITestBed()
        for handler in CodePipelineOperations(context: bed.context).handlers where !handler.isAvailable {
            let name = handler.name
            let bodies = try #require(Self.bodies[name], "\(name)")
            let text = "\(name) is not available in this version of Penstock"
            #expect(
                try await Self.refusal(bed, name, bodies.valid) == ServiceException(.unknownOperation, text))
            #expect(try await Self.refusal(bed, name, bodies.invalid)?.code == .validation, "\(name)")
            #expect(try await Self.refusal(bed, name, "[]")?.code == .serialization, "\(name)")
        }
    }

    @Test func `Every operation of the API is answered, whether it is available or not`() async throws {
        let handlers = CodePipelineOperations(context: try await APITestBed().context).handlers
        #expect(Set(handlers.map(\.name)) == Set(Operations.allNames))
        #expect(handlers.count == Operations.allNames.count)
    }
}
