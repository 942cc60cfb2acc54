// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import PenstockArtifacts
import PenstockForeign
import PenstockModel
import PenstockOutbound
import PenstockSigning
import Synchronization
import Testing

@Suite struct ForeignStagingTests {
    private static let action = ActionExecutionID(UniqueID(high: 1, low: 2))
    private static let other = ActionExecutionID(UniqueID(high: 1, low: 3))

    /// Staging in the fixture's store, with an STS that nobody asks.
    private static func staging(_ fixture: ForeignFixture, partition: String = "aws") throws -> ForeignStaging {
        let sts = S3Client.Settings(
            endpoint: try EndpointURL("http://127.0.0.1:9"), region: "eu-central-1", timeout: .seconds(1))
        let client = S3Client(sts, credentials: S3Credentials(.double)) { 0 }
        let role = ForeignRole(client: client, arn: "arn:\(partition):iam::123456789012:role/workers")
        return ForeignStaging(blobs: fixture.blobs, role: role)
    }

    private static func names(_ count: Int, _ direction: StagedName.Direction, length: Int) -> [StagedName] {
        (0..<count).map { number in
            let text = "\(number)-" + String(repeating: "n", count: length)
            return StagedName(Self.action, direction, String(text.prefix(length)))
        }
    }

    @Test func `A policy names exactly the objects`() {
        let policy = SessionPolicy(reading: ["arn:aws:s3:::b/1"], writing: ["arn:aws:s3:::b/2", "arn:aws:s3:::b/3"])
        #expect(
            policy.document == """
                {"Version":"2012-10-17","Statement":[\
                {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/1"]},\
                {"Effect":"Allow","Action":["s3:PutObject","s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],\
                "Resource":["arn:aws:s3:::b/2","arn:aws:s3:::b/3"]}]}
                """)
    }

    @Test func `A policy for nothing allows nothing`() {
        #expect(
            SessionPolicy(reading: [], writing: []).document
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#)
    }

    @Test func `What a policy cannot hold by name it holds by the attempt's folder`() async throws {
        try await ForeignFixture.run { fixture in
            let staging = try Self.staging(fixture, partition: "aws-cn")
            let few = staging.policy(
                reading: Self.names(2, .input, length: 100), writing: Self.names(2, .output, length: 100))
            #expect(few.reading.count == 2 && few.reading[0].hasSuffix("/input/0-" + String(repeating: "n", count: 98)))
            let many = staging.policy(
                reading: Self.names(10, .input, length: 100), writing: Self.names(10, .output, length: 100))
            let folder = "arn:aws-cn:s3:::\(StoreDouble.bucket)/a b/é/\(Self.action)"
            #expect(many == SessionPolicy(reading: ["\(folder)/input/*"], writing: ["\(folder)/output/*"]))
            #expect(many.document.utf8.count <= SessionPolicy.maximumLength)
        }
    }

    @Test(arguments: [[], [0], [1000], [700_000, 700_001, 3], [700_000, 0, 3], [1_900_001]])
    func `An input is copied there from its blobs, in their order`(_ sizes: [Int]) async throws {
        try await ForeignFixture.run { fixture in
            let staging = try Self.staging(fixture)
            let name = StagedName(Self.action, .input, "Source")
            var blobs: [(name: BlobName, sizeBytes: Int64)] = []
            for size in sizes { blobs.append((try await fixture.put(content(size)), Int64(size))) }
            fixture.double.fail { _, _ in nil }
            let metadata = StagedMetadata(
                headers: [KeyedValue("content-type", "text/x-a")], metadata: [KeyedValue("made-by", "mia")])
            try await staging.make(name, of: blobs, metadata)
            let (bucket, key) = staging.location(of: name)
            #expect(bucket == StoreDouble.bucket && key == "a b/é/\(Self.action)/input/Source")
            #expect(fixture.double.objects[key] == sizes.flatMap { content($0) })
            #expect(try await staging.sizeBytes(of: name) == Int64(sizes.reduce(0, +)))
            // No bytes move through here.
            let sent = fixture.double.requests.filter { $0.query["uploadId"] == nil || $0.method == "PUT" }
            #expect(sent.flatMap(\.body) == [])
            let first = try #require(fixture.double.requests.first { $0.method != "HEAD" })
            #expect(first.headers["content-type"] == "text/x-a" && first.headers["x-amz-meta-made-by"] == "mia")
            let copies = fixture.double.requests.filter { $0.headers["x-amz-copy-source"] != nil }
            #expect(sizes.reduce(0, +) == 0 || !copies.isEmpty)
        }
    }

    @Test func `An output that is written again while it is read is not taken for whole`() async throws {
        try await ForeignFixture.run { fixture in
            let staging = try Self.staging(fixture)
            let name = StagedName(Self.action, .output, "Built")
            #expect(try await staging.open(name)?.sizeBytes == nil)
            let key = staging.location(of: name).key
            fixture.double.state.withLock { $0.objects[key] = content(1000) }
            fixture.double.fail { request, _ in
                request.method == "GET" ? .refusal(status: 412, code: "PreconditionFailed") : nil
            }
            let told = await failure { _ = try await staging.open(name) }
            #expect(told?.description.contains("answered 412 (PreconditionFailed)") == true)
            let read = fixture.double.requests.last
            #expect(read?.headers["if-match"] == "tag")
        }
    }

    @Test func `Attempts are listed page by page, and one goes with its uploads and without the others`() async throws {
        try await ForeignFixture.run { fixture in
            let staging = try Self.staging(fixture)
            let blob = try await fixture.put(content(10))
            for action in [Self.action, Self.other] {
                for artifact in ["A", "B"] {
                    try await staging.make(
                        StagedName(action, .input, artifact), of: [(blob, 10)], StagedMetadata())
                }
                fixture.double.state.withLock { state in
                    state.uploads["\(action)"] = (staging.location(of: StagedName(action, .output, "C")).key, [:])
                }
            }
            let stray = "a b/é/\(Self.action)/elsewhere"
            let alone = ActionExecutionID(UniqueID(high: 1, low: 4))
            fixture.double.state.withLock { state in
                state.objects[stray] = [1]
                state.uploads["\(alone)"] = (staging.location(of: StagedName(alone, .output, "C")).key, [:])
            }
            #expect(try await staging.actions() == [Self.action, Self.other, alone])
            try await staging.removeAll(of: Self.action, olderThan: nil)
            try await staging.removeAll(of: alone, olderThan: nil)
            // What is none of a job's artifacts is somebody else's.
            #expect(fixture.double.objects[stray] == [1])
            fixture.double.state.withLock { $0.objects[stray] = nil }
            #expect(try await staging.actions() == [Self.other])
            #expect(fixture.double.state.withLock { $0.uploads.keys.sorted() } == ["\(Self.other)"])
            #expect(try await fixture.get(blob, of: content(10)) == content(10))
        }
    }

    @Test(arguments: [(59, true), (60, false), (61, false)])
    func `Only what is older than an age goes where one is said`(_ seconds: Int64, _ stays: Bool) async throws {
        try await ForeignFixture.run(now: { StoreDouble.secondsSinceEpoch + 60 + 1 }) { fixture in
            let staging = try Self.staging(fixture)
            let blob = try await fixture.put(content(10))
            let name = StagedName(Self.action, .output, "A")
            try await staging.make(name, of: [(blob, 10)], StagedMetadata())
            try await staging.removeAll(of: Self.action, olderThan: .seconds(seconds + 1))
            #expect(try await (staging.sizeBytes(of: name) != nil) == !stays)
        }
    }

    @Test func `An output is opened with what its worker said of it`() async throws {
        try await ForeignFixture.run { fixture in
            let staging = try Self.staging(fixture)
            let name = StagedName(Self.action, .output, "Built")
            let key = staging.location(of: name).key
            fixture.double.state.withLock { $0.objects[key] = content(1000) }
            fixture.double.fail { _, _ in .header("X-Amz-Meta-Made-By", "mia") }
            let opened = try #require(try await staging.open(name))
            #expect(opened.metadata.metadata == [KeyedValue("made-by", "mia")])
            var reader = try #require(opened.run).makeReader()
            var bytes: [UInt8] = []
            while let piece = try await reader.next() { bytes += piece.readableBytesView }
            #expect(bytes == content(1000))
        }
    }
}
