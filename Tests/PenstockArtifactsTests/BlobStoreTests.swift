// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import Foundation
import NIOCore
import NIOPosix
import PenstockArtifacts
import PenstockModel
import Testing

@Suite struct BlobStoreTests {
    private struct Interruption: Error {}

    @Test func `A blob lies under the hash of its content and nothing else is left`() async throws {
        let fixture = try await Fixture()
        let blob = try await fixture.blobs.write(id: UniqueID(high: 1, low: 1), limitBytes: 100) { writer in
            for piece in ["hello ", "", "world"] { try await writer.write(ByteBuffer(string: piece)) }
        }
        #expect(blob.hash.bytes == Array(SHA256.hash(data: Data("hello world".utf8))))
        #expect(blob.md5 == Array(Insecure.MD5.hash(data: Data("hello world".utf8))))
        #expect(blob.sizeBytes == 11)
        let hex = blob.hash.hex
        #expect(fixture.files(in: "blobs") == ["\(fixture.directory)/blobs/\(hex.prefix(2))/\(hex.dropFirst(2))"])
        #expect(fixture.files(in: "incoming") == [])
    }

    @Test func `Content larger than any buffer comes back as it was written`() async throws {
        let fixture = try await Fixture()
        var generator = SeededGenerator(11)
        let pieces = (0..<40).map { _ in
            let count = Int.random(in: 0...100_000, using: &generator)
            return [UInt8](repeating: 0, count: count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
        let all = pieces.flatMap { $0 }
        let blob = try await fixture.blobs.write(id: UniqueID(high: 1, low: 1), limitBytes: .max) { writer in
            for piece in pieces { try await writer.write(ByteBuffer(bytes: piece)) }
        }
        #expect(blob.hash.bytes == Array(SHA256.hash(data: all)))
        let open = try await fixture.blobs.open(blob.hash)
        for _ in 0..<20 {
            let start = Int.random(in: 0..<all.count, using: &generator)
            let count = Int.random(in: 0...min(300_000, all.count - start), using: &generator)
            let read = try await open.read(at: Int64(start), count: count)
            #expect(Array(read.readableBytesView) == Array(all[start..<start + count]))
        }
    }

    @Test func `A writer that fails or writes too much leaves nothing`() async throws {
        let fixture = try await Fixture()
        await #expect(throws: Interruption.self) {
            _ = try await fixture.blobs.write(id: UniqueID(high: 1, low: 1), limitBytes: 100) { writer in
                try await writer.write(ByteBuffer(string: "half of it"))
                throw Interruption()
            }
        }
        let code = await refusal {
            _ = try await fixture.blobs.write(id: UniqueID(high: 1, low: 2), limitBytes: 3) { writer in
                try await writer.write(ByteBuffer(string: "four"))
            }
        }
        #expect(code == .tooLarge)
        // The files go in the background, on the same threads: this comes after.
        try await NIOThreadPool.singleton.runIfActive {}
        #expect(fixture.files(in: "blobs") == [])
        #expect(await becomesTrue { fixture.files(in: "incoming") == [] })
    }

    @Test func `The next start removes what a crashed writer left, and only that`() async throws {
        let fixture = try await Fixture()
        let (old, young) = ("\(fixture.directory)/incoming/old", "\(fixture.directory)/incoming/young")
        for path in [old, young] { try Data("torn".utf8).write(to: URL(fileURLWithPath: path)) }
        try fixture.age([old])
        _ = try await BlobStore(directory: fixture.directory, threads: .singleton)
        #expect(fixture.files(in: "incoming") == [young])
    }

    @Test func `A file that was cut short is not served`() async throws {
        let fixture = try await Fixture.withBucket()
        try await fixture.put(key("k"), "0123456789")
        let path = try #require(fixture.files(in: "blobs").first)
        try Data("0123".utf8).write(to: URL(fileURLWithPath: path))
        #expect(await refusal { _ = try await fixture.get(key("k")) } == .unavailable)
        try FileManager.default.removeItem(atPath: path)
        #expect(await refusal { _ = try await fixture.get(key("k")) } == .unavailable)
    }

    @Test func `A stored hash reads back from text and from bytes`() throws {
        let hash = try #require(BlobHash(bytes: (0..<32).map { UInt8($0 * 8) }))
        #expect(BlobHash(hex: hash.hex) == hash)
        #expect(BlobHash(bytes: hash.bytes) == hash)
        #expect(BlobHash(bytes: [1, 2, 3]) == nil)
        #expect(BlobHash(hex: hash.hex.uppercased()) == nil)
    }
}
