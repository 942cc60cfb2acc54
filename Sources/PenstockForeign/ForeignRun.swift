// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Crypto
import NIOCore
import PenstockArtifacts
import PenstockOutbound

/// An object of the other store, as far as its readers know it.
struct ForeignObject: Sendable {
    var key: String
    var sizeBytes: Int64
    /// Of a blob: what is read whole is compared with it.
    var hash: BlobHash?
    /// Of an object that may be written again: every part of it is read of this content, or not at all.
    var etag: String?
}

/// Bytes of an object that is being fetched; where the connection breaks, they are asked for again from there on.
struct ForeignRun: BlobRun {
    let blobs: ForeignBlobs
    let object: ForeignObject
    let bytes: Range<Int64>
    let first: S3Answer

    func makeReader() -> any BlobReader { Reader(run: self) }

    private struct Reader: BlobReader {
        private let run: ForeignRun
        private var body: HTTPClientResponse.Body.AsyncIterator?
        private var position: Int64
        /// Reads in a row that brought nothing.
        private var fruitlessReads = 0
        /// Of a whole object: its bytes are compared with its name.
        private var digest: SHA256?

        init(run: ForeignRun) {
            self.run = run
            self.body = run.first.body.makeAsyncIterator()
            self.position = run.bytes.lowerBound
            let isWhole = run.bytes == 0..<run.object.sizeBytes
            self.digest = isWhole && run.object.hash != nil ? SHA256() : nil
        }

        mutating func next() async throws -> ByteBuffer? {
            guard self.position < self.run.bytes.upperBound else { return nil }
            let piece = try await self.piece()
            self.position += Int64(piece.readableBytes)
            guard self.position <= self.run.bytes.upperBound else {
                throw ForeignBlobFailure("\(self.run.blobs.place) sent more of an object than was asked for")
            }
            piece.withUnsafeReadableBytes { self.digest?.update(bufferPointer: $0) }
            // The last piece of what is not the content is kept back, so that its reader knows.
            if self.position == self.run.bytes.upperBound, let digest = self.digest,
                BlobHash(bytes: digest.finalize()) != self.run.object.hash
            {
                throw ForeignBlobFailure(
                    "\(self.run.blobs.place) sent other bytes than the object \(self.run.object.key) has",
                    hasOtherContent: true)
            }
            return piece
        }

        private mutating func piece() async throws -> ByteBuffer {
            while true {
                if self.body == nil {
                    let rest = self.position..<self.run.bytes.upperBound
                    let answer = try await self.run.blobs.body(self.run.object, rest)
                    self.body = answer.body.makeAsyncIterator()
                }
                do {
                    while let piece = try await self.body?.next(isolation: #isolation) {
                        guard piece.readableBytes > 0 else { continue }
                        self.fruitlessReads = 0
                        return piece
                    }
                } catch {
                    try self.noteFruitlessRead("\(error)")
                    continue
                }
                try self.noteFruitlessRead("the body ended too early")
            }
        }

        private mutating func noteFruitlessRead(_ reason: String) throws {
            self.body = nil
            self.fruitlessReads += 1
            guard self.fruitlessReads < ForeignBlobs.maximumFruitlessReads, !Task.isCancelled else {
                throw ForeignBlobFailure("\(self.run.blobs.place) did not send an object: \(reason)")
            }
        }
    }
}
