// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
@testable import PenstockArtifacts
import PenstockModel
import Testing

@Suite struct MultipartTests {
    private let object = ObjectName(bucket: "bucket", key: key("big"))

    private func begin(_ fixture: Fixture) async throws -> UploadName {
        let id = try await fixture.store.createUpload(self.object, details: ObjectDetails(), as: owner)
        return UploadName(bucket: "bucket", key: self.object.key, uploadID: id)
    }

    private func put(
        _ number: Int, _ byte: UInt8, size: Int, of upload: UploadName, _ fixture: Fixture
    ) async throws -> CompletedPart {
        let row = try await fixture.store.putPart(number, of: upload, as: owner) { writer in
            try await writer.write(ByteBuffer(repeating: byte, count: size))
            return nil
        }
        return CompletedPart(number: number, etag: row.etag)
    }

    private func complete(_ upload: UploadName, _ parts: [CompletedPart], _ fixture: Fixture) async throws {
        _ = try await fixture.store.completeUpload(upload, parts: parts, as: owner) { _, _ in nil }
    }

    @Test func `Parts in any order become one object, and what is not listed is given up`() async throws {
        let fixture = try await Fixture.withBucket()
        let upload = try await self.begin(fixture)
        let five = 5 << 20
        let last = try await self.put(7, 3, size: 10, of: upload, fixture)
        _ = try await self.put(2, 9, size: five, of: upload, fixture)
        let first = try await self.put(2, 1, size: five, of: upload, fixture)
        _ = try await self.put(3, 5, size: five, of: upload, fixture)
        let second = try await self.put(4, 1, size: five, of: upload, fixture)
        let written = try await fixture.store.completeUpload(
            upload, parts: [first, second, last], as: owner
        ) { _, parts in
            #expect(parts.map(\.number) == [2, 4, 7])
            return ObjectChecksum(algorithm: .crc32, value: "AAAAAA==-3", coverage: .composite)
        }
        #expect(written.etag.hasSuffix("-3"))
        let row = try await fixture.store.object(self.object, as: owner).row
        #expect(row.sizeBytes == Int64(2 * five + 10))
        #expect(row.details.checksum?.coverage == .composite)
        let edge = Int64(2 * five)
        var read = ByteBuffer()
        for try await var chunk in try await fixture.store.body(of: row, range: edge - 3..<edge + 4) {
            read.writeBuffer(&chunk)
        }
        #expect(Array(read.readableBytesView) == [1, 1, 1, 3, 3, 3, 3])
        // Two parts were equal, so of the four blobs two are left.
        fixture.advance(.days(1))
        #expect(try await fixture.store.collectGarbage() == 2)
        #expect(fixture.files(in: "blobs").count == 2)
        #expect(await refusal { try await self.complete(upload, [first], fixture) } == .noSuchUpload)
        #expect(fixture.index.owedSourceEvents.count == 1)
    }

    @Test func `A list of parts that does not fit changes nothing`() async throws {
        let fixture = try await Fixture.withBucket()
        let upload = try await self.begin(fixture)
        let one = try await self.put(1, 1, size: 4, of: upload, fixture)
        let two = try await self.put(2, 2, size: 4, of: upload, fixture)
        let wrong = CompletedPart(number: 2, etag: one.etag)
        #expect(await refusal { try await self.complete(upload, [], fixture) } == .invalidPart)
        #expect(await refusal { try await self.complete(upload, [two, one], fixture) } == .invalidPartOrder)
        #expect(await refusal { try await self.complete(upload, [one, wrong], fixture) } == .invalidPart)
        #expect(await refusal { try await self.complete(upload, [one, two], fixture) } == .partTooSmall)
        #expect(await refusal { _ = try await self.put(0, 1, size: 1, of: upload, fixture) } == .invalidPartNumber)
        let foreign = UploadName(bucket: "bucket", key: key("other"), uploadID: upload.uploadID)
        #expect(await refusal { try await self.complete(foreign, [one], fixture) } == .noSuchUpload)
        #expect(await refusal { try await fixture.store.deleteBucket("bucket", as: owner) } == .bucketNotEmpty)
        try await self.complete(upload, [two], fixture)
    }

    @Test(arguments: BucketRow.Versioning.allCases)
    func `A completion that is repeated is answered as before and changes nothing`(
        _ versioning: BucketRow.Versioning
    ) async throws {
        let fixture = try await Fixture.withBucket(versioning: versioning)
        let upload = try await self.begin(fixture)
        let part = try await self.put(3, 1, size: 4, of: upload, fixture)
        let complete = {
            try await fixture.store.completeUpload(
                upload, parts: [part], conditions: WriteConditions(ifAbsent: true), as: owner
            ) { _, _ in ObjectChecksum(algorithm: .crc32, value: "AAAAAA==-1", coverage: .composite) }
        }
        let first = try await complete()
        fixture.advance(.seconds(5))
        #expect(try await complete() == first)
        #expect(fixture.index.owedSourceEvents.count == 1)
        #expect(try await fixture.store.versions(in: "bucket", ListingQuery(), as: owner).rows.count == 1)
        let other = CompletedPart(number: 3, etag: String(repeating: "0", count: 32))
        #expect(await refusal { try await self.complete(upload, [other], fixture) } == .noSuchUpload)
        _ = try await fixture.store.delete([Deletion(self.object.key, first.versionID)], in: "bucket", as: owner)
        #expect(await refusal { try await self.complete(upload, [part], fixture) } == .noSuchUpload)
    }

    @Test func `A copy of what an upload made is not its result`() async throws {
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        let upload = try await self.begin(fixture)
        let part = try await self.put(1, 1, size: 4, of: upload, fixture)
        try await self.complete(upload, [part], fixture)
        let copy = ObjectName(bucket: "bucket", key: key("copy"))
        _ = try await fixture.store.copy(self.object, to: copy, as: owner)
        let details = try await fixture.store.object(copy, as: owner).row.details
        #expect(details.isMultipart)
        #expect(details.uploadID == nil)
    }

    @Test func `Aborting gives everything up`() async throws {
        let fixture = try await Fixture.withBucket()
        let upload = try await self.begin(fixture)
        _ = try await self.put(1, 1, size: 4, of: upload, fixture)
        let listed = try await fixture.store.uploads(in: "bucket", ListingQuery(), as: owner)
        #expect(listed.rows.map(\.uploadID) == [upload.uploadID])
        try await fixture.store.abortUpload(upload, as: owner)
        #expect(await refusal { _ = try await self.put(1, 1, size: 4, of: upload, fixture) } == .noSuchUpload)
        fixture.advance(.days(1))
        #expect(try await fixture.store.collectGarbage() == 1)
        try await fixture.store.deleteBucket("bucket", as: owner)
    }
}

@Suite struct CollectionTests {
    @Test func `An upload that nobody completes is given up after a week, and no other`() async throws {
        let fixture = try await Fixture.withBucket()
        let begin = { (name: String) in
            let object = ObjectName(bucket: "bucket", key: key(name))
            let id = try await fixture.store.createUpload(object, details: ObjectDetails(), as: owner)
            let upload = UploadName(bucket: "bucket", key: object.key, uploadID: id)
            _ = try await fixture.store.putPart(1, of: upload, as: owner) { writer in
                try await writer.write(ByteBuffer(string: name))
                return nil
            }
        }
        // More than one batch of them.
        for number in 0..<70 { try await begin("old \(number)") }
        fixture.advance(.days(1))
        try await begin("young")
        fixture.advance(ArtifactStore.uploadGrace - .hours(1))
        try await fixture.store.collectGarbage()
        let left = try await fixture.store.uploads(in: "bucket", ListingQuery(), as: owner).rows
        #expect(left.map(\.key) == [key("young")])
        fixture.advance(BlobStore.unreferencedBlobGrace + .seconds(1))
        #expect(try await fixture.store.collectGarbage() == 70)
    }

    @Test func `Content goes some time after the last object that had it`() async throws {
        let fixture = try await Fixture.withBucket()
        try await fixture.put(key("a"), "same")
        try await fixture.put(key("b"), "same")
        _ = try await fixture.store.delete([Deletion(key("a"), nil)], in: "bucket", as: owner)
        fixture.advance(.days(1))
        #expect(try await fixture.store.collectGarbage() == 0)
        _ = try await fixture.store.delete([Deletion(key("b"), nil)], in: "bucket", as: owner)
        #expect(try await fixture.store.collectGarbage() == 0)
        fixture.advance(BlobStore.unreferencedBlobGrace + .seconds(1))
        #expect(try await fixture.store.collectGarbage() == 1)
        #expect(fixture.files(in: "blobs") == [])
    }

    @Test func `A blob whose writer died before naming it goes when it is old`() async throws {
        let fixture = try await Fixture.withBucket()
        _ = try await fixture.blobs.write(id: UniqueID(high: 9, low: 9), limitBytes: 10) { writer in
            try await writer.write(ByteBuffer(string: "orphan"))
        }
        fixture.advance(.days(9))
        #expect(try await fixture.store.collectGarbage() == 0)
        try fixture.age(fixture.files(in: "blobs"))
        #expect(try await fixture.store.collectGarbage() == 1)
        #expect(fixture.files(in: "blobs") == [])
    }

    /// The collector takes the file after the writer has published it and before the writer commits.
    @Test func `A writer whose content was just collected is told to try again`() async throws {
        let fixture = try await Fixture.withBucket()
        try await fixture.put(key("a"), "contested")
        _ = try await fixture.store.delete([Deletion(key("a"), nil)], in: "bucket", as: owner)
        let blob = try await fixture.blobs.write(id: UniqueID(high: 9, low: 9), limitBytes: 10) { writer in
            try await writer.write(ByteBuffer(string: "contested"))
        }
        fixture.advance(.days(1))
        #expect(try await fixture.store.collectGarbage() == 1)
        let code = await refusal {
            try await fixture.index.withArtifacts { transaction in
                try transaction.retain(blob, in: fixture.blobs, at: fixture.store.now())
            }
        }
        #expect(code == .unavailable)
    }

    @Test(arguments: [false, true])
    func `Writers and collectors at once lose nothing that was acknowledged`(_ isAbroad: Bool) async throws {
        let fixture = try await Fixture.withBucket(objects: isAbroad ? MemoryBlobObjects() : nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for round in 0..<40 {
                        // Few contents and many turns, so that blobs come and go.
                        let (object, content) = (key("\(writer)"), "content \((writer + round) % 3)")
                        do {
                            try await fixture.put(object, content)
                            #expect(try await fixture.get(object) == content)
                            _ = try await fixture.store.delete([Deletion(object, nil)], in: "bucket", as: owner)
                        } catch let error as ArtifactError where error.code == .unavailable {
                        }
                    }
                    // What every SDK does with the answer "try again".
                    while await refusal({
                        try await fixture.put(key("last \(writer)"), "content \(writer % 3)")
                    }) == .unavailable {}
                }
            }
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<10 {
                        fixture.advance(.days(1))
                        try await fixture.store.collectGarbage()
                    }
                }
            }
            try await group.waitForAll()
        }
        for writer in 0..<4 { #expect(try await fixture.get(key("last \(writer)")) == "content \(writer % 3)") }
    }
}
