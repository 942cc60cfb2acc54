// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockArtifacts
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite(.onEachBlobStore) struct DeletionConditionTests {
    /// The MD5 of `hello`.
    private static let etag = "\"5d41402abc4b2a76b9719d911017c592\""

    @Test func `An object is deleted only with the ETag that the client saw`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "hello").expect(.ok)
        let other = try await bed.send(.delete, "/bucket/k", headers: [.ifMatch: "\"0123\""])
        #expect(other.refusal == "412 PreconditionFailed")
        try await bed.get("/bucket/k").expect(.ok)
        try await bed.send(.delete, "/bucket/k", headers: [.ifMatch: Self.etag]).expect(.noContent)
        #expect(try await bed.get("/bucket/k").refusal == "404 NoSuchKey")
        #expect(try await bed.send(.delete, "/bucket/k", headers: [.ifMatch: "*"]).refusal == "404 NoSuchKey")
    }

    @Test func `Of many deletions those whose ETag is another's are refused, and only they`() async throws {
        let bed = try await Bed()
        for key in ["a", "b"] { try await bed.put("/bucket/\(key)", "hello").expect(.ok) }
        let body = """
            <Delete><Object><Key>a</Key><ETag>0123</ETag></Object>\
            <Object><Key>b</Key><ETag>\(Self.etag)</ETag></Object></Delete>
            """
        let answer = try await bed.send(.post, "/bucket?delete", .text(body)).expect(.ok).document
        #expect(answer.all("Deleted").compactMap { $0["Key"]?.text } == ["b"])
        #expect(answer.all("Error").map { $0["Code"]?.text } == ["PreconditionFailed"])
        try await bed.get("/bucket/a").expect(.ok)
        #expect(
            bed.index.recordedChanges.filter { $0.request.operation == "DeleteObjects" }.map(\.resource)
                == ["arn:aws:s3:::bucket/b"])
    }

    @Test func `Conditions that this store does not have are refused, never ignored`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "hello").expect(.ok)
        for name in ["x-amz-if-match-size", "x-amz-if-match-last-modified-time"] {
            let answer = try await bed.send(.delete, "/bucket/k", headers: [.s3(name): "5"])
            #expect(answer.refusal == "501 NotImplemented")
        }
        let body = "<Delete><Object><Key>k</Key><Size>5</Size></Object></Delete>"
        #expect(try await bed.send(.post, "/bucket?delete", .text(body)).refusal == "501 NotImplemented")
        try await bed.get("/bucket/k").expect(.ok)
    }
}
