// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// A bucket. Unique by `name` alone, over all scopes.
package struct BucketRow: Sendable, Hashable {
    /// What happens to an object that is written again or deleted.
    ///
    /// Goes from `off` to `enabled`, and between `enabled` and `suspended`; never back to `off`.
    package enum Versioning: String, Sendable, Hashable, CaseIterable { case off, enabled, suspended }

    package var name: String
    /// Who owns it, and the one region where it is.
    package var scope: Scope
    package var created: Timestamp
    package var versioning: Versioning

    package init(name: String, scope: Scope, created: Timestamp, versioning: Versioning = .off) {
        self.name = name
        self.scope = scope
        self.created = created
        self.versioning = versioning
    }
}

/// The name of a version in its key: `null` for what was written without versioning, else opaque ASCII of at most
/// ``maximumLength`` characters.
package struct VersionID: Sendable, Hashable, CustomStringConvertible {
    package let rawValue: String
    package init(_ rawValue: String) { self.rawValue = rawValue }
    package static let null = Self("null")
    /// Source: Amazon S3 User Guide, Version IDs.
    package static let maximumLength = 1024
    package var description: String { self.rawValue }
}

/// One version of one object, or a delete marker. Unique by (`bucket`, `key`, `versionID`), and by `sequence`.
package struct ObjectVersionRow: Sendable, Hashable {
    package var bucket: String
    package var key: ObjectKey
    package var versionID: VersionID
    /// Rises with each version that is inserted, over all buckets; ``ArtifactTransaction/insertVersion(_:)`` assigns it.
    /// Of a key's versions the one with the greatest is the latest.
    package var sequence: Int64
    /// Kept by the index on every insertion and deletion; exactly one version of each key that has any has it.
    package var isLatest: Bool
    package var isDeleteMarker: Bool
    package var sizeBytes: Int64
    /// Without quotation marks; empty on a delete marker.
    package var etag: String
    package var lastModified: Timestamp
    /// What no query looks into; databases keep it as its ``ObjectDetails/encoded()`` bytes. Listings read it too, but
    /// only of objects of one page.
    package var details: ObjectDetails

    /// What tells this content of the object from others: the version, or the ETag of what was written without one.
    package var revisionID: String { self.versionID == .null ? self.etag : self.versionID.rawValue }

    package init(
        bucket: String,
        key: ObjectKey,
        versionID: VersionID,
        sequence: Int64 = 0,
        isLatest: Bool = true,
        isDeleteMarker: Bool = false,
        sizeBytes: Int64,
        etag: String,
        lastModified: Timestamp,
        details: ObjectDetails
    ) {
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
        self.sequence = sequence
        self.isLatest = isLatest
        self.isDeleteMarker = isDeleteMarker
        self.sizeBytes = sizeBytes
        self.etag = etag
        self.lastModified = lastModified
        self.details = details
    }
}

/// A multipart upload that is neither completed nor aborted. Unique by `uploadID`.
package struct UploadRow: Sendable, Hashable {
    /// Opaque ASCII of at most 64 characters; of two the one that began first is the lesser.
    package var uploadID: String
    package var bucket: String
    package var key: ObjectKey
    package var initiated: Timestamp
    /// What the object will be; its `parts` are empty. Kept as its encoded bytes.
    package var details: ObjectDetails

    package init(uploadID: String, bucket: String, key: ObjectKey, initiated: Timestamp, details: ObjectDetails) {
        self.uploadID = uploadID
        self.bucket = bucket
        self.key = key
        self.initiated = initiated
        self.details = details
    }
}

/// One part of a multipart upload. Unique by (`uploadID`, `number`).
package struct PartRow: Sendable, Hashable {
    package var uploadID: String
    /// 1 to 10,000.
    package var number: Int
    package var blob: BlobHash
    package var sizeBytes: Int64
    package var etag: String
    package var checksum: ObjectChecksum?
    package var lastModified: Timestamp

    package init(
        uploadID: String,
        number: Int,
        blob: BlobHash,
        sizeBytes: Int64,
        etag: String,
        checksum: ObjectChecksum?,
        lastModified: Timestamp
    ) {
        self.uploadID = uploadID
        self.number = number
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.etag = etag
        self.checksum = checksum
        self.lastModified = lastModified
    }
}

/// How often the rows of versions and parts name a blob. Unique by `hash`.
package struct BlobRow: Sendable, Hashable {
    package var hash: BlobHash
    package var sizeBytes: Int64
    /// Never negative.
    package var references: Int64
    /// When `references` changed last; a blob is collected some time after it fell to zero.
    package var changed: Timestamp
    /// Of the object that has the content in another store; `nil` where it is a file.
    package var generation: UniqueID?

    package init(
        hash: BlobHash, sizeBytes: Int64, references: Int64, changed: Timestamp, generation: UniqueID? = nil
    ) {
        self.hash = hash
        self.sizeBytes = sizeBytes
        self.references = references
        self.changed = changed
        self.generation = generation
    }
}

/// An object of another store that is to be removed, since no blob is kept in it any more.
package struct CondemnedBlobRow: Sendable, Hashable {
    package var name: BlobName
    package var sizeBytes: Int64

    package init(name: BlobName, sizeBytes: Int64) {
        self.name = name
        self.sizeBytes = sizeBytes
    }
}

/// The job whose credentials a write came with, and which dispatch of it they were made for.
package struct JobWriteGrant: Sendable, Hashable {
    package var jobID: JobID
    package var dispatch: Int

    package init(jobID: JobID, dispatch: Int) {
        self.jobID = jobID
        self.dispatch = dispatch
    }
}

/// An object got a new latest version: what a source action that watches it wants to know.
package struct ObjectChange: Sendable, Hashable {
    /// The scope of the bucket.
    package var scope: Scope
    package var bucket: String
    package var key: ObjectKey
    /// `nil` in a bucket without versioning, where the ETag is the revision.
    package var versionID: VersionID?
    package var etag: String
    package var at: Timestamp

    package init(
        scope: Scope, bucket: String, key: ObjectKey, versionID: VersionID?, etag: String, at: Timestamp
    ) {
        self.scope = scope
        self.bucket = bucket
        self.key = key
        self.versionID = versionID
        self.etag = etag
        self.at = at
    }
}
