// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

// MARK: - Buckets

extension PostgresTransaction {
    private static let bucketColumns = "name, account, region, created, versioning"

    /// Whether PostgreSQL can keep it as text at all; nothing that it has is named so if not.
    private static func isText(_ name: String) -> Bool { !name.utf8.contains(0) }

    func bucket(_ name: String, for use: BucketUse) throws -> BucketRow? {
        // Declarations name buckets, and whatever they say.
        guard Self.isText(name) else { return nil }
        let lock =
            switch use {
            case .read: ""
            case .writeBeneath: self.lock("FOR SHARE")
            case .change: self.lock("FOR UPDATE")
            }
        return try self.first(
            "SELECT \(Self.bucketColumns) FROM bucket WHERE name = $1\(lock)", [name], Self.bucketRow
        )
    }

    func buckets(in scope: Scope) throws -> [BucketRow] {
        try self.rows(
            "SELECT \(Self.bucketColumns) FROM bucket WHERE account = $1 AND region = $2 ORDER BY name",
            [scope.account, scope.region],
            Self.bucketRow
        )
    }

    func insertBucket(_ row: BucketRow) throws -> Bool {
        try self.change(
            "INSERT INTO bucket (\(Self.bucketColumns)) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO NOTHING",
            [row.name, row.scope.account, row.scope.region, row.created, row.versioning.rawValue]
        ) == 1
    }

    func updateBucket(_ row: BucketRow) throws {
        try self.gather(
            "UPDATE bucket SET account = $2, region = $3, created = $4, versioning = $5 WHERE name = $1",
            [row.name, row.scope.account, row.scope.region, row.created, row.versioning.rawValue],
            orElse: "there is no such bucket"
        )
    }

    func deleteBucket(_ name: String) throws {
        try self.gather("DELETE FROM bucket WHERE name = $1", [name])
    }

    func bucketHasContent(_ name: String) throws -> Bool {
        try self.first(
            """
            SELECT EXISTS (SELECT 1 FROM object_version WHERE bucket = $1)
                OR EXISTS (SELECT 1 FROM upload WHERE bucket = $1)
            """,
            [name]
        ) { try $0.bool() } ?? false
    }

    private static func bucketRow(_ row: inout PostgresRow) throws -> BucketRow {
        BucketRow(
            name: try row.text(),
            scope: try row.scope(),
            created: try row.timestamp(),
            versioning: try row.rawValue()
        )
    }
}

// MARK: - Object versions

extension PostgresTransaction {
    private static let versionColumns = """
        bucket, key, version_id, sequence, is_latest, is_delete_marker, size_bytes, etag, last_modified, details
        """

    /// Locks rows that stand for keys, since a key without versions has no row of its own. Keys that share one wait for
    /// each other, which does no harm; rows are locked in their order.
    func lockKeys(_ keys: Set<ObjectKey>, in bucket: String) throws {
        try self.lockNumbers(Set(keys.map { KeyLock.number(of: $0, in: bucket) }))
    }

    func latestVersion(of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow? {
        try self.first(
            "SELECT \(Self.versionColumns) FROM object_version WHERE bucket = $1 AND key = $2 AND is_latest",
            [bucket, key.bytes],
            Self.versionRow
        )
    }

    func version(_ id: VersionID, of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow? {
        // Starts of executions name versions, in any words.
        guard Self.isText(id.rawValue) else { return nil }
        return try self.first(
            "SELECT \(Self.versionColumns) FROM object_version WHERE bucket = $1 AND key = $2 AND version_id = $3",
            [bucket, key.bytes, id.rawValue],
            Self.versionRow
        )
    }

    func insertVersion(_ row: ObjectVersionRow) throws {
        try self.gather(
            "UPDATE object_version SET is_latest = false WHERE bucket = $1 AND key = $2 AND is_latest",
            [row.bucket, row.key.bytes]
        )
        try self.gather(
            """
            INSERT INTO object_version (bucket, key, version_id, is_latest, is_delete_marker, size_bytes, etag,
                last_modified, details)
            VALUES ($1, $2, $3, true, $4, $5, $6, $7, $8)
            """,
            [
                row.bucket, row.key.bytes, row.versionID.rawValue, row.isDeleteMarker, row.sizeBytes,
                row.etag,
                row.lastModified, row.details.encoded(),
            ]
        )
    }

    func deleteVersion(_ id: VersionID, of key: ObjectKey, in bucket: String) throws {
        let wasLatest = try self.first(
            "DELETE FROM object_version WHERE bucket = $1 AND key = $2 AND version_id = $3 RETURNING is_latest",
            [bucket, key.bytes, id.rawValue]
        ) { try $0.bool() }
        guard wasLatest == true else { return }
        try self.gather(
            """
            UPDATE object_version SET is_latest = true
            WHERE sequence = (SELECT max(sequence) FROM object_version WHERE bucket = $1 AND key = $2)
            """,
            [bucket, key.bytes]
        )
    }

    func latestVersions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, limit: Int
    ) throws -> [ObjectVersionRow] {
        try self.rows(
            """
            SELECT \(Self.versionColumns) FROM object_version
            WHERE bucket = $1 AND key >= $2 AND key < $3 AND is_latest AND NOT is_delete_marker
            ORDER BY key LIMIT $4
            """,
            [bucket, max(prefix, from).bytes, Self.end(of: prefix), limit],
            Self.versionRow
        )
    }

    /// The index holds the negated sequence, so that one comparison of pairs finds where the page starts.
    func versions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, below: Int64?, limit: Int
    ) throws -> [ObjectVersionRow] {
        let isInside = from >= prefix
        return try self.rows(
            """
            SELECT \(Self.versionColumns) FROM object_version
            WHERE bucket = $1 AND (key, -sequence) > ($2, $3) AND key < $4 ORDER BY key, -sequence LIMIT $5
            """,
            [
                bucket, (isInside ? from : prefix).bytes, isInside ? -(below ?? .max) : -.max,
                Self.end(of: prefix),
                limit,
            ],
            Self.versionRow
        )
    }

    /// What is greater than every key with the prefix.
    private static func end(of prefix: ObjectKey) -> [UInt8] {
        prefix.endOfPrefix?.bytes ?? [UInt8](repeating: 0xFF, count: ObjectKey.maximumSizeBytes + 1)
    }

    private static func versionRow(_ row: inout PostgresRow) throws -> ObjectVersionRow {
        ObjectVersionRow(
            bucket: try row.text(),
            key: ObjectKey(bytes: try row.bytes()),
            versionID: VersionID(try row.text()),
            sequence: try row.int64(),
            isLatest: try row.bool(),
            isDeleteMarker: try row.bool(),
            sizeBytes: try row.int64(),
            etag: try row.text(),
            lastModified: try row.timestamp(),
            details: try row.decoded { try ObjectDetails(decoding: $0) }
        )
    }
}

// MARK: - Uploads

extension PostgresTransaction {
    private static let uploadColumns = "id, bucket, key, initiated, details"

    func upload(_ id: String, lock: Bool) throws -> UploadRow? {
        try self.first(
            "SELECT \(Self.uploadColumns) FROM upload WHERE id = $1\(lock ? self.lock("FOR UPDATE") : "")",
            [id],
            Self.uploadRow
        )
    }

    func insertUpload(_ row: UploadRow) throws {
        try self.gather(
            "INSERT INTO upload (\(Self.uploadColumns)) VALUES ($1, $2, $3, $4, $5)",
            [row.uploadID, row.bucket, row.key.bytes, row.initiated, row.details.encoded()]
        )
    }

    func deleteUpload(_ id: String) throws {
        try self.gather("DELETE FROM upload WHERE id = $1", [id])
    }

    func uploads(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, after: String?, limit: Int
    ) throws -> [UploadRow] {
        let isInside = from >= prefix
        return try self.rows(
            """
            SELECT \(Self.uploadColumns) FROM upload
            WHERE bucket = $1 AND (key, id) > ($2, $3) AND key < $4 ORDER BY key, id LIMIT $5
            """,
            [
                bucket, (isInside ? from : prefix).bytes, isInside ? after ?? "" : "", Self.end(of: prefix),
                limit,
            ],
            Self.uploadRow
        )
    }

    func oldestUploads(after: String, limit: Int) throws -> [UploadRow] {
        try self.rows(
            "SELECT \(Self.uploadColumns) FROM upload WHERE id > $1 ORDER BY id LIMIT $2",
            [after, limit],
            Self.uploadRow
        )
    }

    private static let partColumns = "upload, number, blob, size_bytes, etag, checksum, last_modified"

    func part(_ number: Int, ofUpload id: String) throws -> PartRow? {
        try self.first(
            "SELECT \(Self.partColumns) FROM upload_part WHERE upload = $1 AND number = $2",
            [id, number], Self.partRow
        )
    }

    func putPart(_ row: PartRow) throws {
        try self.gather(
            """
            INSERT INTO upload_part (\(Self.partColumns)) VALUES ($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (upload, number) DO UPDATE SET blob = excluded.blob, size_bytes = excluded.size_bytes,
                etag = excluded.etag, checksum = excluded.checksum, last_modified = excluded.last_modified
            """,
            [
                row.uploadID, row.number, row.blob.bytes, row.sizeBytes, row.etag, row.checksum?.encoded(),
                row.lastModified,
            ]
        )
    }

    func parts(ofUpload id: String, after: Int, limit: Int) throws -> [PartRow] {
        try self.rows(
            "SELECT \(Self.partColumns) FROM upload_part WHERE upload = $1 AND number > $2 ORDER BY number LIMIT $3",
            [id, after, limit],
            Self.partRow
        )
    }

    private static func uploadRow(_ row: inout PostgresRow) throws -> UploadRow {
        UploadRow(
            uploadID: try row.text(),
            bucket: try row.text(),
            key: ObjectKey(bytes: try row.bytes()),
            initiated: try row.timestamp(),
            details: try row.decoded { try ObjectDetails(decoding: $0) }
        )
    }

    private static func partRow(_ row: inout PostgresRow) throws -> PartRow {
        let uploadID = try row.text()
        let number = try row.int()
        let blob = try Self.hash(&row)
        let sizeBytes = try row.int64()
        let etag = try row.text()
        let checksum: ObjectChecksum?
        do {
            checksum = try row.bytesIfPresent().map { bytes in try ObjectChecksum(decoding: bytes) }
        } catch {
            throw StoreError(
                .corrupt, "the checksum of a part cannot be read: \(error)", underlying: error)
        }
        return PartRow(
            uploadID: uploadID,
            number: number,
            blob: blob,
            sizeBytes: sizeBytes,
            etag: etag,
            checksum: checksum,
            lastModified: try row.timestamp()
        )
    }
}

// MARK: - Blobs

extension PostgresTransaction {
    private static let blobColumns = "hash, size_bytes, \"references\", changed, generation"

    func changeReferences(toBlob hash: BlobHash, sizeBytes: Int64, by count: Int64, at: Timestamp)
        throws
    {
        if count >= 0 {
            // Waited for, since who calls this looks next whether the file is there, and the row's lock keeps it there.
            _ = try self.change(
                """
                INSERT INTO blob (hash, size_bytes, "references", changed) VALUES ($1, $2, $3, $4)
                ON CONFLICT (hash) DO UPDATE
                SET "references" = blob."references" + excluded."references", changed = excluded.changed
                """,
                [hash.bytes, sizeBytes, count, at]
            )
        } else {
            // An insertion of a negative count would break the schema's rule before it met the row that is there.
            try self.gather(
                "UPDATE blob SET \"references\" = \"references\" + $2, changed = $3 WHERE hash = $1",
                [hash.bytes, count, at],
                orElse: "only a blob with references gives them up"
            )
        }
    }

    func blob(_ hash: BlobHash) throws -> BlobRow? {
        try self.first(
            "SELECT \(Self.blobColumns) FROM blob WHERE hash = $1", [hash.bytes], Self.blobRow)
    }

    func unreferencedBlobs(changedBefore: Timestamp, limit: Int) throws -> [BlobRow] {
        try self.rows(
            """
            SELECT \(Self.blobColumns) FROM blob WHERE "references" = 0 AND changed < $1
            ORDER BY changed, hash LIMIT $2
            """,
            [changedBefore, limit],
            Self.blobRow
        )
    }

    func forgetBlob(_ hash: BlobHash, changedBefore: Timestamp) throws -> Bool {
        try self.change(
            "DELETE FROM blob WHERE hash = $1 AND \"references\" = 0 AND changed < $2",
            [hash.bytes, changedBefore]
        ) == 1
    }

    private static func blobRow(_ row: inout PostgresRow) throws -> BlobRow {
        BlobRow(
            hash: try Self.hash(&row),
            sizeBytes: try row.int64(),
            references: try row.int64(),
            changed: try row.timestamp(),
            generation: try row.uuidIfPresent()
        )
    }

    private static func hash(_ row: inout PostgresRow) throws -> BlobHash {
        guard let hash = BlobHash(bytes: try row.bytes()) else {
            throw StoreError(.corrupt, "a stored hash cannot be read")
        }
        return hash
    }
}

// MARK: - Blobs that are objects of another store

extension PostgresTransaction {
    func reserveBlob(_ hash: BlobHash, sizeBytes: Int64, generation: UniqueID, at: Timestamp) throws -> BlobRow {
        let row = try self.first(
            """
            INSERT INTO blob (\(Self.blobColumns)) VALUES ($1, $2, 0, $3, $4)
            ON CONFLICT (hash) DO UPDATE SET changed = excluded.changed RETURNING \(Self.blobColumns)
            """,
            [hash.bytes, sizeBytes, at, generation],
            Self.blobRow
        )
        guard let row else { throw StoreError(.corrupt, "a blob that was reserved has no row") }
        return row
    }

    func condemnBlob(_ name: BlobName, changedBefore: Timestamp) throws -> Bool {
        let sizeBytes = try self.first(
            """
            DELETE FROM blob WHERE hash = $1 AND generation = $2 AND "references" = 0 AND changed < $3
            RETURNING size_bytes
            """,
            [name.hash.bytes, name.generation, changedBefore]
        ) { try $0.int64() }
        guard let sizeBytes else { return false }
        try self.insertCondemnedBlob(CondemnedBlobRow(name: name, sizeBytes: sizeBytes))
        return true
    }

    func insertCondemnedBlob(_ row: CondemnedBlobRow) throws {
        try self.gather(
            "INSERT INTO condemned_blob (hash, generation, size_bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            [row.name.hash.bytes, row.name.generation, row.sizeBytes]
        )
    }

    func condemnedBlobs(after: BlobName, limit: Int) throws -> [CondemnedBlobRow] {
        try self.rows(
            """
            SELECT hash, generation, size_bytes FROM condemned_blob WHERE (hash, generation) > ($1, $2)
            ORDER BY hash, generation LIMIT $3
            """,
            [after.hash.bytes, after.generation, limit],
            Self.condemnedBlobRow
        )
    }

    func deleteCondemnedBlob(_ name: BlobName) throws {
        try self.gather(
            "DELETE FROM condemned_blob WHERE hash = $1 AND generation = $2", [name.hash.bytes, name.generation]
        )
    }

    func hasBlobs() throws -> Bool {
        try self.first("SELECT hash FROM blob WHERE hash > $1 LIMIT 1", [BlobHash.zero.bytes]) { _ in true } ?? false
    }

    private static func condemnedBlobRow(_ row: inout PostgresRow) throws -> CondemnedBlobRow {
        let name = BlobName(hash: try Self.hash(&row), generation: try row.uuid())
        return CondemnedBlobRow(name: name, sizeBytes: try row.int64())
    }
}
