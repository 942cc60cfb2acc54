// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import PenstockArtifacts
import PenstockHTTP
import PenstockSigning

/// The body of a request, and all that the client vouched for in it.
///
/// What it says is known before a byte is read, so most refusals cost no transfer. The framing of `aws-chunked` is
/// taken off while the bytes pass through.
struct VerifiedBody: Sendable {
    /// Without framing.
    let sizeBytes: Int64
    /// From `Content-MD5`.
    let md5: [UInt8]?
    /// From `x-amz-content-sha256`; compared by whoever hashes the content.
    let sha256: BlobHash?

    private let request: SurfaceRequest
    private let verified: VerifiedRequest
    private let checksumAlgorithm: ObjectChecksum.Algorithm?
    private let announcedChecksum: String?
    private let trailers: [String]

    /// Reads what the headers say.
    ///
    /// - Parameters:
    ///   - fallback: The checksum to work out when the client names none.
    ///   - checksumIsOfBody: Not so in CompleteMultipartUpload, whose checksum is the object's.
    init(
        _ request: SurfaceRequest, _ verified: VerifiedRequest, computing fallback: ObjectChecksum.Algorithm? = nil,
        checksumIsOfBody: Bool = true
    ) throws {
        self.request = request
        self.verified = verified
        self.sizeBytes = try Self.size(request, isFramed: verified.payload.isStreaming)
        self.md5 = try Self.md5(request.headers[.s3("content-md5")])
        if case .sha256(let hash) = verified.payload {
            self.sha256 = BlobHash(bytes: hash.bytes)
        } else {
            self.sha256 = nil
        }
        self.trailers = AWSChunkedDecoder.declaredTrailers(headerValue: request.headers[.xAmzTrailer])
        let headers = (checksumIsOfBody ? ObjectChecksum.Algorithm.allCases : []).compactMap { algorithm in
            request.headers[.s3(algorithm.computed.headerName)].map { (algorithm, $0) }
        }
        let inTrailer = self.trailers.compactMap { name in
            Checksum.Algorithm(headerName: name).flatMap(ObjectChecksum.Algorithm.init)
        }
        guard headers.count + inTrailer.count <= 1 else {
            throw S3Error.invalidRequest(
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )
        }
        if let (algorithm, value) = headers.first { try Self.check(value, algorithm) }
        self.checksumAlgorithm = headers.first?.0 ?? inTrailer.first ?? fallback
        self.announcedChecksum = headers.first?.1
    }

    /// Hands on the content piece by piece, and returns once all that was vouched for has proven right, but for the two
    /// hashes above.
    ///
    /// - Returns: The checksum that was computed.
    func read(_ consume: (ByteBuffer) async throws -> Void) async throws -> ObjectChecksum? {
        var checksum = self.checksumAlgorithm.map { Checksum($0.computed) }
        var announced = self.announcedChecksum
        var received: Int64 = 0
        var decoder = AWSChunkedDecoder(
            self.verified, decodedLength: self.sizeBytes, declaredTrailers: self.trailers
        )
        for try await buffer in self.request.streamBody() {
            let pieces: [ByteBuffer]
            if decoder != nil {
                let ranges = try buffer.withUnsafeReadableBytes { try decoder?.consume($0) } ?? []
                pieces = ranges.compactMap {
                    buffer.getSlice(at: buffer.readerIndex + $0.lowerBound, length: $0.count)
                }
            } else {
                pieces = [buffer]
            }
            for piece in pieces {
                received += Int64(piece.readableBytes)
                guard received <= self.sizeBytes else { throw ChunkedBodyError.tooLong }
                piece.withUnsafeReadableBytes { checksum?.update($0) }
                try await consume(piece)
            }
        }
        guard received == self.sizeBytes else { throw ChunkedBodyError.incomplete }
        for field in try decoder?.finish() ?? [] {
            guard let algorithm = self.checksumAlgorithm, field.name == algorithm.computed.headerName else { continue }
            try Self.check(field.value, algorithm)
            announced = field.value
        }
        guard let algorithm = self.checksumAlgorithm, let value = checksum?.base64 else { return nil }
        guard announced == nil || announced == value else {
            throw S3Error(
                "BadDigest", 400, "The \(algorithm.rawValue) you specified did not match the calculated checksum."
            )
        }
        return ObjectChecksum(algorithm: algorithm, value: value)
    }

    /// The whole content, which is a document.
    func document() async throws -> [UInt8] {
        guard self.sizeBytes <= S3Limits.documentBytes else {
            throw S3Error("MaxMessageLengthExceeded", 400, "Your request was too big.")
        }
        var bytes: [UInt8] = []
        _ = try await self.read { bytes.append(contentsOf: $0.readableBytesView) }
        if let md5, Checksum.value(of: bytes, by: .md5) != md5 {
            throw S3Error("BadDigest", 400, "The Content-MD5 you specified did not match what we received.")
        }
        if let sha256, Checksum.value(of: bytes, by: .sha256) != sha256.bytes {
            throw AuthenticationError.payloadMismatch
        }
        return bytes
    }

    // MARK: Reading headers

    private static func size(_ request: SurfaceRequest, isFramed: Bool) throws -> Int64 {
        let name: HTTPField.Name = isFramed ? .xAmzDecodedContentLength : .contentLength
        guard let text = request.headers[name] else {
            // A request without a body need not say so.
            if !isFramed, request.headers[.transferEncoding] == nil { return 0 }
            throw S3Error("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
        }
        guard let size = Int64(text), size >= 0 else {
            throw S3Error.invalidArgument(name.rawName, text, "The length is not a number.")
        }
        return size
    }

    private static func md5(_ header: String?) throws -> [UInt8]? {
        guard let header else { return nil }
        guard let bytes = Data(base64Encoded: header), bytes.count == Checksum.Algorithm.md5.byteCount else {
            throw S3Error("InvalidDigest", 400, "The Content-MD5 you specified is not valid.")
        }
        return Array(bytes)
    }

    private static func check(_ value: String, _ algorithm: ObjectChecksum.Algorithm) throws {
        guard Data(base64Encoded: value)?.count == algorithm.computed.byteCount else {
            throw S3Error.invalidRequest("Value for \(algorithm.computed.headerName) header is invalid.")
        }
    }
}
