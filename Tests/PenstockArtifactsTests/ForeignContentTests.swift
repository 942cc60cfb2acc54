// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import PenstockModel
import Synchronization
import Testing

@testable import PenstockArtifacts

/// Content in another store, and each way in which its writers, readers and collectors can meet.
@Suite struct ForeignContentTests {
    private struct Outage: Error {}

    /// A store of artifacts with one bucket, whose content is in another store.
    private struct Bed {
        let objects = MemoryBlobObjects()
        let fixture: Fixture

        init() async throws { self.fixture = try await Fixture.withBucket(objects: self.objects) }

        var condemned: [BlobName] {
            get async throws {
                try await self.fixture.index.readArtifacts {
                    try $0.condemnedBlobs(after: .least, limit: 99).map(\.name)
                }
            }
        }

        func deleteObject(_ name: String = "k") async throws {
            _ = try await self.fixture.store.delete([Deletion(key(name), nil)], in: "bucket", as: owner)
        }

        /// As a collector does that comes a day later.
        @discardableResult
        func collect() async throws -> Int {
            self.fixture.advance(.days(1))
            return try await self.fixture.store.collectGarbage()
        }

        func collectOne() async throws {
            let count = try await self.collect()
            #expect(count == 1)
        }

        /// Lets the closure run once, when the condition holds for a call.
        func once(
            _ condition: @escaping @Sendable (MemoryBlobObjects.Call, _ isDone: Bool) -> Bool,
            _ body: @escaping @Sendable () async throws -> Void
        ) {
            let isPending = Mutex(true)
            self.objects.intercept { call, isDone in
                guard condition(call, isDone), isPending.withLock({ exchange(&$0, false) }) else { return }
                // What the closure holds would else hold the closure.
                self.objects.intercept(nil)
                try await body()
            }
        }
    }

    @Test func `Content is an object under its hash and a generation, and no file is left`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("k"), "0123456789")
        let name = try #require(bed.objects.names.first)
        #expect(bed.objects.names.count == 1)
        #expect(bed.objects.calls == [.put(name)])
        #expect(try await bed.fixture.get(key("k")) == "0123456789")
        #expect(try await bed.fixture.get(key("k"), range: 3..<7) == "3456")
        #expect(bed.fixture.files(in: "blobs") == [])
        #expect(await becomesTrue { bed.fixture.files(in: "incoming") == [] })
    }

    @Test func `Content that is there is not put again`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("a"), "same")
        try await bed.fixture.put(key("b"), "same")
        let name = try #require(bed.objects.names.first)
        #expect(bed.objects.calls == [.put(name), .look(name)])
        #expect(bed.objects.names == [name])
    }

    @Test func `Content that is not what its sender announced is not put at all`() async throws {
        let bed = try await Bed()
        let code = await refusal {
            let expected = ExpectedContent(md5: [UInt8](repeating: 0, count: 16))
            _ = try await bed.fixture.store.put(
                ObjectName(bucket: "bucket", key: key("k")), expecting: expected, as: owner
            ) { writer in
                try await writer.write(ByteBuffer(string: "other"))
                return nil
            }
        }
        #expect(code == .badDigest)
        #expect(bed.objects.calls == [])
    }

    @Test func `Objects of parts, copies and empty objects are read as they were written`() async throws {
        let bed = try await Bed()
        let object = ObjectName(bucket: "bucket", key: key("parts"))
        let id = try await bed.fixture.store.createUpload(object, details: ObjectDetails(), as: owner)
        let upload = UploadName(bucket: "bucket", key: object.key, uploadID: id)
        let first = String(repeating: "x", count: Int(ArtifactStore.minimumPartSizeBytes))
        var parts: [CompletedPart] = []
        for (number, text) in [(1, first), (2, "the end")] {
            let row = try await bed.fixture.store.putPart(number, of: upload, as: owner) { writer in
                try await writer.write(ByteBuffer(string: text))
                return nil
            }
            parts.append(CompletedPart(number: number, etag: row.etag))
        }
        _ = try await bed.fixture.store.completeUpload(upload, parts: parts, as: owner) { _, _ in nil }
        _ = try await bed.fixture.store.copy(
            object, to: ObjectName(bucket: "bucket", key: key("copy")), as: owner)
        try await bed.fixture.put(key("empty"), "")
        #expect(bed.objects.names.count == 3)
        #expect(try await bed.fixture.get(key("copy")) == first + "the end")
        let seam = Int64(first.utf8.count)
        #expect(try await bed.fixture.get(key("parts"), range: seam - 2..<seam + 3) == "xxthe")
        #expect(try await bed.fixture.get(key("empty")) == "")
        try await bed.deleteObject("parts")
        #expect(try await bed.collect() == 0)
        #expect(try await bed.fixture.get(key("copy"), range: seam..<seam + 3) == "the")
    }

    @Test func `An object goes some time after the last that had its content`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("k"))
        #expect(try await bed.collect() == 0)
        try await bed.deleteObject()
        #expect(try await bed.fixture.store.collectGarbage() == 0)
        #expect(try await bed.collect() == 1)
        #expect(bed.objects.names == [])
        #expect(try await bed.condemned == [])
    }

    @Test func `A put that fails leaves no version, and what it may have left goes`() async throws {
        let bed = try await Bed()
        bed.objects.intercept { call, isDone in if case .put = call, isDone { throw Outage() } }
        await #expect(throws: Outage.self) { try await bed.fixture.put(key("k")) }
        bed.objects.intercept(nil)
        #expect(await refusal { _ = try await bed.fixture.get(key("k")) } == .noSuchKey)
        #expect(bed.fixture.index.owedSourceEvents.isEmpty)
        #expect(bed.objects.names.count == 1)
        #expect(try await bed.collect() == 1)
        #expect(bed.objects.names == [])
    }

    @Test func `Two writers of one content may both put it`() async throws {
        let bed = try await Bed()
        bed.once({ call, isDone in if case .put = call { !isDone } else { false } }) {
            try await bed.fixture.put(key("b"))
        }
        try await bed.fixture.put(key("a"))
        let name = try #require(bed.objects.names.first)
        #expect(bed.objects.calls == [.look(name), .put(name), .put(name)])
        for each in ["a", "b"] { #expect(try await bed.fixture.get(key(each)) == "content") }
    }

    @Test func `What the store has lost is missing until somebody puts it again`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("k"))
        let name = try #require(bed.objects.names.first)
        bed.objects.lose(name)
        #expect(await refusal { _ = try await bed.fixture.get(key("k")) } == .unavailable)
        try await bed.fixture.put(key("other"))
        #expect(try await bed.fixture.get(key("k")) == "content")
        #expect(bed.objects.names == [name])
    }

    // MARK: Writers and collectors

    @Test(arguments: [false, true])
    func `A writer whose blob is condemned before it is named stores it anew`(_ isBeforePut: Bool) async throws {
        let bed = try await Bed()
        bed.once({ call, isDone in if case .put = call { isDone != isBeforePut } else { false } }) {
            try await bed.collectOne()
        }
        try await bed.fixture.put(key("k"))
        #expect(try await bed.fixture.get(key("k")) == "content")
        // What came after the removal is removed by the next one, and nothing else.
        #expect(try await bed.condemned.count == 1)
        #expect(try await bed.collect() == 1)
        #expect(bed.objects.names.count == 1)
        #expect(try await bed.fixture.get(key("k")) == "content")
    }

    @Test func `A writer that found the object there stores it anew if it was condemned meanwhile`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("old"))
        let first = try #require(bed.objects.names.first)
        try await bed.deleteObject("old")
        bed.once({ call, isDone in call == .look(first) && isDone }) { try await bed.collectOne() }
        try await bed.fixture.put(key("new"))
        let second = try #require(bed.objects.names.first)
        #expect(second != first && second.hash == first.hash)
        #expect(try await bed.fixture.get(key("new")) == "content")
        try await bed.collect()
        #expect(bed.objects.names == [second])
    }

    @Test func `A writer whose blob is condemned each time is told to try again`() async throws {
        let bed = try await Bed()
        bed.objects.intercept { call, isDone in if case .put = call, isDone { try await bed.collect() } }
        #expect(await refusal { try await bed.fixture.put(key("k")) } == .unavailable)
        bed.objects.intercept(nil)
        try await bed.collect()
        #expect(bed.objects.names == [])
        #expect(try await bed.condemned == [])
    }

    @Test func `A part whose blob is condemned before it is named is stored anew as well`() async throws {
        let bed = try await Bed()
        let object = ObjectName(bucket: "bucket", key: key("k"))
        let id = try await bed.fixture.store.createUpload(object, details: ObjectDetails(), as: owner)
        let upload = UploadName(bucket: "bucket", key: object.key, uploadID: id)
        bed.once({ call, isDone in if case .put = call { isDone } else { false } }) { try await bed.collect() }
        let row = try await bed.fixture.store.putPart(1, of: upload, as: owner) { writer in
            try await writer.write(ByteBuffer(string: "part"))
            return nil
        }
        let parts = [CompletedPart(number: 1, etag: row.etag)]
        _ = try await bed.fixture.store.completeUpload(upload, parts: parts, as: owner) { _, _ in nil }
        #expect(try await bed.fixture.get(key("k")) == "part")
    }

    @Test func `A collector that dies between its two steps leaves the second to the next`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("k"))
        let first = try #require(bed.objects.names.first)
        try await bed.deleteObject()
        bed.objects.intercept { call, isDone in if case .remove = call, !isDone { throw Outage() } }
        await #expect(throws: Outage.self) { try await bed.collect() }
        bed.objects.intercept(nil)
        #expect(try await bed.condemned == [first])
        // Whoever puts the content now is not in the way of that.
        try await bed.fixture.put(key("k"))
        #expect(bed.objects.names.count == 2)
        #expect(try await bed.fixture.store.collectGarbage() == 1)
        #expect(bed.objects.names.count == 1 && bed.objects.names != [first])
        #expect(try await bed.condemned == [])
        #expect(try await bed.fixture.get(key("k")) == "content")
    }

    @Test func `A removal that comes much too late takes nothing that was put since`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("k"))
        let first = try #require(bed.objects.names.first)
        try await bed.deleteObject()
        // While the first collector is about to remove it, another does, and the content is put again.
        bed.once({ call, isDone in call == .remove(first) && !isDone }) {
            try await bed.collectOne()
            try await bed.fixture.put(key("k"))
        }
        try await bed.collect()
        #expect(bed.objects.calls.filter { $0 == .remove(first) }.count == 2)
        #expect(try await bed.fixture.get(key("k")) == "content")
    }

    @Test func `One object that cannot be removed does not keep the others`() async throws {
        let bed = try await Bed()
        for number in 0..<100 {
            try await bed.fixture.put(key("\(number)"), "content \(number)")
            try await bed.deleteObject("\(number)")
        }
        let stuck = try #require(bed.objects.names.first)
        bed.objects.intercept { call, isDone in if call == .remove(stuck), !isDone { throw Outage() } }
        await #expect(throws: Outage.self) { try await bed.collect() }
        #expect(bed.objects.names == [stuck])
        #expect(try await bed.condemned == [stuck])
        bed.objects.intercept(nil)
        #expect(try await bed.collect() == 1)
    }

    @Test func `A copy keeps content that its source gives up`() async throws {
        let bed = try await Bed()
        try await bed.fixture.put(key("k"))
        _ = try await bed.fixture.store.copy(
            ObjectName(bucket: "bucket", key: key("k")), to: ObjectName(bucket: "bucket", key: key("copy")), as: owner)
        try await bed.deleteObject()
        #expect(try await bed.collect() == 0)
        #expect(try await bed.fixture.get(key("copy")) == "content")
    }
}

/// The new value is put in the old one's place, which is returned.
private func exchange(_ value: inout Bool, _ new: Bool) -> Bool {
    defer { value = new }
    return value
}
