// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// Where buckets, versions, uploads and references to blobs are kept: what the store modules implement.
///
/// Transactions are short and synchronous, nothing in them awaits. A body may be run again after a conflict, so it has
/// no effects but those on its transaction (or such as may be repeated), and takes ids and instants from outside.
package protocol ArtifactIndex: Sendable {
    /// Runs the body in one transaction and returns once that is durable. What the body throws rolls it back and is
    /// thrown here unchanged.
    func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result

    /// Runs a body that only reads, on one snapshot; it need not wait for writers.
    func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result
}

/// What a transaction is going to do with a bucket's row, so that a database of many writers locks it as it must.
package enum BucketUse: Sendable, Hashable {
    /// No lock.
    case read
    /// Rows are written beneath it: it must not change or vanish meanwhile, others may write too (`FOR SHARE`).
    case writeBeneath
    /// It is changed or deleted (`FOR UPDATE`).
    case change
}

/// One transaction on the rows of artifacts.
///
/// Every order of keys is the order of their bytes, and every order of texts that of their UTF-8 (`COLLATE "C"`). Locks
/// are taken in the order bucket, key, upload, blobs. No method decides anything: rules live in ``ArtifactStore``.
package protocol ArtifactTransaction {
    // MARK: Buckets

    /// The bucket under this name in any scope, locked for the use; `nil` when there is none.
    func bucket(_ name: String, for use: BucketUse) throws -> BucketRow?

    /// The buckets of a scope by ascending name.
    func buckets(in scope: Scope) throws -> [BucketRow]

    /// - Returns: `false`, with nothing written, when the name is taken in any scope.
    func insertBucket(_ row: BucketRow) throws -> Bool

    /// Replaces the row of this name, which exists and is locked for `.change`.
    func updateBucket(_ row: BucketRow) throws

    /// Deletes the row of this name, which exists, is locked for `.change` and has neither versions nor uploads.
    func deleteBucket(_ name: String) throws

    /// Whether the bucket has any version (delete markers are versions) or any upload.
    func bucketHasContent(_ name: String) throws -> Bool

    // MARK: Object versions

    /// Lets no other transaction write versions of these keys until this one ends; called before reading what is then
    /// changed, once for all keys that are known by then. Nothing to do where there is one writer.
    func lockKeys(_ keys: Set<ObjectKey>, in bucket: String) throws

    /// The latest version of the key, which may be a delete marker; `nil` when it has none.
    func latestVersion(of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow?

    /// The version, which may be a delete marker.
    func version(_ id: VersionID, of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow?

    /// Inserts the version as its key's latest, with the next ``ObjectVersionRow/sequence`` (the row's own and its
    /// `isLatest` are ignored); the former latest is that no longer. The key is locked and has no such version id.
    func insertVersion(_ row: ObjectVersionRow) throws

    /// Deletes the version, if there is one; of the rest the one with the greatest sequence is the latest. The key is
    /// locked.
    func deleteVersion(_ id: VersionID, of key: ObjectKey, in bucket: String) throws

    /// Latest versions that are not delete markers, by ascending key: those with the prefix whose key is `from` or
    /// greater, at most `limit`.
    func latestVersions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, limit: Int
    ) throws -> [ObjectVersionRow]

    /// All versions and delete markers, by ascending key and within a key by descending sequence: those with the
    /// prefix whose key is greater than `from`, and those of `from` itself with a sequence below `below` (`nil`: all),
    /// at most `limit`.
    func versions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, below: Int64?, limit: Int
    ) throws -> [ObjectVersionRow]

    // MARK: Multipart uploads

    /// The upload; with `lock` no other transaction changes it or its parts until this one ends (`FOR UPDATE`).
    func upload(_ id: String, lock: Bool) throws -> UploadRow?

    /// The id is new.
    func insertUpload(_ row: UploadRow) throws

    /// Deletes the upload, which is locked, and all its parts.
    func deleteUpload(_ id: String) throws

    /// Uploads by ascending key and within a key by ascending id: those with the prefix whose key is greater than
    /// `from`, and those of `from` itself with an id greater than `after` (`nil`: all), at most `limit`.
    func uploads(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, after: String?, limit: Int
    ) throws -> [UploadRow]

    /// Uploads of all buckets by ascending id, which is the order in which they began: those with an id greater than
    /// `after` (empty: all), at most `limit`.
    func oldestUploads(after: String, limit: Int) throws -> [UploadRow]

    /// The part, if there is one.
    func part(_ number: Int, ofUpload id: String) throws -> PartRow?

    /// Inserts the part, or replaces the one of its number; the upload is locked.
    func putPart(_ row: PartRow) throws

    /// Parts by ascending number, those with a number greater than `after` (0: all), at most `limit`.
    func parts(ofUpload id: String, after: Int, limit: Int) throws -> [PartRow]

    // MARK: Blobs

    /// Adds to (or, negative, takes from) the references of a blob and sets `changed` to `at`. A blob without a row
    /// gets one; then `by` is not negative, and may be zero. The row stays locked, so that it is not forgotten meanwhile.
    func changeReferences(toBlob hash: BlobHash, sizeBytes: Int64, by count: Int64, at: Timestamp) throws

    /// The blob's row, if there is one.
    func blob(_ hash: BlobHash) throws -> BlobRow?

    /// Blobs with no references that changed before the instant, by ascending (`changed`, `hash`), at most `limit`.
    func unreferencedBlobs(changedBefore: Timestamp, limit: Int) throws -> [BlobRow]

    /// Deletes the row if it has no references and changed before the instant. Others that want to reference the blob
    /// wait for the end of this transaction.
    ///
    /// - Returns: Whether it did: `false` when there was no row.
    func forgetBlob(_ hash: BlobHash, changedBefore: Timestamp) throws -> Bool

    // MARK: Blobs that are objects of another store

    /// Gives a blob that has no row one without references, of this generation. One that is there keeps its own, and is
    /// left by collectors for as long as if it had just been given up: `changed` becomes `at`.
    ///
    /// - Returns: The row as it is now.
    func reserveBlob(_ hash: BlobHash, sizeBytes: Int64, generation: UniqueID, at: Timestamp) throws -> BlobRow

    /// Forgets the blob of this generation, if it has no references and changed before the instant, and remembers that
    /// its object is to be removed. Others that want to reference the blob wait for the end of this transaction.
    ///
    /// - Returns: Whether it did.
    func condemnBlob(_ name: BlobName, changedBefore: Timestamp) throws -> Bool

    /// Remembers that the object is to be removed; no blob has this generation.
    func insertCondemnedBlob(_ row: CondemnedBlobRow) throws

    /// Objects to be removed by ascending name, those with a name greater than `after`, at most `limit`.
    func condemnedBlobs(after: BlobName, limit: Int) throws -> [CondemnedBlobRow]

    /// The object has been removed.
    func deleteCondemnedBlob(_ name: BlobName) throws

    /// Whether there is any blob, with references or without.
    func hasBlobs() throws -> Bool

    // MARK: What lies outside the artifact store

    /// Whether the job is running and this is its current dispatch, so that credentials made for it still write. The
    /// answer holds until the transaction ends (the job's row is locked `FOR SHARE`).
    func jobAcceptsWrites(_ jobID: JobID, dispatch: Int) throws -> Bool

    /// Records that the pipelines of the scope whose source actions watch this object are to be told. A change that
    /// nobody watches may be dropped at once.
    func oweSourceEvent(_ change: ObjectChange) throws

    /// Adds to the audit log that the request changed the resource, an ARN of the scope.
    func record(_ request: ArtifactRequest, changed resource: String, in scope: Scope, at: Timestamp) throws
}
