// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
import NIOHTTP1
package import PenstockArtifacts
import PenstockModel
package import PenstockOutbound
import PenstockSigning

/// Blobs as objects beneath a prefix of a bucket in another S3-compatible store.
///
/// ```text
/// PREFIX/penstock-artifacts          whose content this is
/// PREFIX/blobs/ab/cdef0123…/GENERATION
/// ```
package struct ForeignBlobs: BlobObjects {
    /// What is larger is put in parts of this size, in bytes.
    package static let partSizeBytes: Int64 = 64 * 1024 * 1024
    /// A body that breaks off is asked for again from where it did, if some bytes came each time, else so often.
    static let maximumFruitlessReads = 3

    let client: S3Client
    let bucket: String
    /// Empty, or ends with a slash.
    let prefix: String
    let partSizeBytes: Int64

    /// - Parameters:
    ///   - prefix: Empty, or ends with a slash.
    ///   - partSizeBytes: As tests want it.
    package init(
        client: S3Client, bucket: String, prefix: String, partSizeBytes: Int64 = Self.partSizeBytes
    ) {
        precondition(prefix.isEmpty || prefix.hasSuffix("/"), "a prefix ends with a slash")
        self.client = client
        self.bucket = bucket
        self.prefix = prefix
        self.partSizeBytes = partSizeBytes
    }

    func key(of name: BlobName) -> String {
        let hex = name.hash.hex
        return "\(self.prefix)blobs/\(hex.prefix(2))/\(hex.dropFirst(2))/\(name.generation)"
    }

    func request(_ method: HTTPMethod, _ name: BlobName) -> S3Request { self.request(method, self.key(of: name)) }

    func request(_ method: HTTPMethod, _ key: String) -> S3Request {
        S3Request(method, bucket: self.bucket, key: key)
    }

    // MARK: Whole objects

    package func put(_ name: BlobName, _ received: ReceivedBlob) async throws {
        let file = try await received.open()
        let sizeBytes = received.content.sizeBytes
        guard sizeBytes <= self.partSizeBytes else {
            return try await ForeignUpload(self, self.request(.POST, name), sizeBytes: sizeBytes)
                .run(FileParts(file: file, sizeBytes: sizeBytes, partSizeBytes: self.partSizeBytes))
        }
        guard let hash = PayloadHash(hexadecimal: name.hash.hex) else { preconditionFailure("a hash is a hash") }
        var request = self.request(.PUT, name)
        // The store compares with each of them what it knows: the signature, the checksum, the digest.
        request.headers = [
            ("x-amz-checksum-sha256", Data(name.hash.bytes).base64EncodedString()),
            ("Content-MD5", Data(received.content.md5).base64EncodedString()),
        ]
        if sizeBytes > 0 {
            request.body = .stream(
                S3Content(range: 0..<sizeBytes, hash: hash) { try await file.read(at: $0, count: $1) })
        }
        let answer = try await self.send(request)
        try self.require(answer.isSuccess, answer, to: "put an object")
        guard answer["x-amz-checksum-sha256"] ?? request.headers[0].value == request.headers[0].value else {
            throw ForeignBlobFailure("\(self.place) has stored other bytes than it was sent")
        }
    }

    package func sizeBytes(of name: BlobName) async throws -> Int64? {
        try await self.head(self.key(of: name))?.sizeBytes
    }

    /// Looks at an object; `nil` when it is not there.
    func head(_ key: String) async throws -> (sizeBytes: Int64, answer: S3Answer)? {
        let answer = try await self.send(self.request(.HEAD, key))
        if answer.status == 404 { return nil }
        try self.require(answer.status == 200, answer, to: "look at an object")
        guard let size = answer["content-length"].flatMap({ Int64($0) }) else {
            throw ForeignBlobFailure("\(self.place) did not say how large an object is")
        }
        return (size, answer)
    }

    package func remove(_ name: BlobName, sizeBytes: Int64) async throws {
        if sizeBytes > self.partSizeBytes { try await self.abortUploads(of: self.key(of: name)) }
        try await self.remove(self.key(of: name))
    }

    func remove(_ key: String) async throws {
        let answer = try await self.send(self.request(.DELETE, key))
        try self.require(answer.isSuccess || answer.status == 404, answer, to: "remove an object")
    }

    // MARK: Reading

    package func open(_ name: BlobName, _ bytes: Range<Int64>, sizeBytes: Int64) async throws -> any BlobRun {
        try await self.open(ForeignObject(key: self.key(of: name), sizeBytes: sizeBytes, hash: name.hash), bytes)
    }

    func open(_ object: ForeignObject, _ bytes: Range<Int64>) async throws -> ForeignRun {
        let first = try await self.body(object, bytes)
        return ForeignRun(blobs: self, object: object, bytes: bytes, first: first)
    }

    /// Asks for the bytes; what comes is read piece by piece.
    func body(_ object: ForeignObject, _ bytes: Range<Int64>) async throws -> S3Answer {
        var request = self.request(.GET, object.key)
        request.streamsAnswer = true
        let isWhole = bytes == 0..<object.sizeBytes
        if !isWhole { request.headers.append(("Range", "bytes=\(bytes.lowerBound)-\(bytes.upperBound - 1)")) }
        if let etag = object.etag { request.headers.append(("If-Match", etag)) }
        let answer = try await self.send(request)
        if answer.status == 404 { throw ArtifactError.contentMissing }
        try self.require(answer.status == (isWhole ? 200 : 206), answer, to: "read an object")
        let length = answer["content-length"].flatMap { Int64($0) }
        let range = "bytes \(bytes.lowerBound)-\(bytes.upperBound - 1)/\(object.sizeBytes)"
        guard length ?? Int64(bytes.count) == Int64(bytes.count), isWhole || answer["content-range"] == range else {
            throw ForeignBlobFailure(
                "\(self.place) does not have the bytes of an object that it was given", hasOtherContent: true)
        }
        return answer
    }

    // MARK: Failures

    func send(_ request: S3Request) async throws(ForeignBlobFailure) -> S3Answer {
        do throws(S3Failure) {
            return try await self.client.send(request)
        } catch {
            throw ForeignBlobFailure("\(self.place): \(error)")
        }
    }

    /// Whose key signs the requests.
    package var accessKeyID: String { self.client.accessKeyID }

    /// An object with its store, for the operator.
    package func place(of name: BlobName) -> String { "s3://\(self.bucket)/\(self.key(of: name))" }

    /// The store, for the operator.
    package var place: String { "s3://\(self.bucket)/\(self.prefix) at \(self.client.origin)" }

    func require(_ condition: Bool, _ answer: S3Answer, to purpose: String) throws(ForeignBlobFailure) {
        guard !condition else { return }
        let code = answer.errorCode.map { " (\($0))" } ?? ""
        throw ForeignBlobFailure("\(self.place) answered \(answer.status)\(code) when asked to \(purpose)")
    }
}

/// The other store does not do its part. Never shown to clients: it names the store.
package struct ForeignBlobFailure: TemporaryFailure, Sendable, CustomStringConvertible {
    package var description: String
    /// Whether the store answered well, with other content than it was given.
    package var hasOtherContent: Bool
    /// Whether there was an answer, which is a refusal.
    var isAnswer = false

    init(_ description: String, hasOtherContent: Bool = false) {
        self.description = description
        self.hasOtherContent = hasOtherContent
    }

    /// Whatever it is, it is between this service and its store, and somebody will see to it.
    package var isTemporary: Bool { true }
}
