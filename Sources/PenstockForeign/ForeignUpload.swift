// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import NIOCore
import NIOHTTP1
import PenstockArtifacts
import PenstockOutbound
import PenstockSigning

/// One object put in parts, one after the other; what fails is undone as far as the store lets it.
///
/// Source: Amazon S3 API Reference, CreateMultipartUpload, UploadPart and CompleteMultipartUpload.
struct ForeignUpload {
    private let blobs: ForeignBlobs
    private let name: BlobName
    private let file: OpenBlob
    private let sizeBytes: Int64
    private let partSizeBytes: Int64

    init(_ blobs: ForeignBlobs, _ name: BlobName, _ file: OpenBlob, sizeBytes: Int64, partSizeBytes: Int64) {
        self.blobs = blobs
        self.name = name
        self.file = file
        self.sizeBytes = sizeBytes
        self.partSizeBytes = partSizeBytes
    }

    func run() async throws {
        var request = self.blobs.request(.POST, self.name)
        request.query = [("uploads", nil)]
        let answer = try await self.blobs.send(request)
        try self.blobs.require(answer.isSuccess, answer, to: "begin an upload")
        guard let uploadID = answer.text(of: "UploadId") else {
            throw ForeignBlobFailure("\(self.blobs.place) began an upload without an id")
        }
        do {
            try await self.complete(uploadID, try await self.putParts(uploadID))
        } catch {
            // Another writer of the same content may have been faster, and ended this upload when it saw its own done.
            if let size = try? await self.blobs.sizeBytes(of: self.name), size == self.sizeBytes { return }
            // What cannot be ended now is when the blob's name is condemned.
            try? await self.blobs.abort(uploadID, of: self.name)
            throw error
        }
    }

    private func putParts(_ uploadID: String) async throws -> [String] {
        var tags: [String] = []
        var start: Int64 = 0
        while start < self.sizeBytes {
            let range = start..<min(start + self.partSizeBytes, self.sizeBytes)
            var request = self.blobs.request(.PUT, self.name)
            request.query = [("partNumber", "\(tags.count + 1)"), ("uploadId", uploadID)]
            let hash = try await self.hash(of: range)
            request.body = .stream(
                S3Content(range: range, hash: hash) { [file] in try await file.read(at: $0, count: $1) })
            let answer = try await self.blobs.send(request)
            try self.blobs.require(answer.isSuccess, answer, to: "put a part")
            guard let tag = answer["etag"] else {
                throw ForeignBlobFailure("\(self.blobs.place) took a part without giving it an entity tag")
            }
            tags.append(tag)
            start = range.upperBound
        }
        return tags
    }

    /// Signed with each part, so that the store compares it with what arrives.
    private func hash(of range: Range<Int64>) async throws -> PayloadHash {
        var digest = SHA256()
        for try await piece in S3Content(range: range, hash: .empty, read: { try await file.read(at: $0, count: $1) }) {
            piece.withUnsafeReadableBytes { digest.update(bufferPointer: $0) }
        }
        return PayloadHash(digest.finalize())
    }

    private func complete(_ uploadID: String, _ tags: [String]) async throws {
        var request = self.blobs.request(.POST, self.name)
        request.query = [("uploadId", uploadID)]
        let parts = tags.enumerated().map { index, tag in
            "<Part><PartNumber>\(index + 1)</PartNumber><ETag>\(Self.escaped(tag))</ETag></Part>"
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        let document =
            "<CompleteMultipartUpload xmlns=\"\(namespace)\">\(parts.joined())</CompleteMultipartUpload>"
        request.body = .bytes(Array(document.utf8))
        let answer = try await self.blobs.send(request)
        try self.blobs.require(answer.isSuccess && answer.errorCode == nil, answer, to: "complete an upload")
        guard try await self.blobs.sizeBytes(of: self.name) == self.sizeBytes else {
            throw ForeignBlobFailure("\(self.blobs.place) made an object of another size from the parts it was sent")
        }
    }

    private static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")].reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}

extension ForeignBlobs {
    func abort(_ uploadID: String, of name: BlobName) async throws {
        var request = self.request(.DELETE, name)
        request.query = [("uploadId", uploadID)]
        let answer = try await self.send(request)
        try self.require(answer.isSuccess || answer.status == 404, answer, to: "abort an upload")
    }

    /// Ends what interrupted puts of the object have left; there are few, so one page of a listing has them all.
    ///
    /// Source: Amazon S3 API Reference, ListMultipartUploads.
    func abortUploads(of name: BlobName) async throws {
        var request = S3Request(.GET, bucket: self.bucket)
        request.query = [("uploads", nil), ("prefix", self.key(of: name))]
        let answer = try await self.send(request)
        try self.require(answer.isSuccess, answer, to: "list the uploads of an object")
        for uploadID in answer.texts(of: "UploadId") { try await self.abort(uploadID, of: name) }
    }
}
