// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite(.onEachBlobStore) struct ConditionTests {
    private static let past = "Sun, 20 Sep 2026 00:00:00 GMT"
    private static let modified = "Mon, 21 Sep 2026 14:13:20 GMT"
    private static let future = "Tue, 22 Sep 2026 00:00:00 GMT"

    private func bedWithObject() async throws -> (Bed, etag: String) {
        let bed = try await Bed()
        let etag = try await bed.put("/bucket/k", "1").expect(.ok)["ETag"]
        return (bed, try #require(etag))
    }

    @Test func `A read that names the ETag gets the object, another ETag does not`() async throws {
        let (bed, etag) = try await self.bedWithObject()
        for (value, status) in [
            (etag, 200), (etag.filter { $0 != "\"" }, 200), ("*", 200), ("\"0\", \(etag)", 200), ("\"0\"", 412),
        ] {
            #expect(try await bed.get("/bucket/k", headers: [.ifMatch: value]).status.code == status, "\(value)")
        }
    }

    @Test func `A read of what the client has is not modified, and has no body`() async throws {
        let (bed, etag) = try await self.bedWithObject()
        let answer = try await bed.get("/bucket/k", headers: [.ifNoneMatch: etag]).expect(.notModified)
        #expect(answer.body.isEmpty)
        #expect(answer["ETag"] == etag)
        try await bed.get("/bucket/k", headers: [.ifNoneMatch: "\"0\""]).expect(.ok)
    }

    @Test func `Dates are compared in whole seconds`() async throws {
        let (bed, _) = try await self.bedWithObject()
        for (name, value, status) in [
            (HTTPField.Name.ifModifiedSince, Self.past, 200), (.ifModifiedSince, Self.modified, 304),
            (.ifModifiedSince, Self.future, 304), (.ifUnmodifiedSince, Self.past, 412),
            (.ifUnmodifiedSince, Self.modified, 200), (.ifUnmodifiedSince, Self.future, 200),
            (.ifModifiedSince, "yesterday", 200), (.ifUnmodifiedSince, "Mon, 99 Foo 2026 00:00:00 GMT", 200),
        ] {
            let answer = try await bed.get("/bucket/k", headers: [name: value])
            #expect(answer.status.code == status, "\(name): \(value)")
        }
    }

    @Test func `A condition on the ETag outweighs the one on the date`() async throws {
        let (bed, etag) = try await self.bedWithObject()
        try await bed.get("/bucket/k", headers: [.ifMatch: etag, .ifUnmodifiedSince: Self.past]).expect(.ok)
        try await bed.get("/bucket/k", headers: [.ifNoneMatch: "\"0\"", .ifModifiedSince: Self.future]).expect(.ok)
    }

    @Test func `A write that wants to be the first is refused when it is not`() async throws {
        let (bed, _) = try await self.bedWithObject()
        #expect(
            try await bed.put("/bucket/k", "2", headers: [.ifNoneMatch: "*"]).refusal == "412 PreconditionFailed"
        )
        #expect(try await bed.get("/bucket/k").text == "1")
        try await bed.put("/bucket/new", "2", headers: [.ifNoneMatch: "*"]).expect(.ok)
        #expect(
            try await bed.put("/bucket/k", "2", headers: [.ifNoneMatch: "\"0\""]).refusal == "501 NotImplemented"
        )
    }

    @Test func `A write replaces the version it names and no other`() async throws {
        let (bed, etag) = try await self.bedWithObject()
        let next = try await bed.put("/bucket/k", "2", headers: [.ifMatch: etag]).expect(.ok)["ETag"]
        #expect(try await bed.put("/bucket/k", "3", headers: [.ifMatch: etag]).refusal == "412 PreconditionFailed")
        try await bed.put("/bucket/k", "3", headers: [.ifMatch: try #require(next)]).expect(.ok)
        #expect(try await bed.put("/bucket/none", "3", headers: [.ifMatch: etag]).refusal == "404 NoSuchKey")
    }

    @Test func `A copy may depend on its source and on its target`() async throws {
        let (bed, etag) = try await self.bedWithObject()
        let condition = try #require(HTTPField.Name("x-amz-copy-source-if-match"))
        let source: HTTPFields = [.xAmzCopySource: "/bucket/k"]
        var fields = source
        fields[condition] = "\"0\""
        #expect(try await bed.put("/bucket/copy", headers: fields).refusal == "412 PreconditionFailed")
        fields[condition] = etag
        fields[.ifNoneMatch] = "*"
        try await bed.put("/bucket/copy", headers: fields).expect(.ok)
        #expect(try await bed.put("/bucket/copy", headers: fields).refusal == "412 PreconditionFailed")
    }
}

@Suite(.onEachBlobStore) struct CopyOperationTests {
    private func bedWithObject() async throws -> Bed {
        let bed = try await Bed()
        let color = try #require(HTTPField.Name("x-amz-meta-color"))
        try await bed.put("/bucket/a%20b", "content", headers: [.contentType: "text/plain", color: "red"]).expect(.ok)
        return bed
    }

    @Test func `A copy has content, headers and metadata of its source`() async throws {
        let bed = try await self.bedWithObject()
        let answer = try await bed.put("/bucket/copy", headers: [.xAmzCopySource: "bucket/a%20b"]).expect(.ok)
        #expect(try answer.document["ETag"]?.text == "\"9a0364b9e99bb480dd25e1f0284c8555\"")
        let copy = try await bed.get("/bucket/copy").expect(.ok)
        #expect(copy.text == "content")
        #expect(copy["Content-Type"] == "text/plain")
        #expect(copy["x-amz-meta-color"] == "red")
    }

    @Test func `A copy that replaces metadata has only its own`() async throws {
        let bed = try await self.bedWithObject()
        let size = try #require(HTTPField.Name("x-amz-meta-size"))
        let headers: HTTPFields = [
            .xAmzCopySource: "/bucket/a%20b", .xAmzMetadataDirective: "REPLACE", size: "XL",
        ]
        try await bed.put("/bucket/a%20b", headers: headers).expect(.ok)
        let copy = try await bed.get("/bucket/a%20b")
        #expect(copy.text == "content")
        #expect(copy["x-amz-meta-size"] == "XL")
        #expect(copy["x-amz-meta-color"] == nil)
        #expect(copy["Content-Type"] == "binary/octet-stream")
    }

    @Test func `A copy onto itself that changes nothing is refused`() async throws {
        let bed = try await self.bedWithObject()
        let answer = try await bed.put("/bucket/a%20b", headers: [.xAmzCopySource: "/bucket/a%20b"])
        #expect(answer.refusal == "400 InvalidRequest")
    }

    @Test func `A copy names a version`() async throws {
        let bed = try await Bed()
        try await bed.enableVersioning()
        let one = try #require(try await bed.put("/bucket/k", "one")["x-amz-version-id"])
        try await bed.put("/bucket/k", "two").expect(.ok)
        let answer = try await bed.put("/bucket/copy", headers: [.xAmzCopySource: "/bucket/k?versionId=\(one)"])
        #expect(answer["x-amz-copy-source-version-id"] == one)
        #expect(answer["x-amz-version-id"]?.isEmpty == false)
        #expect(try await bed.get("/bucket/copy").text == "one")
    }

    @Test(arguments: [
        ("", "400 InvalidArgument"), ("bucket", "400 InvalidArgument"), ("/bucket/none", "404 NoSuchKey"),
        ("/nowhere/k", "404 NoSuchBucket"), ("bucket/a%2", "400 InvalidURI"), ("bucket/%FF", "400 InvalidURI"),
    ])
    func `A source that is not there or cannot be read is refused`(_ source: String, _ refusal: String) async throws {
        let bed = try await self.bedWithObject()
        #expect(try await bed.put("/bucket/copy", headers: [.xAmzCopySource: source]).refusal == refusal)
        #expect(try await bed.get("/bucket/copy").refusal == "404 NoSuchKey")
    }
}
