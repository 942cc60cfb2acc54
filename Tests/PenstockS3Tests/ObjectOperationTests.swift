// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite(.onEachBlobStore) struct ObjectOperationTests {
    @Test func `An object comes back as it was put`() async throws {
        let bed = try await Bed()
        let put = try await bed.put("/bucket/a/b", "hello", headers: [.contentType: "text/plain"]).expect(.ok)
        #expect(put["ETag"] == "\"5d41402abc4b2a76b9719d911017c592\"")
        let got = try await bed.get("/bucket/a/b").expect(.ok)
        #expect(got.text == "hello")
        #expect(got["ETag"] == put["ETag"])
        #expect(got["Content-Type"] == "text/plain")
        #expect(got["Content-Length"] == "5")
        #expect(got["Last-Modified"] == "Mon, 21 Sep 2026 14:13:20 GMT")
        #expect(got["Accept-Ranges"] == "bytes")
        #expect(got["x-amz-version-id"] == nil)
        #expect(got["x-amz-request-id"]?.isEmpty == false)
    }

    @Test func `Headers and metadata are kept, and an object without a type has the usual one`() async throws {
        let bed = try await Bed()
        let headers = [
            "Cache-Control": "no-cache", "Content-Disposition": "attachment", "Content-Encoding": "gzip",
            "Content-Language": "de", "Expires": "Thu, 01 Dec 2033 16:00:00 GMT", "x-amz-meta-color": "green",
            "x-amz-meta-Mixed-Case": "v", "x-amz-server-side-encryption": "AES256",
        ]
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        let put = try await bed.put("/bucket/k", "x", headers: fields).expect(.ok)
        #expect(put["x-amz-server-side-encryption"] == "AES256")
        for method in [HTTPRequest.Method.get, .head] {
            let answer = try await bed.send(method, "/bucket/k").expect(.ok)
            for (name, value) in headers { #expect(answer[name] == value) }
            #expect(answer["Content-Type"] == "binary/octet-stream")
        }
    }

    @Test func `Metadata beyond two kilobytes is refused`() async throws {
        let bed = try await Bed()
        let most = String(repeating: "v", count: 2048 - 1)
        let name = try #require(HTTPField.Name("x-amz-meta-k"))
        try await bed.put("/bucket/k", headers: [name: most]).expect(.ok)
        #expect(try await bed.put("/bucket/k", headers: [name: most + "v"]).refusal == "400 MetadataTooLarge")
    }

    @Test(arguments: [
        ("bytes=2-4", "234", "bytes 2-4/10"), ("bytes=7-", "789", "bytes 7-9/10"), ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=0-0", "0", "bytes 0-0/10"), ("bytes=8-99", "89", "bytes 8-9/10"),
        ("bytes=-99", "0123456789", "bytes 0-9/10"),
        ("bytes=9-99999999999999999999", "9", "bytes 9-9/10"),
    ])
    func `A range is that part of the object`(_ range: String, _ content: String, _ told: String) async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "0123456789").expect(.ok)
        let answer = try await bed.get("/bucket/k", headers: [.range: range]).expect(.partialContent)
        #expect(answer.text == content)
        #expect(answer["Content-Range"] == told)
        #expect(answer["Content-Length"] == "\(content.count)")
    }

    @Test(arguments: ["bytes=4-2", "bytes=1-2,4-5", "bytes=a-b", "lines=1-2", "bytes=", "bytes=-", "bytes=+1-2"])
    func `What is no single range means the whole object`(_ range: String) async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "0123456789").expect(.ok)
        #expect(try await bed.get("/bucket/k", headers: [.range: range]).expect(.ok).text == "0123456789")
    }

    @Test(arguments: ["bytes=10-", "bytes=-0", "bytes=99-100"])
    func `A range beyond the end is not satisfiable`(_ range: String) async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "0123456789").expect(.ok)
        let answer = try await bed.get("/bucket/k", headers: [.range: range])
        #expect(answer.refusal == "416 InvalidRange")
        #expect(answer["Content-Range"] == "bytes */10")
        #expect(try answer.document["ActualObjectSize"]?.text == "10")
    }

    @Test func `A range of an empty object is not satisfiable, the object is`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/empty").expect(.ok)
        #expect(try await bed.get("/bucket/empty").expect(.ok)["Content-Length"] == "0")
        #expect(try await bed.get("/bucket/empty", headers: [.range: "bytes=0-"]).refusal == "416 InvalidRange")
    }

    @Test func `A query may override the headers of the answer, but not add lines to it`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "x", headers: [.contentType: "text/plain"]).expect(.ok)
        let query = "response-content-type=text%2Fx-test&response-content-disposition=attachment"
        let answer = try await bed.get("/bucket/k?\(query)").expect(.ok)
        #expect(answer["Content-Type"] == "text/x-test")
        #expect(answer["Content-Disposition"] == "attachment")
        let hostile = try await bed.get("/bucket/k?response-content-type=a%0D%0AX-Evil%3A%201").expect(.ok)
        #expect(hostile["Content-Type"] == "text/plain")
        #expect(hostile["X-Evil"] == nil)
    }

    @Test func `What is not there says so`() async throws {
        let bed = try await Bed()
        #expect(try await bed.get("/bucket/k").refusal == "404 NoSuchKey")
        #expect(try await bed.get("/nowhere/k").refusal == "404 NoSuchBucket")
        #expect(try await bed.put("/nowhere/k", "x").refusal == "404 NoSuchBucket")
        #expect(try await bed.send(.delete, "/nowhere/k").refusal == "404 NoSuchBucket")
        let head = try await bed.send(.head, "/bucket/k").expect(.notFound)
        #expect(head.body.isEmpty)
    }

    @Test func `Deleting is done once, and done again succeeds`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "x").expect(.ok)
        for _ in 0..<2 { try await bed.send(.delete, "/bucket/k").expect(.noContent) }
        #expect(try await bed.get("/bucket/k").refusal == "404 NoSuchKey")
    }

    @Test func `Many are deleted at once, each with its answer, or none when asked to be quiet`() async throws {
        let bed = try await Bed()
        for key in ["a", "b", "%20c%20"] { try await bed.put("/bucket/\(key)", "x").expect(.ok) }
        let loud = try await bed.send(
            .post, "/bucket?delete",
            .text("<Delete><Object><Key>a</Key></Object><Object><Key>never</Key></Object></Delete>")
        ).expect(.ok)
        #expect(try loud.document.all("Deleted").compactMap { $0["Key"]?.text } == ["a", "never"])
        let quiet = try await bed.send(
            .post, "/bucket?delete", .text("<Delete><Quiet>true</Quiet><Object><Key> c </Key></Object></Delete>")
        ).expect(.ok)
        #expect(try quiet.document.children.isEmpty)
        #expect(try await bed.get("/bucket").document.all("Contents").compactMap { $0["Key"]?.text } == ["b"])
    }

    @Test func `A list of deletions has 1 to 1,000 keys and is a document`() async throws {
        let bed = try await Bed()
        func delete(_ count: Int) -> Payload {
            .text("<Delete>\(String(repeating: "<Object><Key>k</Key></Object>", count: count))</Delete>")
        }
        try await bed.send(.post, "/bucket?delete", delete(1000)).expect(.ok)
        for body in [
            delete(0), delete(1001), .text("<Delete><Object/></Delete>"),
            .text("<Delete><Object><Key></Key></Object></Delete>"),
            .text("<Other><Object><Key>k</Key></Object></Other>"),
            .text("Delete"),
        ] {
            #expect(try await bed.send(.post, "/bucket?delete", body).refusal == "400 MalformedXML")
        }
    }

    @Test func `Attributes are those that were asked for`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "hello").expect(.ok)
        let name = try #require(HTTPField.Name("x-amz-object-attributes"))
        let answer = try await bed.get("/bucket/k?attributes", headers: [name: "ETag, ObjectSize"]).expect(.ok)
        #expect(try answer.document.children.map(\.name) == ["ETag", "ObjectSize"])
        #expect(try answer.document["ObjectSize"]?.text == "5")
        #expect(try await bed.get("/bucket/k?attributes").refusal == "400 InvalidRequest")
    }

    @Test func `What would have to be honoured and is not, is refused`() async throws {
        let bed = try await Bed()
        for (name, value, refusal) in [
            ("x-amz-acl", "public-read", "400 AccessControlListNotSupported"),
            ("x-amz-grant-read", "id=1", "501 NotImplemented"), ("x-amz-tagging", "a=b", "501 NotImplemented"),
            ("x-amz-object-lock-mode", "GOVERNANCE", "501 NotImplemented"),
            ("x-amz-server-side-encryption-customer-key", "k", "501 NotImplemented"),
            ("x-amz-storage-class", "GLACIER", "400 InvalidStorageClass"),
        ] {
            let field = try #require(HTTPField.Name(name))
            #expect(try await bed.put("/bucket/k", "x", headers: [field: value]).refusal == refusal, "\(name)")
        }
        try await bed.put("/bucket/k", "x", headers: [.xAmzACL: "bucket-owner-full-control"]).expect(.ok)
    }
}
