// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import PenstockArtifacts
import PenstockModel
import Testing

@Suite struct BucketTests {
    @Test func `A bucket belongs to one scope and its name to nobody else`() async throws {
        let fixture = try await Fixture.withBucket()
        let stranger = ArtifactStore.Caller(
            scope: Scope(account: try #require(AccountID("111111111111")), region: .default)
        )
        let elsewhere = ArtifactStore.Caller(
            scope: Scope(account: .default, region: try #require(Region("eu-central-1")))
        )
        #expect(await refusal { try await fixture.store.createBucket("bucket", as: owner) } == .bucketAlreadyYours)
        #expect(await refusal { try await fixture.store.createBucket("bucket", as: stranger) } == .bucketTaken)
        #expect(await refusal { _ = try await fixture.store.bucket("bucket", as: stranger) } == .accessDenied)
        #expect(
            await refusal { _ = try await fixture.store.bucket("bucket", as: elsewhere) } == .wrongRegion(.default)
        )
        #expect(try await fixture.store.buckets(as: owner).map(\.name) == ["bucket"])
        #expect(try await fixture.store.buckets(as: stranger) == [])
    }

    @Test func `A bucket is deleted only when nothing is in it`() async throws {
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        try await fixture.put(key("k"))
        let marker = try await fixture.store.delete([Deletion(key("k"), nil)], in: "bucket", as: owner)
        #expect(await refusal { try await fixture.store.deleteBucket("bucket", as: owner) } == .bucketNotEmpty)
        let page = try await fixture.store.versions(in: "bucket", ListingQuery(), as: owner)
        #expect(page.rows.map(\.isDeleteMarker) == [true, false])
        #expect(page.rows.first?.versionID == marker.first?.versionID)
        _ = try await fixture.store.delete(page.rows.map { Deletion($0.key, $0.versionID) }, in: "bucket", as: owner)
        try await fixture.store.deleteBucket("bucket", as: owner)
        #expect(await refusal { _ = try await fixture.store.bucket("bucket", as: owner) } == .noSuchBucket)
    }

    @Test(arguments: [
        ("abc", true), ("a-b.c9", true), ("ab", false), ("Abc", false), ("a..b", false), ("-abc", false),
        ("abc.", false), ("1.2.3.4", false), ("a_b", false), ("../etc", false),
    ])
    func `Bucket names follow the rules`(_ name: String, _ isValid: Bool) {
        #expect(ArtifactStore.isBucketName(name) == isValid)
    }
}

@Suite struct ObjectTests {
    @Test func `A put is found, replaced and owed to the source actions`() async throws {
        let fixture = try await Fixture.withBucket()
        let first = try await fixture.put(key("k"), "one")
        let second = try await fixture.put(key("k"), "two")
        #expect(try await fixture.get(key("k")) == "two")
        #expect(first.versionID == nil)
        #expect(second.etag == "b8a9f715dbb64fd5c56e7783c6820a61")
        #expect(fixture.index.owedSourceEvents.map(\.etag) == [first.etag, second.etag])
        #expect(fixture.index.owedSourceEvents.map(\.versionID) == [nil, nil])
    }

    @Test func `Versions keep what was, and a delete marker hides it`() async throws {
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        let one = try await fixture.put(key("k"), "one")
        let two = try await fixture.put(key("k"), "two")
        #expect(try await fixture.get(key("k"), version: one.versionID) == "one")
        let deleted = try await fixture.store.delete([Deletion(key("k"), nil)], in: "bucket", as: owner)[0]
        #expect(deleted.isDeleteMarker)
        let marker = try #require(deleted.versionID)
        #expect(await refusal { _ = try await fixture.get(key("k")) } == .deleteMarker(marker, isLatest: true))
        #expect(
            await refusal { _ = try await fixture.get(key("k"), version: marker) }
                == .deleteMarker(marker, isLatest: false)
        )
        #expect(try await fixture.store.objects(in: "bucket", ListingQuery(), as: owner).rows == [])
        _ = try await fixture.store.delete(
            [Deletion(key("k"), marker), Deletion(key("k"), two.versionID)], in: "bucket", as: owner)
        #expect(try await fixture.get(key("k")) == "one")
        #expect(await refusal { _ = try await fixture.get(key("k"), version: two.versionID) } == .noSuchVersion)
        #expect(fixture.index.owedSourceEvents.map(\.versionID) == [one.versionID, two.versionID])
    }

    @Test func `While versioning is suspended only the null version changes`() async throws {
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        let kept = try await fixture.put(key("k"), "kept")
        try await fixture.store.setVersioning(enabled: false, of: "bucket", as: owner)
        #expect(try await fixture.put(key("k"), "null one").versionID == .null)
        #expect(try await fixture.put(key("k"), "null two").versionID == .null)
        let rows = try await fixture.store.versions(in: "bucket", ListingQuery(), as: owner).rows
        #expect(rows.map(\.versionID) == [.null, kept.versionID])
        #expect(rows.map(\.isLatest) == [true, false])
        let deleted = try await fixture.store.delete([Deletion(key("k"), nil)], in: "bucket", as: owner)
        #expect(deleted.map(\.versionID) == [.null])
        #expect(try await fixture.get(key("k"), version: kept.versionID) == "kept")
    }

    @Test func `Conditions are decided in the transaction of the write`() async throws {
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        let absent = WriteConditions(ifAbsent: true)
        let first = try await fixture.put(key("k"), conditions: absent)
        #expect(await refusal { try await fixture.put(key("k"), conditions: absent) } == .preconditionFailed)
        let wrong = WriteConditions(ifMatch: "0")
        #expect(await refusal { try await fixture.put(key("k"), conditions: wrong) } == .preconditionFailed)
        try await fixture.put(key("k"), "next", conditions: WriteConditions(ifMatch: first.etag))
        #expect(
            await refusal { try await fixture.put(key("new"), conditions: WriteConditions(ifMatch: "*")) }
                == .noSuchKey
        )
        _ = try await fixture.store.delete([Deletion(key("k"), nil)], in: "bucket", as: owner)
        try await fixture.put(key("k"), conditions: absent)
    }

    @Test func `Of many writers that want to be first exactly one is`() async throws {
        let fixture = try await Fixture.withBucket()
        let winners = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let absent = WriteConditions(ifAbsent: true)
                    return (try? await fixture.put(key("k"), "writer \(number)", conditions: absent)) != nil
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(winners == 1)
    }

    @Test func `A job writes only while it runs, in its current dispatch`() async throws {
        let fixture = try await Fixture.withBucket()
        let job = JobID(UniqueID(high: 1, low: 2))
        let caller = ArtifactStore.Caller(scope: owner.scope, grant: JobWriteGrant(jobID: job, dispatch: 1))
        #expect(await refusal { try await fixture.put(key("k"), as: caller) } == .grantEnded)
        fixture.index.setDispatch(1, of: job)
        try await fixture.put(key("k"), as: caller)
        let row = try await fixture.store.object(ObjectName(bucket: "bucket", key: key("k")), as: owner).row
        #expect(row.details.writer == caller.grant)
        // The job is dispatched again between the arrival of the bytes and the commit.
        let code = await refusal {
            let name = ObjectName(bucket: "bucket", key: key("k"))
            _ = try await fixture.store.put(name, as: caller) { writer in
                try await writer.write(ByteBuffer(string: "late"))
                fixture.index.setDispatch(2, of: job)
                return nil
            }
        }
        #expect(code == .grantEnded)
        #expect(try await fixture.get(key("k")) == "content")
    }

    @Test func `A copy shares the content and outlives its source`() async throws {
        let fixture = try await Fixture.withBucket()
        try await fixture.put(key("a"), "shared")
        let source = ObjectName(bucket: "bucket", key: key("a"))
        _ = try await fixture.store.copy(source, to: ObjectName(bucket: "bucket", key: key("b")), as: owner)
        _ = try await fixture.store.delete([Deletion(key("a"), nil)], in: "bucket", as: owner)
        fixture.advance(.days(2))
        try fixture.age(fixture.files(in: "blobs"))
        #expect(try await fixture.store.collectGarbage() == 0)
        #expect(try await fixture.get(key("b")) == "shared")
    }

    @Test func `Details survive their stored form`() throws {
        let blob = try #require(BlobHash(bytes: (0..<32).map { UInt8($0) }))
        let checksum = ObjectChecksum(algorithm: .crc64nvme, value: "AAAAAAAAAAA=")
        let details = ObjectDetails(
            headers: [KeyedValue("content-type", "text/plain")],
            metadata: [KeyedValue("color", "grün")],
            checksum: checksum,
            parts: [ObjectPart(number: 3, blob: blob, sizeBytes: 5 << 30, checksum: checksum)],
            isMultipart: true,
            uploadID: "0000018bcfe56800",
            writer: JobWriteGrant(jobID: JobID(UniqueID(high: 1, low: 2)), dispatch: 3)
        )
        #expect(try ObjectDetails(decoding: details.encoded()) == details)
        #expect(throws: StateDecodingError.self) { try ObjectDetails(decoding: [9]) }
    }
}

@Suite struct KeyTests {
    static let hostile: [ObjectKey] = [
        key("../../../etc/passwd"), key("/"), key("//"), key("."), key(".."), key("a/../b"), key("\0"), key("a\0b"),
        key("\u{feff}x"), key("caf\u{e9}"), key("cafe\u{301}"), key("💥/🚰"), key(" "), key("%2e%2e%2f"), key("con"),
        key("a\r\nb"), key("'; DROP TABLE objects; --"), key(String(repeating: "k", count: 1024)),
        key(String(repeating: "💥", count: 256)), key("C:\\temp"), key("~root"), key("-rf"), key("*"),
    ]

    @Test func `Any key is data and leads nowhere outside the store`() async throws {
        let fixture = try await Fixture.withBucket()
        var generator = SeededGenerator(7)
        let alphabet = ["/", "..", ".", "\0", "é", "e\u{301}", "💥", "%", "a", " ", "\n", "\\", "\u{7f}"]
        let random = (0..<100).map { _ in
            key(
                (0..<Int.random(in: 1...40, using: &generator)).map { _ in
                    alphabet.randomElement(using: &generator) ?? ""
                }.joined())
        }
        let keys = Array(Set(Self.hostile + random))
        for (number, key) in keys.enumerated() { try await fixture.put(key, "content \(number)") }
        for (number, key) in keys.enumerated() { #expect(try await fixture.get(key) == "content \(number)") }
        let listed = try await fixture.store.objects(in: "bucket", ListingQuery(), as: owner)
        #expect(listed.rows.map(\.key) == keys.sorted())
        #expect(fixture.files(in: "blobs").count == keys.count)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
        #expect(Set(names) == ["aside", "blobs", "incoming"])
    }

    @Test func `A key has 1 to 1,024 bytes`() async throws {
        let fixture = try await Fixture.withBucket()
        #expect(await refusal { try await fixture.put(.first) } == .invalidKey)
        #expect(await refusal { try await fixture.put(key(String(repeating: "k", count: 1025))) } == .keyTooLong)
    }

    @Test func `Bounds of keys are tight`() {
        #expect(key("a").successor < key("a\0\0"))
        #expect(key("a") < key("a").successor)
        #expect(key("a/").endOfPrefix == key("a0"))
        #expect(ObjectKey(bytes: [0x61, 0xFF]).endOfPrefix == key("b"))
        #expect(ObjectKey(bytes: [0xFF]).endOfPrefix == nil)
        #expect(ObjectKey.first.endOfPrefix == nil)
    }
}
