// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import NIOCore
import NIOHTTP1
import PenstockArtifacts
import PenstockOutbound
import PenstockSigning

/// What an object that is put in parts consists of.
protocol UploadParts: Sendable {
    /// How many there are, and how many of them may be on the way at once.
    var count: Int { get }
    var width: Int { get }

    /// What puts a part; numbers begin with 1. Method, bucket, key and query are there.
    func complete(_ request: inout S3Request, part number: Int) async throws

    /// The entity tag of a part that was put.
    func tag(_ answer: S3Answer) -> String?
}

/// One object put in parts; what fails is undone as far as the store lets it.
///
/// Source: Amazon S3 API Reference, CreateMultipartUpload, UploadPart, UploadPartCopy and CompleteMultipartUpload.
struct ForeignUpload {
    private let blobs: ForeignBlobs
    private let target: S3Request
    private let key: String
    private let sizeBytes: Int64

    /// - Parameter target: Names the object; its headers are those of the object.
    init(_ blobs: ForeignBlobs, _ target: S3Request, sizeBytes: Int64) {
        self.blobs = blobs
        self.target = target
        self.key = target.key ?? ""
        self.sizeBytes = sizeBytes
    }

    func run(_ parts: some UploadParts) async throws {
        var request = self.target
        request.method = .POST
        request.query = [("uploads", nil)]
        let answer = try await self.blobs.send(request)
        try self.blobs.require(answer.isSuccess, answer, to: "begin an upload")
        guard let uploadID = answer.text(of: "UploadId") else {
            throw ForeignBlobFailure("\(self.blobs.place) began an upload without an id")
        }
        do {
            try await self.complete(uploadID, try await self.put(parts, uploadID))
        } catch {
            // Another writer of the same content may have been faster, and ended this upload when it saw its own done.
            if let found = try? await self.blobs.head(self.key), found.sizeBytes == self.sizeBytes { return }
            // What cannot be ended now is when the object is removed.
            try? await self.blobs.abort(uploadID, of: self.key)
            throw error
        }
    }

    /// - Returns: The entity tags by ascending number.
    private func put(_ parts: some UploadParts, _ uploadID: String) async throws -> [String] {
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            var (tags, next) = ([String](repeating: "", count: parts.count), 1)
            func begin() {
                guard next <= parts.count else { return }
                let number = next
                group.addTask { (number, try await self.put(number, of: parts, uploadID)) }
                next += 1
            }
            for _ in 0..<parts.width { begin() }
            while let (number, tag) = try await group.next() {
                tags[number - 1] = tag
                begin()
            }
            return tags
        }
    }

    private func put(_ number: Int, of parts: some UploadParts, _ uploadID: String) async throws -> String {
        var request = self.blobs.request(.PUT, self.key)
        request.query = [("partNumber", "\(number)"), ("uploadId", uploadID)]
        try await parts.complete(&request, part: number)
        let answer = try await self.blobs.send(request)
        try self.blobs.require(answer.isSuccess && answer.errorCode == nil, answer, to: "put a part")
        guard let tag = parts.tag(answer) else {
            throw ForeignBlobFailure("\(self.blobs.place) took a part without giving it an entity tag")
        }
        return tag
    }

    private func complete(_ uploadID: String, _ tags: [String]) async throws {
        var request = self.blobs.request(.POST, self.key)
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
        guard try await self.blobs.head(self.key)?.sizeBytes == self.sizeBytes else {
            throw ForeignBlobFailure("\(self.blobs.place) made an object of another size from the parts it was sent")
        }
    }

    private static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")].reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}

/// Runs of a file, one after the other.
struct FileParts: UploadParts {
    let file: OpenBlob
    let sizeBytes: Int64
    let partSizeBytes: Int64

    var count: Int { Int((self.sizeBytes + self.partSizeBytes - 1) / self.partSizeBytes) }
    var width: Int { 1 }

    func complete(_ request: inout S3Request, part number: Int) async throws {
        let start = Int64(number - 1) * self.partSizeBytes
        let range = start..<min(start + self.partSizeBytes, self.sizeBytes)
        let hash = try await self.hash(of: range)
        request.body = .stream(
            S3Content(range: range, hash: hash) { [file] in try await file.read(at: $0, count: $1) })
    }

    func tag(_ answer: S3Answer) -> String? { answer["etag"] }

    /// Signed with each part, so that the store compares it with what arrives.
    private func hash(of range: Range<Int64>) async throws -> PayloadHash {
        var digest = SHA256()
        for try await piece in S3Content(range: range, hash: .empty, read: { try await file.read(at: $0, count: $1) }) {
            piece.withUnsafeReadableBytes { digest.update(bufferPointer: $0) }
        }
        return PayloadHash(digest.finalize())
    }
}

extension ForeignBlobs {
    func abort(_ uploadID: String, of key: String) async throws {
        var request = self.request(.DELETE, key)
        request.query = [("uploadId", uploadID)]
        let answer = try await self.send(request)
        try self.require(answer.isSuccess || answer.status == 404, answer, to: "abort an upload")
    }

    /// Ends what interrupted puts of an object have left.
    func abortUploads(of key: String) async throws {
        for upload in try await self.uploads(beneath: key) where upload.key == key {
            try await self.abort(upload.uploadID, of: key)
        }
    }
}
