// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// An object of a bucket, or one version of it.
package struct ObjectName: Sendable, Hashable {
    package var bucket: String
    package var key: ObjectKey
    /// `nil` stands for the latest.
    package var versionID: VersionID?

    package init(bucket: String, key: ObjectKey, versionID: VersionID? = nil) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
    }
}

/// What must be so for a write to happen, decided in its transaction.
package struct WriteConditions: Sendable, Hashable {
    /// The object exists with this ETag (`*`: with any).
    package var ifMatch: String?
    /// There is no object of this key.
    package var ifAbsent: Bool

    package init(ifMatch: String? = nil, ifAbsent: Bool = false) {
        self.ifMatch = ifMatch
        self.ifAbsent = ifAbsent
    }

    /// A delete marker counts as no object.
    func check(_ latest: ObjectVersionRow?) throws {
        let current = latest.flatMap { $0.isDeleteMarker ? nil : $0 }
        if let ifMatch {
            guard let current else { throw ArtifactError(.noSuchKey, "The specified key does not exist.") }
            guard ifMatch == "*" || ifMatch == current.etag else { throw Self.failed }
        }
        if self.ifAbsent, current != nil { throw Self.failed }
    }

    private static let failed = ArtifactError(
        .preconditionFailed, "At least one of the pre-conditions you specified did not hold"
    )
}

/// What content must hash to, as far as its sender said.
package struct ExpectedContent: Sendable, Hashable {
    package var md5: [UInt8]?
    package var hash: BlobHash?

    package init(md5: [UInt8]? = nil, hash: BlobHash? = nil) {
        self.md5 = md5
        self.hash = hash
    }
}

/// An object as found.
package struct FoundObject: Sendable, Hashable {
    package var row: ObjectVersionRow
    /// Of its bucket: whether clients get to see the version id.
    package var versioning: BucketRow.Versioning
}

/// A version as written, or as left by a deletion.
package struct WrittenObject: Sendable, Hashable {
    /// `nil` in a bucket that never had versioning.
    package var versionID: VersionID?
    package var etag: String
    package var checksum: ObjectChecksum?
    package var lastModified: Timestamp
}

/// An object, or one version of it, that is to go.
package struct Deletion: Sendable, Hashable {
    package var key: ObjectKey
    package var versionID: VersionID?
    /// Asked of what would be deleted; where they do not hold, it stays.
    package var conditions: WriteConditions

    package init(_ key: ObjectKey, _ versionID: VersionID?, conditions: WriteConditions = WriteConditions()) {
        self.key = key
        self.versionID = versionID
        self.conditions = conditions
    }
}

/// What a deletion did.
package struct DeletedObject: Sendable, Hashable {
    /// The version that was deleted, or the delete marker that was written; `nil` without versioning.
    package var versionID: VersionID?
    /// The version that was deleted or written is a delete marker.
    package var isDeleteMarker: Bool
    /// Why nothing was deleted: a condition did not hold.
    package var refusal: ArtifactError?
}

extension ArtifactStore {
    /// Writes a new version of an object; returns when it is durable.
    ///
    /// - Parameters:
    ///   - details: Headers and metadata; the rest is filled in here.
    ///   - produce: Writes the content and returns the checksum to keep. What it throws leaves nothing behind.
    package func put(
        _ name: ObjectName,
        details: ObjectDetails = ObjectDetails(),
        conditions: WriteConditions = WriteConditions(),
        expecting: ExpectedContent = ExpectedContent(),
        as caller: Caller,
        _ produce: (BlobWriter) async throws -> ObjectChecksum?
    ) async throws -> WrittenObject {
        try Self.check(name.key)
        // A refusal that is certain now saves the client from sending it all.
        try await self.index.readArtifacts { transaction in
            _ = try transaction.writableBucket(name.bucket, caller)
            try conditions.check(try transaction.latestVersion(of: name.key, in: name.bucket))
        }
        return try await self.store(expecting, produce) { blob, checksum in
            var details = details
            details.checksum = checksum
            details.parts = [ObjectPart(number: 1, blob: blob.hash, sizeBytes: blob.sizeBytes)]
            let draft = Draft(
                name: name, sizeBytes: blob.sizeBytes, etag: hexadecimal(blob.md5), details: details, at: self.now(),
                conditions: conditions, versionID: self.newVersionID()
            )
            return try await self.change(Self.resource(name.bucket, name.key), as: caller) { transaction in
                let bucket = try transaction.writableBucket(name.bucket, caller)
                return try self.commit(draft, to: bucket, caller, in: transaction) {
                    try transaction.retain(blob, in: self.blobs, at: draft.at)
                }
            }
        }
    }

    /// The latest version, or the one named.
    ///
    /// - Throws: ``ArtifactError`` with code `noSuchKey`, `noSuchVersion` or `deleteMarker`.
    package func object(_ name: ObjectName, as caller: Caller) async throws -> FoundObject {
        try await self.index.readArtifacts { transaction in
            let bucket = try transaction.ownBucket(name.bucket, for: .read, caller)
            return FoundObject(row: try transaction.object(name), versioning: bucket.versioning)
        }
    }

    /// Writes a new version that has the content of another object. No bytes move.
    ///
    /// - Parameters:
    ///   - check: Sees the source before anything is written, to refuse what its conditions forbid.
    ///   - details: What the copy has besides content, given what the source has.
    package func copy(
        _ source: ObjectName,
        to name: ObjectName,
        conditions: WriteConditions = WriteConditions(),
        as caller: Caller,
        check: @escaping @Sendable (ObjectVersionRow) throws -> Void = { _ in },
        details: @escaping @Sendable (ObjectDetails) -> ObjectDetails = { $0 }
    ) async throws -> (source: FoundObject, copy: WrittenObject) {
        try Self.check(name.key)
        let (at, versionID) = (self.now(), self.newVersionID())
        return try await self.change(Self.resource(name.bucket, name.key), as: caller) { transaction in
            let sourceBucket = try transaction.ownBucket(source.bucket, for: .read, caller)
            let bucket = try transaction.writableBucket(name.bucket, caller)
            let original = try transaction.object(source)
            guard original.sizeBytes <= Self.maximumPutSizeBytes else {
                throw ArtifactError(.tooLarge, "The copy source is larger than the most that one copy may copy.")
            }
            try check(original)
            var copied = details(original.details)
            copied.parts = original.details.parts
            copied.checksum = original.details.checksum
            copied.isMultipart = original.details.isMultipart
            copied.uploadID = nil
            let draft = Draft(
                name: name, sizeBytes: original.sizeBytes, etag: original.etag, details: copied, at: at,
                conditions: conditions, versionID: versionID
            )
            let written = try self.commit(draft, to: bucket, caller, in: transaction) {
                try transaction.retain(draft.details.parts, in: self.blobs, at: at)
            }
            return (FoundObject(row: original, versioning: sourceBucket.versioning), written)
        }
    }

    /// Deletes objects of one bucket in one transaction. Deleting what is not there succeeds.
    ///
    /// Without a version id, a bucket with versioning gets a delete marker; with one, that version goes for good.
    ///
    /// - Returns: One for each deletion, in their order.
    package func delete(
        _ deletions: [Deletion], in bucketName: String, as caller: Caller
    ) async throws -> [DeletedObject] {
        let at = self.now()
        let markerIDs = deletions.map { _ in self.newVersionID() }
        return try await self.index.withArtifacts { transaction in
            let bucket = try transaction.writableBucket(bucketName, caller)
            try transaction.lockKeys(Set(deletions.map(\.key)), in: bucketName)
            // Content is given up in one order for all of them, since others may give up the same.
            var released: [ObjectPart] = []
            let deleted = try zip(deletions, markerIDs).map { deletion, markerID in
                let name = ObjectName(bucket: bucketName, key: deletion.key, versionID: deletion.versionID)
                do {
                    try deletion.conditions.check(try transaction.version(named: name))
                } catch let refusal as ArtifactError {
                    return DeletedObject(isDeleteMarker: false, refusal: refusal)
                }
                try transaction.record(caller, changed: Self.resource(bucketName, deletion.key), at: at)
                return try transaction.delete(
                    name, from: bucket, markerID: markerID, at: at, releasing: &released)
            }
            try transaction.release(released, at: at)
            return deleted
        }
    }
}

// MARK: - Steps that operations share

extension ArtifactStore {
    /// A version that is about to be written.
    struct Draft: Sendable {
        var name: ObjectName
        var sizeBytes: Int64
        var etag: String
        var details: ObjectDetails
        var at: Timestamp
        var conditions: WriteConditions
        /// What it is called in a bucket with versioning.
        var versionID: VersionID
    }

    static func check(_ key: ObjectKey) throws(ArtifactError) {
        guard !key.bytes.isEmpty else { throw ArtifactError(.invalidKey, "An object key has at least one byte.") }
        guard key.bytes.count <= ObjectKey.maximumSizeBytes else {
            throw ArtifactError(.keyTooLong, "Your key is too long")
        }
    }

    func newVersionID() -> VersionID { VersionID(self.newID().description.filter { $0 != "-" }) }

    /// Writes the version into its bucket, which is locked, and owes the source event of it.
    ///
    /// - Parameter retain: References the content; runs after the conditions have held.
    func commit(
        _ draft: Draft,
        to bucket: BucketRow,
        _ caller: Caller,
        in transaction: any ArtifactTransaction,
        retain: () throws -> Void
    ) throws -> WrittenObject {
        let (key, at) = (draft.name.key, draft.at)
        try transaction.lockKeys([key], in: bucket.name)
        try draft.conditions.check(try transaction.latestVersion(of: key, in: bucket.name))
        try retain()
        let versionID = bucket.versioning == .enabled ? draft.versionID : .null
        if versionID == .null, let former = try transaction.takeVersion(.null, of: key, in: bucket.name) {
            try transaction.release(former.details.parts, at: at)
        }
        var details = draft.details
        details.writer = caller.grant
        try transaction.insertVersion(
            ObjectVersionRow(
                bucket: bucket.name, key: key, versionID: versionID, sizeBytes: draft.sizeBytes, etag: draft.etag,
                lastModified: at, details: details
            )
        )
        try transaction.oweSourceEvent(
            ObjectChange(
                scope: bucket.scope, bucket: bucket.name, key: key,
                versionID: bucket.versioning == .enabled ? versionID : nil, etag: draft.etag, at: at
            )
        )
        return WrittenObject(
            versionID: bucket.versioning == .off ? nil : versionID, etag: draft.etag, checksum: details.checksum,
            lastModified: at
        )
    }
}

extension ArtifactTransaction {
    /// The version that the name means, be it a delete marker; `nil` when there is none.
    func version(named name: ObjectName) throws -> ObjectVersionRow? {
        guard let versionID = name.versionID else { return try self.latestVersion(of: name.key, in: name.bucket) }
        return try self.version(versionID, of: name.key, in: name.bucket)
    }

    /// The version that the name means, if it is an object.
    func object(_ name: ObjectName) throws -> ObjectVersionRow {
        let found: ObjectVersionRow
        if let versionID = name.versionID {
            guard let version = try self.version(versionID, of: name.key, in: name.bucket) else {
                throw ArtifactError(.noSuchVersion, "The specified version does not exist.")
            }
            found = version
        } else {
            guard let latest = try self.latestVersion(of: name.key, in: name.bucket) else {
                throw ArtifactError(.noSuchKey, "The specified key does not exist.")
            }
            found = latest
        }
        guard !found.isDeleteMarker else {
            throw ArtifactError(
                .deleteMarker(found.versionID, isLatest: name.versionID == nil), "The specified key does not exist."
            )
        }
        return found
    }

    /// Deletes a version, if it is there; its content is to be released. The key is locked.
    ///
    /// - Returns: The version that was there.
    func takeVersion(_ id: VersionID, of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow? {
        guard let version = try self.version(id, of: key, in: bucket) else { return nil }
        try self.deleteVersion(id, of: key, in: bucket)
        return version
    }

    /// Deletes what the name means, by the rules of the bucket's versioning. Bucket and key are locked.
    ///
    /// - Parameter released: Gets the content that is to be released.
    func delete(
        _ name: ObjectName, from bucket: BucketRow, markerID: VersionID, at: Timestamp,
        releasing released: inout [ObjectPart]
    ) throws -> DeletedObject {
        if let versionID = name.versionID {
            let deleted = try self.takeVersion(versionID, of: name.key, in: bucket.name)
            released += deleted?.details.parts ?? []
            return DeletedObject(versionID: versionID, isDeleteMarker: deleted?.isDeleteMarker ?? false)
        }
        if bucket.versioning != .enabled {
            released += try self.takeVersion(.null, of: name.key, in: bucket.name)?.details.parts ?? []
        }
        guard bucket.versioning != .off else { return DeletedObject(versionID: nil, isDeleteMarker: false) }
        let marker = ObjectVersionRow(
            bucket: bucket.name, key: name.key, versionID: bucket.versioning == .enabled ? markerID : .null,
            isDeleteMarker: true, sizeBytes: 0, etag: "", lastModified: at, details: ObjectDetails()
        )
        try self.insertVersion(marker)
        return DeletedObject(versionID: marker.versionID, isDeleteMarker: true)
    }
}
