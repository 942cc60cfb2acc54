// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOCore
import PenstockModel
import Synchronization
import Testing

@testable import PenstockArtifacts

/// What is staged for workers of another store, and taken from there.
@Suite struct StagingTests {
    private static let action = ActionExecutionID(UniqueID(high: 8, low: 8))
    private static let input = StagedName(Self.action, .input, "Source")
    private static let metadata = StagedMetadata(
        headers: [KeyedValue("content-encoding", "gzip"), KeyedValue("content-type", "text/x-built")],
        metadata: [KeyedValue("made-by", "mia")])
    private static let output = StagedName(Self.action, .output, "Built")

    /// Staged objects of another store, which are what they were made of.
    private final class Staged: StagedObjects {
        let made = Mutex<[StagedName: [BlobName]]>([:])
        let told = Mutex<StagedMetadata?>(nil)
        let sizes = Mutex<[StagedName: Int64]>([:])
        let contents = Mutex<[StagedName: String]>([:])
        let announcedSize: Int64?

        init(announcedSize: Int64? = nil) { self.announcedSize = announcedSize }

        func location(of name: StagedName) -> (bucket: String, key: String) { ("elsewhere", name.artifact) }
        func sizeBytes(of name: StagedName) -> Int64? { self.sizes.withLock { $0[name] } }

        func make(
            _ name: StagedName, of blobs: [(name: BlobName, sizeBytes: Int64)], _ metadata: StagedMetadata
        ) {
            self.told.withLock { $0 = metadata }
            self.made.withLock { $0[name, default: []] += blobs.map(\.name) }
            self.sizes.withLock { $0[name] = blobs.reduce(0) { $0 + $1.sizeBytes } }
        }

        func open(_ name: StagedName) -> StagedObject? {
            guard let content = self.contents.withLock({ $0[name] }) else { return nil }
            let size = self.announcedSize ?? Int64(content.utf8.count)
            return StagedObject(
                sizeBytes: size, metadata: StagingTests.metadata, run: content.isEmpty ? nil : Run(content: content))
        }

        func credentials(
            reading: [StagedName], writing: [StagedName], session: String, lifetime: Duration
        ) -> StagingCredentials {
            StagingCredentials(accessKeyID: "id", secretAccessKey: "secret", sessionToken: "token")
        }

        func actions() -> [ActionExecutionID] { [] }
        func removeAll(of action: ActionExecutionID, olderThan age: Duration?) {}
    }

    /// One byte after the other.
    private struct Run: BlobRun {
        let content: String
        func makeReader() -> any BlobReader { Reader(rest: ByteBuffer(string: self.content)) }
    }

    private struct Reader: BlobReader {
        var rest: ByteBuffer
        mutating func next() -> ByteBuffer? { self.rest.readSlice(length: 1) }
    }

    private static func source(_ name: String) -> ObjectName { ObjectName(bucket: "bucket", key: key(name)) }

    @Test func `An input is made of its blob once`() async throws {
        let objects = MemoryBlobObjects()
        let fixture = try await Fixture.withBucket(objects: objects)
        try await fixture.put(key("k"), "0123456789")
        let staged = Staged()
        for _ in 1...2 {
            let isThere = try await fixture.store.stage(Self.source("k"), as: Self.input, in: staged, as: owner)
            #expect(isThere)
        }
        #expect(staged.made.withLock { $0 } == [Self.input: objects.names])
        // Bytes are for the store to copy.
        #expect(objects.calls == objects.names.map { .put($0) })
    }

    @Test func `An input has the headers of its object, but for those of this store alone`() async throws {
        let fixture = try await Fixture.withBucket(objects: MemoryBlobObjects())
        let own = KeyedValue("x-amz-server-side-encryption", "aws:kms")
        let details = ObjectDetails(headers: Self.metadata.headers + [own], metadata: Self.metadata.metadata)
        _ = try await fixture.store.put(Self.source("k"), details: details, as: owner) { writer in
            try await writer.write(ByteBuffer(string: "content"))
            return nil
        }
        let staged = Staged()
        try await fixture.store.stage(Self.source("k"), as: Self.input, in: staged, as: owner)
        #expect(staged.told.withLock { $0 } == Self.metadata)
    }

    @Test func `Credentials show only whose they are`() {
        let credentials = StagingCredentials(accessKeyID: "ASIA1", secretAccessKey: "hunter2", sessionToken: "tok")
        for text in ["\(credentials)", String(reflecting: credentials)] {
            #expect(text.contains("ASIA1") && !text.contains("hunter2") && !text.contains("tok"))
        }
        var dumped = ""
        dump(credentials, to: &dumped)
        #expect(!dumped.contains("hunter2"))
    }

    @Test(arguments: ["none", "deleted"]) func `An object that is not there is not staged`(_ name: String) async throws
    {
        let fixture = try await Fixture.withBucket(objects: MemoryBlobObjects())
        try await fixture.put(key("deleted"), "gone")
        _ = try await fixture.store.delete([Deletion(key("deleted"), nil)], in: "bucket", as: owner)
        let staged = Staged()
        for source in [Self.source(name), ObjectName(bucket: "no-such-bucket", key: key("k"))] {
            let isThere = try await fixture.store.stage(source, as: Self.input, in: staged, as: owner)
            #expect(!isThere)
        }
        #expect(staged.made.withLock { $0 } == [:])
    }

    @Test(arguments: ["", "built"]) func `An output is taken as it is, with its type`(_ content: String) async throws {
        let fixture = try await Fixture.withBucket(objects: MemoryBlobObjects())
        let staged = Staged()
        staged.contents.withLock { $0[Self.output] = content }
        try await fixture.store.take(Self.output, in: staged, to: Self.source("built"), as: owner)
        #expect(try await fixture.get(key("built")) == content)
        let row = try await fixture.store.object(Self.source("built"), as: owner).row
        #expect(row.details.headers == Self.metadata.headers && row.details.metadata == Self.metadata.metadata)
    }

    @Test func `Nothing is taken where nothing was put`() async throws {
        let fixture = try await Fixture.withBucket(objects: MemoryBlobObjects())
        try await fixture.store.take(Self.output, in: Staged(), to: Self.source("built"), as: owner)
        await #expect(throws: ArtifactError.self) {
            try await fixture.store.object(Self.source("built"), as: owner)
        }
    }

    @Test func `An output of more bytes than one put takes is refused before it is read`() async throws {
        let fixture = try await Fixture.withBucket(objects: MemoryBlobObjects())
        let most = ArtifactStore.maximumPutSizeBytes
        let staged = Staged(announcedSize: most + 1)
        staged.contents.withLock { $0[Self.output] = "x" }
        await #expect(
            throws: ArtifactError(.tooLarge, "It has \(most + 1) bytes, and at most \(most) are taken.")
        ) {
            try await fixture.store.take(Self.output, in: staged, to: Self.source("built"), as: owner)
        }
    }
}
