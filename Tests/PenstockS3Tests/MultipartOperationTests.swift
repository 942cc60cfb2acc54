// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PenstockArtifacts
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite(.onEachBlobStore) struct MultipartOperationTests {
    private static let five = 5 << 20

    private func begin(_ bed: Bed, key: String = "big", headers: HTTPFields = [:]) async throws -> String {
        let answer = try await bed.send(.post, "/bucket/\(key)?uploads", headers: headers).expect(.ok)
        return try #require(try answer.document["UploadId"]?.text)
    }

    private func part(
        _ number: Int, _ content: [UInt8], of upload: String, _ bed: Bed, headers: HTTPFields = [:]
    ) async throws -> Answer {
        let target = "/bucket/big?partNumber=\(number)&uploadId=\(upload)"
        return try await bed.send(.put, target, .bytes(content), headers: headers)
    }

    private func complete(
        _ parts: [(Int, String)], of upload: String, _ bed: Bed, headers: HTTPFields = [:]
    ) async throws -> Answer {
        let items = parts.map { "<Part><PartNumber>\($0.0)</PartNumber><ETag>\($0.1)</ETag></Part>" }.joined()
        return try await bed.send(
            .post, "/bucket/big?uploadId=\(upload)",
            .text("<CompleteMultipartUpload>\(items)</CompleteMultipartUpload>"), headers: headers
        )
    }

    private func etag(_ answer: Answer) throws -> String { try #require(answer.expect(.ok)["ETag"]) }

    @Test func `Parts become one object, with headers and metadata of the beginning`() async throws {
        let bed = try await Bed()
        let color = try #require(HTTPField.Name("x-amz-meta-color"))
        let upload = try await self.begin(bed, headers: [.contentType: "text/plain", color: "red"])
        let first = [UInt8](repeating: 1, count: Self.five)
        let second = try self.etag(try await self.part(9, [2, 3], of: upload, bed))
        let one = try self.etag(try await self.part(2, first, of: upload, bed))
        let answer = try await self.complete([(2, one), (9, second)], of: upload, bed).expect(.ok)
        #expect(try answer.document["ETag"]?.text.hasSuffix("-2\"") == true)
        #expect(try answer.document["Key"]?.text == "big")
        let got = try await bed.get("/bucket/big").expect(.ok)
        #expect(got.body == first + [2, 3])
        #expect(got["Content-Type"] == "text/plain")
        #expect(got["x-amz-meta-color"] == "red")
        let part = try await bed.get("/bucket/big?partNumber=9").expect(.partialContent)
        #expect(part.body == [2, 3])
        #expect(part["x-amz-mp-parts-count"] == "2")
        #expect(try await bed.get("/bucket/big?partNumber=1").refusal == "416 InvalidPartNumber")
        #expect(try await bed.get("/bucket?uploads").document["Upload"] == nil)
    }

    @Test func `A completion that is repeated is answered alike`() async throws {
        let bed = try await Bed()
        try await bed.enableVersioning()
        let upload = try await self.begin(bed)
        let etag = try self.etag(try await self.part(1, [1], of: upload, bed))
        let first = try await self.complete([(1, etag)], of: upload, bed).expect(.ok)
        let second = try await self.complete([(1, etag)], of: upload, bed).expect(.ok)
        #expect(second["x-amz-version-id"] == first["x-amz-version-id"])
        #expect(second.body == first.body)
        #expect(try await bed.get("/bucket?versions").document.all("Version").count == 1)
        #expect(bed.index.owedSourceEvents.count == 1)
    }

    @Test func `A list that does not fit the parts is refused, and the upload goes on`() async throws {
        let bed = try await Bed()
        let upload = try await self.begin(bed)
        let one = try self.etag(try await self.part(1, [1], of: upload, bed))
        let two = try self.etag(try await self.part(2, [2], of: upload, bed))
        let refused: [([(Int, String)], String)] = [
            ([(2, two), (1, one)], "400 InvalidPartOrder"), ([(1, one), (1, one)], "400 InvalidPartOrder"),
            ([(1, two)], "400 InvalidPart"), ([(3, one)], "400 InvalidPart"), ([], "400 InvalidPart"),
            ([(1, one), (2, two)], "400 EntityTooSmall"),
        ]
        for (parts, refusal) in refused {
            #expect(try await self.complete(parts, of: upload, bed).refusal == refusal)
        }
        for body in ["", "<Other/>", "<CompleteMultipartUpload><Part/></CompleteMultipartUpload>"] {
            let answer = try await bed.send(.post, "/bucket/big?uploadId=\(upload)", .text(body))
            #expect(answer.refusal == "400 MalformedXML")
        }
        #expect(try await bed.get("/bucket/big").refusal == "404 NoSuchKey")
        try await self.complete([(2, two)], of: upload, bed).expect(.ok)
    }

    @Test func `An upload is of its bucket and key, and gone when it was aborted`() async throws {
        let bed = try await Bed()
        let upload = try await self.begin(bed)
        try await self.part(1, [1], of: upload, bed).expect(.ok)
        let elsewhere = "/bucket/other?uploadId=\(upload)"
        #expect(try await bed.put("\(elsewhere)&partNumber=1", "x").refusal == "404 NoSuchUpload")
        #expect(try await bed.get(elsewhere).refusal == "404 NoSuchUpload")
        #expect(try await bed.send(.delete, elsewhere).refusal == "404 NoSuchUpload")
        try await bed.send(.delete, "/bucket/big?uploadId=\(upload)").expect(.noContent)
        #expect(try await self.part(1, [1], of: upload, bed).refusal == "404 NoSuchUpload")
        #expect(try await bed.get("/bucket/big?uploadId=\(upload)").refusal == "404 NoSuchUpload")
        try await bed.send(.delete, "/bucket").expect(.noContent)
    }

    @Test(arguments: ["0", "10001", "-1", "x", ""])
    func `A part's number is 1 to 10,000`(_ number: String) async throws {
        let bed = try await Bed()
        let upload = try await self.begin(bed)
        let answer = try await bed.put("/bucket/big?partNumber=\(number)&uploadId=\(upload)", "x")
        #expect(answer.refusal == "400 InvalidArgument")
    }

    @Test func `Parts are listed page by page, the last of each number`() async throws {
        let bed = try await Bed()
        let upload = try await self.begin(bed)
        for number in [3, 1, 2, 1] { try await self.part(number, [UInt8(number), 0], of: upload, bed).expect(.ok) }
        var target = "/bucket/big?uploadId=\(upload)&max-parts=2"
        var shown: [String] = []
        while true {
            let page = try await bed.get(target).expect(.ok).document
            shown += page.all("Part").compactMap { $0["PartNumber"]?.text }
            #expect(page["Part"]?["Size"]?.text == "2")
            guard page["IsTruncated"]?.text == "true" else { break }
            let next = try #require(page["NextPartNumberMarker"]?.text)
            target = "/bucket/big?uploadId=\(upload)&max-parts=2&part-number-marker=\(next)"
        }
        #expect(shown == ["1", "2", "3"])
    }

    @Test func `Uploads are listed page by page`() async throws {
        let bed = try await Bed()
        var uploads: [String] = []
        for key in ["a", "a", "b"] { uploads.append(try await self.begin(bed, key: key)) }
        var target = "/bucket?uploads&max-uploads=1"
        var shown: [String] = []
        while true {
            let page = try await bed.get(target).expect(.ok).document
            shown += page.all("Upload").compactMap { $0["UploadId"]?.text }
            guard page["IsTruncated"]?.text == "true" else { break }
            let key = try #require(page["NextKeyMarker"]?.text)
            let id = try #require(page["NextUploadIdMarker"]?.text)
            target = "/bucket?uploads&max-uploads=1&key-marker=\(key)&upload-id-marker=\(id)"
        }
        #expect(shown == uploads)
    }

    @Test func `A part is copied from an object, whole or a range of it`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/source", "0123456789").expect(.ok)
        let upload = try await self.begin(bed)
        let target = "/bucket/big?partNumber=1&uploadId=\(upload)"
        let headers: HTTPFields = [.xAmzCopySource: "/bucket/source", .xAmzCopySourceRange: "bytes=2-4"]
        let part = try await bed.send(.put, target, headers: headers).expect(.ok)
        let etag = try #require(try part.document["ETag"]?.text)
        try await self.complete([(1, etag)], of: upload, bed).expect(.ok)
        #expect(try await bed.get("/bucket/big").text == "234")
        let another = try await self.begin(bed)
        for range in ["bytes=2-10", "bytes=2-", "2-4"] {
            let answer = try await bed.send(
                .put, "/bucket/big?partNumber=1&uploadId=\(another)",
                headers: [.xAmzCopySource: "/bucket/source", .xAmzCopySourceRange: range]
            )
            #expect(answer.refusal == "400 InvalidArgument")
        }
    }

    @Test func `The condition and the size of a completion are honoured`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/big", "there").expect(.ok)
        let upload = try await self.begin(bed)
        let etag = try self.etag(try await self.part(1, [1, 2], of: upload, bed))
        let first = try await self.complete([(1, etag)], of: upload, bed, headers: [.ifNoneMatch: "*"])
        #expect(first.refusal == "412 PreconditionFailed")
        let size = try #require(HTTPField.Name("x-amz-mp-object-size"))
        #expect(
            try await self.complete([(1, etag)], of: upload, bed, headers: [size: "3"]).refusal == "400 InvalidRequest")
        #expect(try await bed.get("/bucket/big").text == "there")
        try await self.complete([(1, etag)], of: upload, bed, headers: [size: "2"]).expect(.ok)
    }

    @Test(arguments: ObjectChecksum.Algorithm.allCases, ObjectChecksum.Coverage.allCases)
    func `The checksum of the whole follows from those of the parts`(
        _ algorithm: ObjectChecksum.Algorithm, _ coverage: ObjectChecksum.Coverage
    ) async throws {
        let bed = try await Bed()
        let headers: HTTPFields = [
            .xAmzChecksumAlgorithm: algorithm.rawValue, .xAmzChecksumType: coverage.rawValue,
        ]
        guard algorithm.supports(coverage) else {
            let answer = try await bed.send(.post, "/bucket/big?uploads", headers: headers)
            #expect(answer.refusal == "400 InvalidRequest")
            return
        }
        let upload = try await self.begin(bed, headers: headers)
        let contents = [[UInt8](repeating: 5, count: Self.five), Array("the rest".utf8)]
        var parts: [(Int, String)] = []
        for (index, content) in contents.enumerated() {
            let answer = try await self.part(index + 1, content, of: upload, bed)
            #expect(answer[algorithm.computed.headerName] == BodyTests.checksum(algorithm, of: content))
            parts.append((index + 1, try self.etag(answer)))
        }
        let answer = try await self.complete(parts, of: upload, bed).expect(.ok)
        let expected: String
        switch coverage {
        case .fullObject: expected = BodyTests.checksum(algorithm, of: contents.flatMap { $0 })
        case .composite:
            let values = contents.flatMap { Checksum.value(of: $0, by: algorithm.computed) }
            expected = BodyTests.checksum(algorithm, of: values) + "-2"
        }
        #expect(try answer.document["Checksum\(algorithm.rawValue)"]?.text == expected)
        #expect(try answer.document["ChecksumType"]?.text == coverage.rawValue)
        let head = try await bed.send(.head, "/bucket/big", headers: [.xAmzChecksumMode: "ENABLED"])
        #expect(head[algorithm.computed.headerName] == expected)
    }

    @Test func `A part or a whole with another checksum than announced is refused`() async throws {
        let bed = try await Bed()
        let upload = try await self.begin(bed, headers: [.xAmzChecksumAlgorithm: "CRC32"])
        let (sha, crc) = (try #require(HTTPField.Name("x-amz-checksum-sha256")), HTTPField.Name("x-amz-checksum-crc32"))
        let field = try #require(crc)
        let other = try await self.part(1, [1], of: upload, bed, headers: [sha: BodyTests.checksum(.sha256, of: [1])])
        #expect(other.refusal == "400 InvalidRequest")
        let wrong = try await self.part(1, [1], of: upload, bed, headers: [field: BodyTests.checksum(.crc32, of: [2])])
        #expect(wrong.refusal == "400 BadDigest")
        #expect(try await bed.get("/bucket/big?uploadId=\(upload)").document["Part"] == nil)
        let etag = try self.etag(try await self.part(1, [1], of: upload, bed))
        let whole = try await self.complete([(1, etag)], of: upload, bed, headers: [field: "AAAAAA==-1"])
        #expect(whole.refusal == "400 BadDigest")
    }
}
