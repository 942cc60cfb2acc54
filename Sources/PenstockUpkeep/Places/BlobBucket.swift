// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix
package import PenstockArtifacts
package import PenstockForeign
import PenstockModel

/// Objects beneath a prefix of a bucket in another store.
package struct BlobBucket: BlobPlace {
    package let blobs: ForeignBlobs
    /// Where content from another bucket is received, which goes there whole before it is sent on; `nil` where nothing is
    /// received, and content of files is taken.
    private let receiving: BlobStore?

    /// - Parameter receiving: With the same objects.
    package init(_ blobs: ForeignBlobs, receiving: BlobStore? = nil) {
        self.blobs = blobs
        self.receiving = receiving
    }

    package func location(of blob: NamedBlob) -> String {
        self.name(of: blob).map { self.blobs.place(of: $0) } ?? "the content \(blob.hash.hex)"
    }

    private func name(of blob: NamedBlob) -> BlobName? {
        blob.generation.map { BlobName(hash: blob.hash, generation: $0) }
    }

    package func sizeBytes(of blob: NamedBlob) async throws -> Int64? {
        guard let name = self.name(of: blob) else { return nil }
        return try await self.blobs.sizeBytes(of: name)
    }

    package func read(_ blob: NamedBlob, _ body: (ByteBuffer) async throws -> Void) async throws -> BlobDamage? {
        guard let name = self.name(of: blob) else { return .missing }
        // No range of it has bytes, so its name and size say everything.
        guard blob.sizeBytes > 0 else { return try await self.damage(of: blob, readsContent: false) }
        do {
            var reader = try await self.blobs.open(name, 0..<blob.sizeBytes, sizeBytes: blob.sizeBytes).makeReader()
            while let piece = try await reader.next() { try await body(piece) }
            return nil
        } catch let error as ArtifactError where error.code == .unavailable {
            return .missing
        } catch let error as ForeignBlobFailure where error.hasOtherContent {
            return try await self.damage(of: blob, readsContent: false) ?? .wrongContent
        }
    }

    package func take(
        _ blob: NamedBlob, as name: NamedBlob, from source: any BlobPlace
    ) async throws -> BlobDamage? {
        guard let target = self.name(of: name) else { preconditionFailure("an object has a generation") }
        do {
            if let directory = source as? BlobDirectory {
                let file: ReceivedBlob
                do {
                    file = try await ReceivedBlob.reading(directory.file(of: blob.hash), threads: .singleton)
                } catch let error as FileError where error.isNotFound {
                    return .missing
                }
                try await self.put(target, blob, file)
            } else {
                guard let receiving else { preconditionFailure("what is not a file is received") }
                var generator = SystemRandomNumberGenerator()
                try await receiving.receive(id: .random(using: &generator), limitBytes: .max) { writer in
                    if let damage = try await source.read(blob, { try await writer.write($0) }) {
                        throw FoundDamage(damage: damage)
                    }
                } then: { received in
                    try await self.put(target, blob, received)
                }
            }
            return nil
        } catch let damaged as FoundDamage {
            return damaged.damage
        }
    }

    private func put(_ name: BlobName, _ blob: NamedBlob, _ received: ReceivedBlob) async throws {
        guard received.content.sizeBytes == blob.sizeBytes else {
            throw FoundDamage(damage: .wrongSize(actual: received.content.sizeBytes, expected: blob.sizeBytes))
        }
        guard received.content.hash == blob.hash else { throw FoundDamage(damage: .wrongContent) }
        try await self.blobs.put(name, received)
    }

    /// A store that has answered has done so.
    package func synchronize() async throws {}
}
