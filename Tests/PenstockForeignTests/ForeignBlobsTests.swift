// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import PenstockArtifacts
import PenstockForeign
import PenstockModel
import PenstockOutbound
import PenstockSigning
import Synchronization
import Testing

@Suite struct ForeignBlobsTests {
    // MARK: What is stored

    @Test func `A blob is an object under its prefix, hash and generation, and is read whole and in ranges`()
        async throws
    {
        try await ForeignFixture.run { fixture in
            let bytes = content(300_000)
            let name = try await fixture.put(bytes)
            let hex = name.hash.hex
            let key = "a b/é/blobs/\(hex.prefix(2))/\(hex.dropFirst(2))/\(name.generation)"
            #expect(fixture.double.objects == [key: bytes])
            #expect(try await fixture.blobs.sizeBytes(of: name) == 300_000)
            #expect(try await fixture.get(name, of: bytes) == bytes)
            #expect(try await fixture.get(name, 7..<250_001, of: bytes.count) == Array(bytes[7..<250_001]))
            #expect(try await fixture.get(name, 299_999..<300_000, of: bytes.count) == [bytes[299_999]])
            try await fixture.blobs.remove(name, sizeBytes: 300_000)
            try await fixture.blobs.remove(name, sizeBytes: 300_000)
            #expect(fixture.double.objects == [:])
            #expect(try await fixture.blobs.sizeBytes(of: name) == nil)
            await #expect(throws: ArtifactError.contentMissing) { try await fixture.get(name, of: bytes) }
        }
    }

    @Test func `A put tells the store what to compare the bytes with`() async throws {
        try await ForeignFixture.run { fixture in
            let name = try await fixture.put(content(1000))
            let request = try #require(fixture.double.requests.first)
            #expect(request.headers["x-amz-content-sha256"] == name.hash.hex)
            #expect(request.headers["x-amz-checksum-sha256"] != nil && request.headers["content-md5"] != nil)
            #expect(request.headers["content-length"] == "1000")
        }
    }

    @Test func `An empty blob is stored`() async throws {
        try await ForeignFixture.run { fixture in
            let name = try await fixture.put([])
            #expect(fixture.double.objects.values.first == [])
            #expect(try await fixture.blobs.sizeBytes(of: name) == 0)
        }
    }

    @Test(arguments: [1, 600_000]) func `What is larger than a part is put in parts`(_ excess: Int) async throws {
        try await ForeignFixture.run { fixture in
            let bytes = content(1_200_000 + excess)
            let name = try await fixture.put(bytes)
            #expect(
                fixture.double.requests.filter { $0.query["partNumber"] != nil }.map(\.body.count)
                    == [600_000, 600_000, excess])
            #expect(try await fixture.get(name, of: bytes) == bytes)
        }
    }

    // MARK: A store that fails

    @Test func `What fails now and then is done again`() async throws {
        try await ForeignFixture.run { fixture in
            let faults: [StoreFault?] = [.refusal(status: 503, code: "SlowDown"), .cut(after: 0), nil]
            fixture.double.fail { _, number in number <= 3 ? faults[number - 1] : nil }
            let bytes = content(1000)
            let name = try await fixture.put(bytes)
            #expect(fixture.double.requests.map(\.method) == ["PUT", "PUT", "PUT"])
            fixture.double.fail { _, number in number == 1 ? .refusal(status: 400, code: "RequestTimeout") : nil }
            #expect(try await fixture.get(name, of: bytes) == bytes)
            #expect(fixture.double.requests.count == 2)
        }
    }

    @Test func `A store that always fails is given up after three attempts, and is named`() async throws {
        try await ForeignFixture.run { fixture in
            fixture.double.fail { _, _ in .refusal(status: 500, code: "InternalError") }
            let failure = try #require(await failure { _ = try await fixture.put(content(10)) })
            #expect(failure.isTemporary)
            #expect(failure.description.contains("s3://artifacts/a b/é/ at http://127.0.0.1:"))
            #expect(failure.description.contains("answered 500 (InternalError)"))
            #expect(fixture.double.requests.count == 3)
        }
    }

    @Test func `A store that does not answer is given up`() async throws {
        try await ForeignFixture.run(timeout: .milliseconds(200)) { fixture in
            fixture.double.fail { _, _ in .silence }
            #expect(await failure { _ = try await fixture.put(content(10)) } != nil)
            // A busy machine may not even get as far as to ask.
            #expect(fixture.double.requests.count <= 3)
        }
    }

    @Test func `A refusal is not tried again`() async throws {
        try await ForeignFixture.run { fixture in
            fixture.double.fail { _, _ in .refusal(status: 403, code: "AccessDenied") }
            let failure = try #require(await failure { _ = try await fixture.put(content(10)) })
            #expect(failure.isTemporary)
            #expect(failure.description.hasSuffix("answered 403 (AccessDenied) when asked to put an object"))
            #expect(fixture.double.requests.count == 1)
        }
    }

    @Test func `A body that breaks off is read on from there`() async throws {
        try await ForeignFixture.run { fixture in
            let bytes = content(500_000)
            let name = try await fixture.put(bytes)
            fixture.double.fail { _, number in number <= 3 ? .cut(after: 120_000) : nil }
            #expect(try await fixture.get(name, of: bytes) == bytes)
            let ranges = fixture.double.requests.map { $0.headers["range"] }
            #expect(ranges.count == 4 && ranges[0] == nil)
            // How much of what was sent arrives before a connection breaks is for the network to say.
            let starts = try ranges.dropFirst().map { range in
                let ends = try #require(range).dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
                #expect(ends.last == 499_999)
                return try #require(ends.first)
            }
            #expect(starts == starts.sorted() && starts.allSatisfy { 1...360_000 ~= $0 })
        }
    }

    @Test func `A body that never comes is given up`() async throws {
        try await ForeignFixture.run { fixture in
            let bytes = content(5000)
            let name = try await fixture.put(bytes)
            fixture.double.fail { request, _ in request.method == "GET" ? .cut(after: 0) : nil }
            #expect(await failure { _ = try await fixture.get(name, of: bytes) } != nil)
            #expect(fixture.double.requests.count == 3)
        }
    }

    @Test func `Bytes that are not those that were stored do not come out whole`() async throws {
        try await ForeignFixture.run { fixture in
            let bytes = content(500_000)
            let name = try await fixture.put(bytes)
            fixture.double.fail { _, _ in .damage }
            var reader = try await fixture.blobs.open(name, 0..<500_000, sizeBytes: 500_000).makeReader()
            var count = 0
            let failure = await failure {
                while let piece = try await reader.next() { count += piece.readableBytes }
            }
            #expect(failure?.description.contains("sent other bytes") == true)
            #expect(count < 500_000)
        }
    }

    @Test(arguments: [("content-range", "bytes 0-9/11"), ("content-length", "11")])
    func `An answer with other bytes than were asked for is none`(_ name: String, _ value: String) async throws {
        try await ForeignFixture.run { fixture in
            let bytes = content(12)
            let blob = try await fixture.put(bytes)
            fixture.double.fail { _, _ in .header(name, value) }
            #expect(await failure { _ = try await fixture.get(blob, 0..<10, of: 12) } != nil)
        }
    }

    @Test func `A store that has taken other bytes has not stored the blob`() async throws {
        try await ForeignFixture.run { fixture in
            fixture.double.fail { _, _ in .header("x-amz-checksum-sha256", "AAAA") }
            #expect(await failure { _ = try await fixture.put(content(10)) } != nil)
        }
    }

    // MARK: Uploads in parts that fail

    @Test(arguments: ["PUT", "POST"]) func `An upload that cannot go on is aborted`(_ method: String) async throws {
        try await ForeignFixture.run { fixture in
            fixture.double.fail { request, _ in
                request.method == method && request.query["uploadId"] != nil
                    ? .refusal(status: 403, code: "AccessDenied") : nil
            }
            #expect(await failure { _ = try await fixture.put(content(700_000)) } != nil)
            #expect(fixture.double.objects == [:])
            #expect(fixture.double.state.withLock { $0.uploads.isEmpty })
        }
    }

    @Test func `An upload that was completed without an answer is done`() async throws {
        try await ForeignFixture.run(timeout: .seconds(2)) { fixture in
            fixture.double.fail { request, _ in
                request.method == "POST" && request.query["uploadId"] != nil ? .silence : nil
            }
            let bytes = content(700_000)
            let name = try await fixture.put(bytes)
            #expect(try await fixture.get(name, of: bytes) == bytes)
        }
    }

    @Test func `Removing a blob ends what an interrupted put has left of it`() async throws {
        try await ForeignFixture.run { fixture in
            fixture.double.fail { request, _ in
                switch (request.method, request.query["uploadId"]) {
                case ("DELETE", .some), ("PUT", .some): .refusal(status: 403, code: "AccessDenied")
                default: nil
                }
            }
            let bytes = content(700_000)
            #expect(await failure { _ = try await fixture.put(bytes) } != nil)
            #expect(fixture.double.state.withLock { $0.uploads.count } == 1)
            fixture.double.fail { _, _ in nil }
            let name = try await fixture.put(bytes)
            // As if the interrupted one had been of the same name.
            fixture.double.state.withLock { state in
                for id in state.uploads.keys { state.uploads[id]?.path = state.objects.keys.first ?? "" }
            }
            try await fixture.blobs.remove(name, sizeBytes: 700_000)
            #expect(fixture.double.objects == [:])
            #expect(fixture.double.state.withLock { $0.uploads.isEmpty })
        }
    }

    // MARK: Keys

    @Test func `A key that is exchanged is read again when the store refuses the old one`() async throws {
        let new = SigningCredentials(accessKeyID: "AKIANEW", secretAccessKey: SecretAccessKey("new"))
        try await ForeignFixture.run(credentials: S3Credentials(.double) { new }) { fixture in
            try await fixture.put(content(10))
            fixture.double.state.withLock { $0.acceptedKey = "AKIANEW" }
            try await fixture.put(content(20))
            #expect(fixture.double.requests.count == 3)
            try await fixture.put(content(30))
            #expect(fixture.double.requests.count == 4)
            fixture.double.state.withLock { $0.acceptedKey = "AKIAOTHER" }
            #expect(await failure { _ = try await fixture.put(content(40)) } != nil)
            #expect(fixture.double.requests.count == 5)
        }
    }
}
