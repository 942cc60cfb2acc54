// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import PenstockSigning

/// One part of an object, as the store has confirmed it.
struct UploadedPart: Sendable, Hashable {
    var number: Int
    var etag: String
    /// CRC-64/NVME in base64.
    var checksum: String
}

/// Writes one object: in one request when it fits into a part, else in parts.
///
/// Source: Amazon S3 User Guide, Uploading and copying objects using multipart upload: 10,000 parts of 5 MiB to 5 GiB.
struct Upload: Sendable {
    private static let maximumParts = 10_000
    private static let maximumPartBytes: Int64 = 5 << 30
    /// How long the store may take to put parts together before it answers.
    private static let completionPatience = Duration.seconds(300)
    private static let concurrentParts = 3

    let caller: S3Caller
    let place: ArtifactPlace
    let credentials: JobCredentials
    let encryptionKey: EncryptionKey?
    let contentType: String

    func run(_ source: some UploadSource) async throws -> StoredArtifact {
        var source = source
        let partBytes = try self.partBytes(for: source.sizeBytes)
        let first = try await source.next(partBytes)
        guard first.count == partBytes else { return try await self.put(first) }
        let uploadID = try await self.create()
        do {
            let (parts, checksum) = try await self.parts(of: uploadID, first, partBytes, source)
            return try await self.complete(uploadID, parts, checksum: checksum)
        } catch {
            await self.abort(uploadID)
            throw error
        }
    }

    /// Parts grow with the object, so that there are never too many.
    private func partBytes(for sizeBytes: Int64?) throws -> Int {
        let needed = ((sizeBytes ?? 0) + Int64(Self.maximumParts) - 1) / Int64(Self.maximumParts)
        guard needed <= Self.maximumPartBytes else { throw self.tooLarge }
        return max(self.caller.partBytes, Int(needed))
    }

    private var tooLarge: ArtifactError {
        ArtifactError(.tooLarge, "\(self.place.name) is larger than an upload can be")
    }

    // MARK: In one piece

    private func put(_ bytes: [UInt8]) async throws -> StoredArtifact {
        let checksum = Self.checksum(of: bytes)
        return try await self.caller.call(self.place, as: self.credentials) {
            var request = S3Request(method: .put, place: self.place, headers: self.objectHeaders, body: bytes)
            request.headers[.amzChecksumCRC64NVME] = checksum
            return request
        } read: { response, _ in
            try self.compare(response.headers, with: checksum)
            return StoredArtifact(
                etag: response.headers[.eTag], versionID: response.headers[.amzVersionID])
        }
    }

    /// What is said of the object as a whole.
    private var objectHeaders: HTTPFields {
        var headers: HTTPFields = [.contentType: self.contentType]
        if let key = self.encryptionKey {
            headers[.amzServerSideEncryption] = "aws:kms"
            headers[.amzServerSideEncryptionKey] = key.id
        } else if self.caller.isAWS {
            // Buckets of artifacts are often closed to whatever does not ask for encryption; without a key's name it
            // is the account's own key for S3.
            headers[.amzServerSideEncryption] = "aws:kms"
        }
        return headers
    }

    private static func checksum(of bytes: [UInt8]) -> String {
        var checksum = Checksum(.crc64NVME)
        checksum.update(bytes)
        return checksum.base64
    }

    private func compare(_ headers: HTTPFields, with checksum: String) throws {
        guard headers[.amzChecksumCRC64NVME] ?? checksum == checksum else {
            throw ArtifactError(.corrupted, "\(self.place.name) did not arrive whole: its checksum is another")
        }
    }

    // MARK: In parts

    private func create() async throws -> String {
        try await self.caller.call(self.place, as: self.credentials) {
            var request = S3Request(
                method: .post, place: self.place, query: [("uploads", "")], headers: self.objectHeaders)
            request.headers[.amzChecksumAlgorithm] = "CRC64NVME"
            return request
        } read: { response, progress in
            let document = try await Self.document(response, progress)
            guard let id = S3Document.text(of: "UploadId", in: document) else {
                throw ArtifactError(.corrupted, "The artifact store began an upload without telling its id")
            }
            return id
        }
    }

    /// Uploads part after part, a few at once, while the source is read in order.
    private func parts(
        of uploadID: String, _ first: [UInt8], _ partBytes: Int, _ source: some UploadSource
    ) async throws -> ([UploadedPart], checksum: String) {
        var (source, bytes) = (source, first)
        var parts: [UploadedPart] = []
        var checksum = Checksum(.crc64NVME)
        try await withThrowingTaskGroup(of: UploadedPart.self) { group in
            var number = 0
            while !bytes.isEmpty {
                number += 1
                guard number <= Self.maximumParts else { throw self.tooLarge }
                checksum.update(bytes)
                if number > Self.concurrentParts, let part = try await group.next() { parts.append(part) }
                group.addTask { [number, bytes] in try await self.put(part: number, of: uploadID, bytes) }
                bytes = bytes.count < partBytes ? [] : try await source.next(partBytes)
            }
            for try await part in group { parts.append(part) }
        }
        return (parts, checksum.base64)
    }

    private func put(part number: Int, of uploadID: String, _ bytes: [UInt8]) async throws -> UploadedPart {
        let checksum = Self.checksum(of: bytes)
        return try await self.caller.call(self.place, as: self.credentials) {
            S3Request(
                method: .put, place: self.place, query: [("partNumber", "\(number)"), ("uploadId", uploadID)],
                headers: [.amzChecksumCRC64NVME: checksum], body: bytes)
        } read: { response, _ in
            try self.compare(response.headers, with: checksum)
            guard let etag = response.headers[.eTag] else {
                throw ArtifactError(.corrupted, "The artifact store took a part without telling its tag")
            }
            return UploadedPart(number: number, etag: etag, checksum: checksum)
        }
    }

    /// An answer to this may begin with 200 and hold an error all the same: putting parts together takes time.
    private func complete(
        _ uploadID: String, _ parts: [UploadedPart], checksum: String
    ) async throws -> StoredArtifact {
        try await self.caller.call(self.place, as: self.credentials) {
            S3Request(
                method: .post, place: self.place, query: [("uploadId", uploadID)],
                headers: [
                    .contentType: "application/xml", .amzChecksumCRC64NVME: checksum,
                    .amzChecksumType: "FULL_OBJECT",
                ],
                body: S3Document.completion(parts), patience: Self.completionPatience)
        } read: { response, progress in
            let document = try await Self.document(response, progress)
            if S3Document.hasRoot("Error", document) {
                throw S3Document.error(document, httpStatus: response.status, requestID: nil, attempts: 1)
            }
            return StoredArtifact(
                etag: S3Document.text(of: "ETag", in: document), versionID: response.headers[.amzVersionID])
        }
    }

    /// Frees what was stored; a store that does not let us will do so by itself one day.
    private func abort(_ uploadID: String) async {
        // A shield: the parts are given up although the task may have been cancelled.
        await Task {
            try? await self.caller.call(self.place, as: self.credentials) {
                S3Request(method: .delete, place: self.place, query: [("uploadId", uploadID)])
            } read: { _, _ in
            }
        }.value
    }

    private static func document(_ response: TransportResponse, _ progress: Progress) async throws -> [UInt8] {
        var document: [UInt8] = []
        for try await piece in response.body {
            document += piece
            progress.note()
            guard document.count <= S3Document.maximumBytes else {
                throw TransportError(.tooLarge, "the answer is larger than \(S3Document.maximumBytes) bytes")
            }
        }
        return document
    }
}

extension HTTPField.Name {
    fileprivate static let amzChecksumAlgorithm = literal("x-amz-checksum-algorithm")
    fileprivate static let amzChecksumCRC64NVME = literal("x-amz-checksum-crc64nvme")
    fileprivate static let amzServerSideEncryptionKey = literal("x-amz-server-side-encryption-aws-kms-key-id")
    fileprivate static let amzVersionID = literal("x-amz-version-id")
}
