// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

// MARK: - Buckets

extension SQLiteTransaction {
    func bucket(_ name: String, for use: BucketUse) throws -> BucketRow? {
        try self.connection.first(.bucket, .text(name), map: Self.bucketRow)
    }

    func buckets(in scope: Scope) throws -> [BucketRow] {
        try self.connection.rows(
            .buckets, .text(scope.account.rawValue), .text(scope.region.rawValue), map: Self.bucketRow
        )
    }

    func insertBucket(_ row: BucketRow) throws -> Bool { try self.write(row, .insertBucket) == 1 }

    func updateBucket(_ row: BucketRow) throws {
        guard try self.write(row, .updateBucket) == 1 else { throw self.constraint("there is no such bucket") }
    }

    func deleteBucket(_ name: String) throws { try self.connection.run(.deleteBucket, .text(name)) }

    func bucketHasContent(_ name: String) throws -> Bool {
        for statement in [StatementText.bucketVersionExists, .bucketUploadExists] {
            if try self.connection.first(statement, .text(name), map: { _ in true }) != nil { return true }
        }
        return false
    }

    private func write(_ row: BucketRow, _ statement: StatementText) throws -> Int {
        try self.connection.run(
            statement,
            .text(row.name), .text(row.scope.account.rawValue), .text(row.scope.region.rawValue), .time(row.created),
            .text(row.versioning.rawValue)
        )
    }

    private static func bucketRow(_ row: SQLRow) throws -> BucketRow {
        BucketRow(
            name: row.text(0),
            scope: try row.scope(account: 1, region: 2),
            created: row.time(3),
            versioning: try row.value(4)
        )
    }
}

// MARK: - Object versions

extension SQLiteTransaction {
    func lockKeys(_ keys: Set<ObjectKey>, in bucket: String) {}

    func latestVersion(of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow? {
        try self.connection.first(.latestVersion, .text(bucket), .blob(key.bytes), map: Self.versionRow)
    }

    func version(_ id: VersionID, of key: ObjectKey, in bucket: String) throws -> ObjectVersionRow? {
        try self.connection.first(.version, .text(bucket), .blob(key.bytes), .text(id.rawValue), map: Self.versionRow)
    }

    func insertVersion(_ row: ObjectVersionRow) throws {
        let key = SQLValue.blob(row.key.bytes)
        try self.connection.run(.clearLatest, .text(row.bucket), key)
        try self.connection.run(
            .insertVersion,
            .text(row.bucket), key, .text(row.versionID.rawValue), .bool(row.isDeleteMarker), .integer(row.sizeBytes),
            .text(row.etag), .time(row.lastModified), .blob(row.details.encoded())
        )
    }

    func deleteVersion(_ id: VersionID, of key: ObjectKey, in bucket: String) throws {
        let wasLatest = try self.connection.rows(
            .deleteVersion, .text(bucket), .blob(key.bytes), .text(id.rawValue)
        ) { $0.bool(0) }
        if wasLatest == [true] { try self.connection.run(.setLatest, .text(bucket), .blob(key.bytes)) }
    }

    func latestVersions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, limit: Int
    ) throws -> [ObjectVersionRow] {
        try self.connection.rows(
            .latestVersions,
            .text(bucket), .blob(max(prefix, from).bytes), .blob(Self.end(of: prefix)), .integer(limit),
            map: Self.versionRow
        )
    }

    /// First what is left of the key to go on from, then the keys after it.
    func versions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, below: Int64?, limit: Int
    ) throws -> [ObjectVersionRow] {
        var rows: [ObjectVersionRow] = []
        if from.hasPrefix(prefix) {
            rows = try self.connection.rows(
                .versionsOfKey,
                .text(bucket), .blob(from.bytes), .integer(below ?? .max), .integer(limit),
                map: Self.versionRow
            )
        }
        guard rows.count < limit else { return rows }
        let start = from < prefix ? prefix : from.successor
        return rows
            + (try self.connection.rows(
                .versions,
                .text(bucket), .blob(start.bytes), .blob(Self.end(of: prefix)), .integer(limit - rows.count),
                map: Self.versionRow
            ))
    }

    /// What is greater than every key with the prefix.
    private static func end(of prefix: ObjectKey) -> [UInt8] {
        prefix.endOfPrefix?.bytes ?? [UInt8](repeating: 0xFF, count: ObjectKey.maximumSizeBytes + 1)
    }

    private static func versionRow(_ row: SQLRow) throws -> ObjectVersionRow {
        ObjectVersionRow(
            bucket: row.text(0),
            key: ObjectKey(bytes: row.blob(1)),
            versionID: VersionID(row.text(2)),
            sequence: row.integer(3),
            isLatest: row.bool(4),
            isDeleteMarker: row.bool(5),
            sizeBytes: row.integer(6),
            etag: row.text(7),
            lastModified: row.time(8),
            details: try Self.details(row.blob(9))
        )
    }

    private static func details(_ bytes: [UInt8]) throws -> ObjectDetails {
        do {
            return try ObjectDetails(decoding: bytes)
        } catch {
            throw StoreError(.corrupt, "the details of an object cannot be read: \(error)", underlying: error)
        }
    }
}

// MARK: - Uploads

extension SQLiteTransaction {
    func upload(_ id: String, lock: Bool) throws -> UploadRow? {
        try self.connection.first(.upload, .text(id), map: Self.uploadRow)
    }

    func insertUpload(_ row: UploadRow) throws {
        try self.connection.run(
            .insertUpload,
            .text(row.uploadID), .text(row.bucket), .blob(row.key.bytes), .time(row.initiated),
            .blob(row.details.encoded())
        )
    }

    func deleteUpload(_ id: String) throws { try self.connection.run(.deleteUpload, .text(id)) }

    func uploads(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, after: String?, limit: Int
    ) throws -> [UploadRow] {
        let isInside = from >= prefix
        return try self.connection.rows(
            .uploads,
            .text(bucket), .blob((isInside ? from : prefix).bytes), .text(isInside ? after ?? "" : ""),
            .blob(Self.end(of: prefix)), .integer(limit),
            map: Self.uploadRow
        )
    }

    func oldestUploads(after: String, limit: Int) throws -> [UploadRow] {
        try self.connection.rows(.oldestUploads, .text(after), .integer(limit), map: Self.uploadRow)
    }

    func part(_ number: Int, ofUpload id: String) throws -> PartRow? {
        try self.connection.first(.part, .text(id), .integer(number), map: Self.partRow)
    }

    func putPart(_ row: PartRow) throws {
        try self.connection.run(
            .putPart,
            .text(row.uploadID), .integer(row.number), .blob(row.blob.bytes), .integer(row.sizeBytes),
            .text(row.etag), .blob(row.checksum?.encoded()), .time(row.lastModified)
        )
    }

    func parts(ofUpload id: String, after: Int, limit: Int) throws -> [PartRow] {
        try self.connection.rows(.parts, .text(id), .integer(after), .integer(limit), map: Self.partRow)
    }

    private static func uploadRow(_ row: SQLRow) throws -> UploadRow {
        UploadRow(
            uploadID: row.text(0),
            bucket: row.text(1),
            key: ObjectKey(bytes: row.blob(2)),
            initiated: row.time(3),
            details: try Self.details(row.blob(4))
        )
    }

    private static func partRow(_ row: SQLRow) throws -> PartRow {
        let checksum: ObjectChecksum?
        do {
            checksum = try row.optionalBlob(5).map { bytes in try ObjectChecksum(decoding: bytes) }
        } catch {
            throw StoreError(.corrupt, "the checksum of a part cannot be read: \(error)", underlying: error)
        }
        return PartRow(
            uploadID: row.text(0),
            number: Int(row.integer(1)),
            blob: try Self.hash(row.blob(2)),
            sizeBytes: row.integer(3),
            etag: row.text(4),
            checksum: checksum,
            lastModified: row.time(6)
        )
    }
}

// MARK: - Blobs

extension SQLiteTransaction {
    func changeReferences(toBlob hash: BlobHash, sizeBytes: Int64, by count: Int64, at: Timestamp) throws {
        if count >= 0 {
            try self.connection.run(
                .changeReferences, .blob(hash.bytes), .integer(sizeBytes), .integer(count), .time(at)
            )
        } else {
            // An insertion of a negative count would break the schema's rule before it met the row that is there.
            let changed = try self.connection.run(.reduceReferences, .blob(hash.bytes), .integer(count), .time(at))
            guard changed == 1 else { throw self.constraint("only a blob with references gives them up") }
        }
    }

    func blob(_ hash: BlobHash) throws -> BlobRow? {
        try self.connection.first(.blob, .blob(hash.bytes), map: Self.blobRow)
    }

    func unreferencedBlobs(changedBefore: Timestamp, limit: Int) throws -> [BlobRow] {
        try self.connection.rows(.unreferencedBlobs, .time(changedBefore), .integer(limit), map: Self.blobRow)
    }

    func forgetBlob(_ hash: BlobHash, changedBefore: Timestamp) throws -> Bool {
        try self.connection.run(.forgetBlob, .blob(hash.bytes), .time(changedBefore)) == 1
    }

    private static func blobRow(_ row: SQLRow) throws -> BlobRow {
        BlobRow(
            hash: try Self.hash(row.blob(0)),
            sizeBytes: row.integer(1),
            references: row.integer(2),
            changed: row.time(3),
            generation: row.isNull(4) ? nil : row.uniqueID(4)
        )
    }

    fileprivate static func hash(_ bytes: [UInt8]) throws -> BlobHash {
        guard let hash = BlobHash(bytes: bytes) else { throw StoreError(.corrupt, "a stored hash cannot be read") }
        return hash
    }
}

// MARK: - Blobs that are objects of another store

extension SQLiteTransaction {
    func reserveBlob(_ hash: BlobHash, sizeBytes: Int64, generation: UniqueID, at: Timestamp) throws -> BlobRow {
        let row = try self.connection.first(
            .reserveBlob, .blob(hash.bytes), .integer(sizeBytes), .time(at), .id(generation), map: Self.blobRow
        )
        guard let row else { throw StoreError(.corrupt, "a blob that was reserved has no row") }
        return row
    }

    func condemnBlob(_ name: BlobName, changedBefore: Timestamp) throws -> Bool {
        let sizeBytes = try self.connection.first(
            .forgetBlobOfGeneration, .blob(name.hash.bytes), .id(name.generation), .time(changedBefore)
        ) { $0.integer(0) }
        guard let sizeBytes else { return false }
        try self.insertCondemnedBlob(CondemnedBlobRow(name: name, sizeBytes: sizeBytes))
        return true
    }

    func insertCondemnedBlob(_ row: CondemnedBlobRow) throws {
        try self.connection.run(
            .insertCondemnedBlob, .blob(row.name.hash.bytes), .id(row.name.generation), .integer(row.sizeBytes)
        )
    }

    func condemnedBlobs(after: BlobName, limit: Int) throws -> [CondemnedBlobRow] {
        try self.connection.rows(
            .condemnedBlobs, .blob(after.hash.bytes), .id(after.generation), .integer(limit),
            map: Self.condemnedBlobRow
        )
    }

    func deleteCondemnedBlob(_ name: BlobName) throws {
        try self.connection.run(.deleteCondemnedBlob, .blob(name.hash.bytes), .id(name.generation))
    }

    func hasBlobs() throws -> Bool {
        try self.connection.first(.anyBlob, .blob(BlobHash.zero.bytes)) { _ in true } ?? false
    }

    private static func condemnedBlobRow(_ row: SQLRow) throws -> CondemnedBlobRow {
        let name = BlobName(hash: try Self.hash(row.blob(0)), generation: row.uniqueID(1))
        return CondemnedBlobRow(name: name, sizeBytes: row.integer(2))
    }
}
