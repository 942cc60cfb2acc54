// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension ArtifactStore {
    /// Content that is condemned each time before it is named is given up after so many.
    static let maximumStoringAttempts = 5

    /// Stores content that is what was announced, and names it by the transaction of the last closure.
    ///
    /// As an object of another store content has a row before it has bytes there: 1. one transaction reserves the blob,
    /// under a generation that nobody had before or the one that it has; 2. the object is put, unless it is there; 3. the
    /// transaction that names it sees that the blob still has that generation. If a collector condemned it in between,
    /// all of that is done again.
    func store<Result>(
        _ expected: ExpectedContent,
        _ produce: (BlobWriter) async throws -> ObjectChecksum?,
        naming commit: (StoredBlob, ObjectChecksum?) async throws -> Result
    ) async throws -> Result {
        var checksum: ObjectChecksum?
        return try await self.blobs.receive(id: self.newID(), limitBytes: Self.maximumPutSizeBytes) { writer in
            checksum = try await produce(writer)
        } then: { received in
            try Self.compare(received.content, with: expected)
            guard case .objects(let objects) = self.blobs.place else {
                return try await commit(try await self.blobs.publish(received), checksum)
            }
            for _ in 1...Self.maximumStoringAttempts {
                let blob = try await self.put(received, into: objects)
                do {
                    return try await commit(blob, checksum)
                } catch is CondemnedBlob {
                    try await self.disown(blob)
                }
            }
            throw ArtifactError.contentJustRemoved
        }
    }

    private static func compare(_ blob: StoredBlob, with expected: ExpectedContent) throws(ArtifactError) {
        if let md5 = expected.md5, md5 != blob.md5 {
            throw ArtifactError(.badDigest, "The Content-MD5 you specified did not match what we received.")
        }
        if let hash = expected.hash, hash != blob.hash {
            throw ArtifactError(
                .contentMismatch, "The provided 'x-amz-content-sha256' header does not match what was computed."
            )
        }
    }

    /// Puts what was received where the row of its blob says, unless it is there.
    private func put(_ received: ReceivedBlob, into objects: any BlobObjects) async throws -> StoredBlob {
        var blob = received.content
        let (hash, sizeBytes, fresh, at) = (blob.hash, blob.sizeBytes, self.newID(), self.now())
        blob.generation = try await self.index.withArtifacts { transaction in
            try transaction.reserveBlob(hash, sizeBytes: sizeBytes, generation: fresh, at: at).generation
        }
        // Only a server that kept files before has such rows, and that is refused when it starts.
        guard let generation = blob.generation else { throw ArtifactError.contentMissing }
        let name = BlobName(hash: hash, generation: generation)
        // Another writer may have reserved it and not be done, or the store have lost it.
        if generation == fresh {
            try await objects.put(name, received)
        } else {
            if try await objects.sizeBytes(of: name) != sizeBytes { try await objects.put(name, received) }
        }
        return blob
    }

    /// What was put after its blob was condemned may have come after the object was removed, so that is done again.
    private func disown(_ blob: StoredBlob) async throws {
        guard let generation = blob.generation else { return }
        let row = CondemnedBlobRow(
            name: BlobName(hash: blob.hash, generation: generation), sizeBytes: blob.sizeBytes)
        try await self.index.withArtifacts { transaction in
            guard try transaction.blob(row.name.hash)?.generation != generation else { return }
            try transaction.insertCondemnedBlob(row)
        }
    }

    /// The bytes of an object that was found, or a range of them that lies in it.
    package func body(of row: ObjectVersionRow, range: Range<Int64>? = nil) async throws -> ObjectBody {
        try await ObjectBody(parts: row.details.parts, range: range ?? 0..<row.sizeBytes) { piece in
            try await self.open(piece)
        }
    }

    private func open(_ piece: ObjectBody.Piece) async throws -> any BlobRun {
        guard case .objects(let objects) = self.blobs.place else {
            return FileRun(blob: try await self.blobs.open(piece.blob), bytes: piece.bytes)
        }
        let row = try await self.index.readArtifacts { try $0.blob(piece.blob) }
        guard let row, let generation = row.generation else { throw ArtifactError.contentMissing }
        let name = BlobName(hash: row.hash, generation: generation)
        return try await objects.open(name, piece.bytes, sizeBytes: row.sizeBytes)
    }
}

extension ArtifactTransaction {
    /// One more row names the blob, which was just stored and may just have been collected.
    ///
    /// - Throws: ``CondemnedBlob`` or ``ArtifactError`` with code `unavailable` where that is so.
    func retain(_ blob: StoredBlob, in blobs: BlobStore, at: Timestamp) throws {
        try self.changeReferences(toBlob: blob.hash, sizeBytes: blob.sizeBytes, by: 1, at: at)
        switch blobs.place {
        case .files:
            guard try blobs.isPresent(blob.hash) else { throw ArtifactError.contentJustRemoved }
        case .objects:
            guard try self.blob(blob.hash)?.generation == blob.generation else { throw CondemnedBlob() }
        }
    }

    /// One more row names each of the parts' blobs, which others name.
    func retain(_ parts: [ObjectPart], in blobs: BlobStore, at: Timestamp) throws {
        for part in parts.sorted(by: { $0.blob < $1.blob }) {
            try self.changeReferences(toBlob: part.blob, sizeBytes: part.sizeBytes, by: 1, at: at)
            let isThere =
                switch blobs.place {
                case .files: try blobs.isPresent(part.blob)
                // The row of a blob that was not there before has none.
                case .objects: try self.blob(part.blob)?.generation != nil
                }
            guard isThere else { throw ArtifactError.contentJustRemoved }
        }
    }
}

extension ArtifactError {
    /// A collector was faster than whoever wanted to name the content.
    static let contentJustRemoved = Self(.unavailable, "The content was just removed. Please try again.")
    /// A row says that there is content, and there is none.
    package static let contentMissing = Self(.unavailable, "the content of the object is missing from the store")
}
