// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// Buckets and objects: content in a ``BlobStore``, everything else in an ``ArtifactIndex``.
///
/// Each operation decides in one transaction. Content is durable before the transaction that names it begins, so a
/// version never lacks its bytes; content that no transaction came to name is collected.
///
/// Who may do what is decided before; the store checks only what the data says: whose a bucket is, and whether the job
/// that a write is made for still writes.
package struct ArtifactStore: Sendable {
    /// In whose name an operation is done.
    package struct Caller: Sendable, Hashable {
        /// Only buckets of this scope are in reach.
        package var scope: Scope
        /// Of a job's session: asked about in the transaction of each write.
        package var grant: JobWriteGrant?
        /// Recorded with each change; `nil` when the service acts by itself.
        package var request: ArtifactRequest?

        package init(scope: Scope, grant: JobWriteGrant? = nil, request: ArtifactRequest? = nil) {
            self.scope = scope
            self.grant = grant
            self.request = request
        }
    }

    /// Source: Amazon S3 User Guide, Uploading objects.
    package static let maximumPutSizeBytes: Int64 = 5 << 30
    /// The most that one page of a listing holds.
    package static let maximumPageSize = 1000

    let index: any ArtifactIndex
    let blobs: BlobStore
    let now: @Sendable () -> Timestamp
    let newID: @Sendable () -> UniqueID

    /// - Parameters:
    ///   - now: The service's clock.
    ///   - newID: Never the same twice; version ids, upload ids and temporary files are named with it.
    package init(
        index: any ArtifactIndex,
        blobs: BlobStore,
        now: @escaping @Sendable () -> Timestamp,
        newID: @escaping @Sendable () -> UniqueID
    ) {
        self.index = index
        self.blobs = blobs
        self.now = now
        self.newID = newID
    }
}

// MARK: - Buckets

extension ArtifactStore {
    /// Makes a bucket in the caller's scope.
    ///
    /// - Throws: ``ArtifactError`` with code `invalidBucketName`, `bucketTaken` or `bucketAlreadyYours`.
    package func createBucket(_ name: String, as caller: Caller) async throws {
        guard Self.isBucketName(name) else {
            throw ArtifactError(.invalidBucketName, "The specified bucket is not valid.")
        }
        let row = BucketRow(name: name, scope: caller.scope, created: self.now())
        try await self.change(Self.resource(name), as: caller) { transaction in
            if try transaction.insertBucket(row) { return }
            guard try transaction.bucket(name, for: .read)?.scope == row.scope else {
                throw ArtifactError(.bucketTaken, "The requested bucket name is not available.")
            }
            throw ArtifactError(.bucketAlreadyYours, "The bucket exists and is yours.")
        }
    }

    /// The caller's buckets by name.
    package func buckets(as caller: Caller) async throws -> [BucketRow] {
        try await self.index.readArtifacts { try $0.buckets(in: caller.scope) }
    }

    /// - Throws: ``ArtifactError`` with code `noSuchBucket`, `accessDenied` or `wrongRegion`.
    package func bucket(_ name: String, as caller: Caller) async throws -> BucketRow {
        try await self.index.readArtifacts { try $0.ownBucket(name, for: .read, caller) }
    }

    /// Deletes a bucket that has neither versions nor unfinished uploads.
    package func deleteBucket(_ name: String, as caller: Caller) async throws {
        try await self.change(Self.resource(name), as: caller) { transaction in
            _ = try transaction.ownBucket(name, for: .change, caller)
            guard try !transaction.bucketHasContent(name) else {
                throw ArtifactError(.bucketNotEmpty, "The bucket you tried to delete is not empty.")
            }
            try transaction.deleteBucket(name)
        }
    }

    /// Turns versioning on, or suspends it.
    package func setVersioning(enabled: Bool, of name: String, as caller: Caller) async throws {
        try await self.change(Self.resource(name), as: caller) { transaction in
            var bucket = try transaction.ownBucket(name, for: .change, caller)
            bucket.versioning = enabled ? .enabled : .suspended
            try transaction.updateBucket(bucket)
        }
    }

    /// Lower-case letters, digits, dots and hyphens, 3 to 63, with a letter or digit at both ends, no two dots in a
    /// row, and not of the form of an IPv4 address.
    ///
    /// Source: Amazon S3 User Guide, General purpose bucket naming rules.
    package static func isBucketName(_ name: String) -> Bool {
        func isAlphanumeric(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte || 0x30...0x39 ~= byte }
        let bytes = Array(name.utf8)
        guard 3...63 ~= bytes.count, let first = bytes.first, let last = bytes.last else { return false }
        guard isAlphanumeric(first), isAlphanumeric(last) else { return false }
        guard bytes.allSatisfy({ isAlphanumeric($0) || $0 == 0x2E || $0 == 0x2D }) else { return false }
        let labels = name.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        let isAddress = labels.count == 4 && labels.allSatisfy { $0.allSatisfy { 0x30...0x39 ~= $0 } }
        return labels.allSatisfy { !$0.isEmpty } && !isAddress
    }
}

// MARK: - What every operation checks

extension ArtifactTransaction {
    /// The bucket, if it is the caller's.
    func ownBucket(_ name: String, for use: BucketUse, _ caller: ArtifactStore.Caller) throws -> BucketRow {
        guard let bucket = try self.bucket(name, for: use) else {
            throw ArtifactError(.noSuchBucket, "The specified bucket does not exist.")
        }
        guard bucket.scope.account == caller.scope.account else {
            throw ArtifactError(.accessDenied, "Access Denied")
        }
        guard bucket.scope.region == caller.scope.region else {
            throw ArtifactError(
                .wrongRegion(bucket.scope.region), "The bucket is in the region \(bucket.scope.region).")
        }
        return bucket
    }

    /// The bucket, if the caller's and open to the caller's writes at this moment.
    func writableBucket(_ name: String, _ caller: ArtifactStore.Caller) throws -> BucketRow {
        let bucket = try self.ownBucket(name, for: .writeBeneath, caller)
        if let grant = caller.grant, try !self.jobAcceptsWrites(grant.jobID, dispatch: grant.dispatch) {
            throw ArtifactError(.grantEnded, "The job that these credentials were made for no longer writes.")
        }
        return bucket
    }

    /// One row less names each of the parts' blobs.
    func release(_ parts: [ObjectPart], at: Timestamp) throws {
        for part in parts.sorted(by: { $0.blob < $1.blob }) {
            try self.changeReferences(toBlob: part.blob, sizeBytes: part.sizeBytes, by: -1, at: at)
        }
    }
}
