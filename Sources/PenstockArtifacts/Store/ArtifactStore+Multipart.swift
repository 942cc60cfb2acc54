// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import PenstockModel

/// A multipart upload as its client names it.
package struct UploadName: Sendable, Hashable {
    package var bucket: String
    package var key: ObjectKey
    package var uploadID: String

    package init(bucket: String, key: ObjectKey, uploadID: String) {
        self.bucket = bucket
        self.key = key
        self.uploadID = uploadID
    }
}

/// A part as the client lists it to complete an upload.
package struct CompletedPart: Sendable, Hashable {
    package var number: Int
    package var etag: String
    /// In base64, if the client sent one.
    package var checksum: String?

    package init(number: Int, etag: String, checksum: String? = nil) {
        self.number = number
        self.etag = etag
        self.checksum = checksum
    }
}

extension ArtifactStore {
    /// Source: Amazon S3 User Guide, Amazon S3 multipart upload limits.
    package static let maximumPartNumber = 10_000
    /// Of every part but the last. Source: the same.
    package static let minimumPartSizeBytes: Int64 = 5 << 20

    /// Begins a multipart upload.
    ///
    /// - Parameter details: Headers, metadata, and of the checksum the algorithm and coverage.
    /// - Returns: Its upload id.
    package func createUpload(
        _ name: ObjectName, details: ObjectDetails, as caller: Caller
    ) async throws -> String {
        try Self.check(name.key)
        let at = self.now()
        let instant = String(UInt64(bitPattern: at.millisecondsSinceEpoch), radix: 16)
        let padding = String(repeating: "0", count: 16 - instant.count)
        let uploadID = padding + instant + self.newVersionID().rawValue
        try await self.change(Self.resource(name.bucket, name.key), as: caller) { transaction in
            _ = try transaction.writableBucket(name.bucket, caller)
            try transaction.insertUpload(
                UploadRow(uploadID: uploadID, bucket: name.bucket, key: name.key, initiated: at, details: details)
            )
        }
        return uploadID
    }

    /// The upload, if it is one of this bucket and key.
    package func upload(_ name: UploadName, as caller: Caller) async throws -> UploadRow {
        try await self.index.readArtifacts { transaction in
            _ = try transaction.ownBucket(name.bucket, for: .read, caller)
            return try transaction.upload(name, lock: false)
        }
    }

    /// Stores one part; a part of the same number is replaced. Returns when it is durable.
    ///
    /// - Parameter produce: Writes the content and returns the checksum to keep.
    package func putPart(
        _ number: Int,
        of name: UploadName,
        expecting: ExpectedContent = ExpectedContent(),
        as caller: Caller,
        _ produce: (BlobWriter) async throws -> ObjectChecksum?
    ) async throws -> PartRow {
        guard 1...Self.maximumPartNumber ~= number else {
            throw ArtifactError(
                .invalidPartNumber,
                "Part number must be an integer between 1 and \(Self.maximumPartNumber), inclusive"
            )
        }
        try await self.index.readArtifacts { transaction in
            _ = try transaction.writableBucket(name.bucket, caller)
            _ = try transaction.upload(name, lock: false)
        }
        return try await self.store(expecting, produce) { blob, checksum in
            let row = PartRow(
                uploadID: name.uploadID, number: number, blob: blob.hash, sizeBytes: blob.sizeBytes,
                etag: hexadecimal(blob.md5), checksum: checksum, lastModified: self.now()
            )
            try await self.change(Self.resource(name.bucket, name.key), as: caller) { transaction in
                _ = try transaction.writableBucket(name.bucket, caller)
                _ = try transaction.upload(name, lock: true)
                let replaced = try transaction.part(number, ofUpload: name.uploadID)
                try transaction.putPart(row)
                try transaction.retain(blob, in: self.blobs, at: row.lastModified)
                if let replaced { try transaction.release([ObjectPart(replaced)], at: row.lastModified) }
            }
            return row
        }
    }

    /// Parts by number, those after the given one, and whether there are more.
    package func parts(
        of name: UploadName, after number: Int, limit: Int, as caller: Caller
    ) async throws -> (upload: UploadRow, parts: [PartRow], isTruncated: Bool) {
        let limit = min(max(limit, 0), Self.maximumPageSize)
        return try await self.index.readArtifacts { transaction in
            _ = try transaction.ownBucket(name.bucket, for: .read, caller)
            let upload = try transaction.upload(name, lock: false)
            let parts = try transaction.parts(ofUpload: name.uploadID, after: number, limit: limit + 1)
            return (upload, Array(parts.prefix(limit)), parts.count > limit)
        }
    }

    /// Makes one object of the parts listed, and ends the upload. No bytes move.
    ///
    /// A client that did not hear the answer asks again: as long as the version is there, it is told of it once more,
    /// and nothing changes.
    ///
    /// - Parameters:
    ///   - parts: By ascending number; every one but the last has at least ``minimumPartSizeBytes``.
    ///   - checksum: Works out the checksum of the whole from those of the parts, or refuses.
    package func completeUpload(
        _ name: UploadName,
        parts listed: [CompletedPart],
        conditions: WriteConditions = WriteConditions(),
        as caller: Caller,
        checksum: @escaping @Sendable (UploadRow, [ObjectPart]) throws -> ObjectChecksum?
    ) async throws -> WrittenObject {
        let at = self.now()
        return try await self.change(Self.resource(name.bucket, name.key), as: caller) { transaction in
            let bucket = try transaction.writableBucket(name.bucket, caller)
            try transaction.lockKeys([name.key], in: name.bucket)
            if let earlier = try transaction.completedVersion(of: name), Self.isMade(earlier, of: listed) {
                return WrittenObject(
                    versionID: bucket.versioning == .off ? nil : earlier.versionID, etag: earlier.etag,
                    checksum: earlier.details.checksum, lastModified: earlier.lastModified
                )
            }
            let upload = try transaction.upload(name, lock: true)
            let stored = try transaction.parts(ofUpload: name.uploadID, after: 0, limit: Self.maximumPartNumber)
            let chosen = try Self.choose(listed, from: stored)
            var details = upload.details
            details.parts = chosen.map(ObjectPart.init)
            details.checksum = try checksum(upload, details.parts)
            details.isMultipart = true
            details.uploadID = name.uploadID
            let draft = Draft(
                name: ObjectName(bucket: name.bucket, key: name.key),
                sizeBytes: chosen.reduce(0) { $0 + $1.sizeBytes }, etag: Self.etag(of: chosen.map(\.etag)),
                details: details,
                at: at, conditions: conditions, versionID: VersionID(ofUpload: name.uploadID)
            )
            return try self.commit(draft, to: bucket, caller, in: transaction) {
                let kept = Set(chosen.map(\.number))
                try transaction.deleteUpload(name.uploadID)
                // The object takes over the references of the parts it is made of.
                try transaction.release(stored.filter { !kept.contains($0.number) }.map(ObjectPart.init), at: at)
            }
        }
    }

    /// Ends the upload and gives up its parts.
    package func abortUpload(_ name: UploadName, as caller: Caller) async throws {
        let at = self.now()
        try await self.change(Self.resource(name.bucket, name.key), as: caller) { transaction in
            _ = try transaction.writableBucket(name.bucket, caller)
            try transaction.abandon(try transaction.upload(name, lock: true), at: at)
        }
    }

    private static func choose(_ listed: [CompletedPart], from stored: [PartRow]) throws -> [PartRow] {
        guard !listed.isEmpty else { throw ArtifactError(.invalidPart, "You must specify at least one part") }
        guard zip(listed, listed.dropFirst()).allSatisfy({ $0.number < $1.number }) else {
            throw ArtifactError(.invalidPartOrder, "The list of parts was not in ascending order.")
        }
        let byNumber = Dictionary(stored.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        let chosen = try listed.map { part in
            guard let row = byNumber[part.number], row.etag == part.etag,
                part.checksum == nil || part.checksum == row.checksum?.value
            else {
                throw ArtifactError(
                    .invalidPart,
                    "Part \(part.number) was not uploaded, or its entity tag or checksum is not the one listed."
                )
            }
            return row
        }
        guard chosen.dropLast().allSatisfy({ $0.sizeBytes >= Self.minimumPartSizeBytes }) else {
            throw ArtifactError(.partTooSmall, "Your proposed upload is smaller than the minimum allowed size")
        }
        return chosen
    }

    /// Whether these parts are those that the version was made of.
    private static func isMade(_ version: ObjectVersionRow, of listed: [CompletedPart]) -> Bool {
        version.details.parts.map(\.number) == listed.map(\.number) && version.etag == Self.etag(of: listed.map(\.etag))
    }

    /// The MD5 of the parts' MD5s, and how many they are.
    private static func etag(of parts: [String]) -> String {
        var md5 = Insecure.MD5()
        for part in parts { md5.update(data: digits(part)) }
        return "\(hexadecimal(md5.finalize()))-\(parts.count)"
    }

    private static func digits(_ hex: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = hex[...]
        while rest.count >= 2 {
            bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

extension ArtifactTransaction {
    func upload(_ name: UploadName, lock: Bool) throws -> UploadRow {
        guard let upload = try self.upload(name.uploadID, lock: lock), upload.bucket == name.bucket,
            upload.key == name.key
        else {
            throw ArtifactError(
                .noSuchUpload,
                "The specified upload does not exist. It may have been aborted or completed."
            )
        }
        return upload
    }

    /// What the upload became, if that is still there. The key is locked.
    func completedVersion(of name: UploadName) throws -> ObjectVersionRow? {
        for id in [VersionID(ofUpload: name.uploadID), .null] {
            let version = try self.version(id, of: name.key, in: name.bucket)
            if let version, version.details.uploadID == name.uploadID { return version }
        }
        return nil
    }

    /// Ends an upload, which is locked, without an object.
    func abandon(_ upload: UploadRow, at: Timestamp) throws {
        let parts = try self.parts(ofUpload: upload.uploadID, after: 0, limit: ArtifactStore.maximumPartNumber)
        try self.deleteUpload(upload.uploadID)
        try self.release(parts.map(ObjectPart.init), at: at)
    }
}

extension VersionID {
    private static let suffixLength = 32

    /// What an upload becomes in a bucket with versioning: named by the upload, so that it is found by it.
    init(ofUpload id: String) { self.init(String(id.suffix(Self.suffixLength))) }
}

extension ObjectPart {
    init(_ row: PartRow) {
        self.init(number: row.number, blob: row.blob, sizeBytes: row.sizeBytes, checksum: row.checksum)
    }
}
