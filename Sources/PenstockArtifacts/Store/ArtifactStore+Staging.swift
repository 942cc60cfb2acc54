// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

extension ArtifactStore {
    /// Copies an object to where workers of the other store find it, unless one of its size is there already.
    ///
    /// A version has one content. What is named without a version stays what it was when it was first copied, whatever is
    /// put under its key during the attempt.
    ///
    /// - Returns: Whether it is there now: `false` when there is no such object.
    @discardableResult
    package func stage(
        _ source: ObjectName, as name: StagedName, in staged: any StagedObjects, as caller: Caller
    ) async throws -> Bool {
        let row: ObjectVersionRow
        do {
            row = try await self.object(source, as: caller).row
        } catch let error as ArtifactError where error.isAbsence {
            return false
        }
        if try await staged.sizeBytes(of: name) == row.sizeBytes { return true }
        let parts = row.details.parts
        let blobs = try await self.index.readArtifacts { transaction in
            try parts.map { part in
                guard let generation = try transaction.blob(part.blob)?.generation else {
                    throw ArtifactError.contentMissing
                }
                return (name: BlobName(hash: part.blob, generation: generation), sizeBytes: part.sizeBytes)
            }
        }
        try await staged.make(name, of: blobs, StagedMetadata(row.details))
        return true
    }

    /// Takes what a worker has put into the other store as a new version of an object; nothing happens where it has put
    /// nothing.
    ///
    /// - Throws: ``ArtifactError`` as ``put(_:details:conditions:expecting:as:_:)`` does.
    package func take(
        _ name: StagedName, in staged: any StagedObjects, to target: ObjectName, as caller: Caller
    ) async throws {
        guard let object = try await staged.open(name) else { return }
        guard object.sizeBytes <= Self.maximumPutSizeBytes else {
            throw ArtifactError(
                .tooLarge, "It has \(object.sizeBytes) bytes, and at most \(Self.maximumPutSizeBytes) are taken.")
        }
        let details = ObjectDetails(headers: object.metadata.headers, metadata: object.metadata.metadata)
        _ = try await self.put(target, details: details, as: caller) { writer in
            guard var reader = object.run?.makeReader() else { return nil }
            while let piece = try await reader.next() { try await writer.write(piece) }
            return nil
        }
    }
}
