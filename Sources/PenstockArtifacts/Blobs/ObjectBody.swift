// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The bytes of an object or a range of them, read piece by piece as somebody asks for more.
package struct ObjectBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    /// A run of bytes in one blob.
    struct Piece: Sendable {
        var blob: BlobHash
        var bytes: Range<Int64>
    }

    /// What the iteration will yield in all.
    package let sizeBytes: Int64

    private let pieces: [Piece]
    private let firstBlob: OpenBlob?
    private let blobs: BlobStore

    /// Opens the first blob at once, so that missing content is known before anything was sent.
    init(parts: [ObjectPart], range: Range<Int64>, blobs: BlobStore) async throws {
        self.pieces = Self.pieces(of: parts, in: range)
        self.sizeBytes = self.pieces.reduce(0) { $0 + Int64($1.bytes.count) }
        precondition(self.sizeBytes == Int64(range.count), "the range lies in the object")
        self.blobs = blobs
        if let first = self.pieces.first {
            self.firstBlob = try await blobs.open(first.blob)
        } else {
            self.firstBlob = nil
        }
    }

    static func pieces(of parts: [ObjectPart], in range: Range<Int64>) -> [Piece] {
        var start: Int64 = 0
        return parts.compactMap { part in
            defer { start += part.sizeBytes }
            let overlap = range.clamped(to: start..<start + part.sizeBytes)
            guard !overlap.isEmpty else { return nil }
            return Piece(blob: part.blob, bytes: overlap.lowerBound - start..<overlap.upperBound - start)
        }
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(pieces: self.pieces[...], blob: self.firstBlob, blobs: self.blobs)
    }

    package struct Iterator: AsyncIteratorProtocol {
        private var pieces: ArraySlice<Piece>
        private var blob: OpenBlob?
        private let blobs: BlobStore

        init(pieces: ArraySlice<Piece>, blob: OpenBlob?, blobs: BlobStore) {
            self.pieces = pieces
            self.blob = blob
            self.blobs = blobs
        }

        /// At most ``BlobStore/chunkSizeBytes`` bytes, never none.
        package mutating func next() async throws -> ByteBuffer? {
            guard var piece = self.pieces.first else { return nil }
            let blob: OpenBlob
            if let open = self.blob { blob = open } else { blob = try await self.blobs.open(piece.blob) }
            self.blob = blob
            let count = Int(Swift.min(Int64(BlobStore.chunkSizeBytes), Int64(piece.bytes.count)))
            let chunk = try await blob.read(at: piece.bytes.lowerBound, count: count)
            piece.bytes = piece.bytes.lowerBound + Int64(count)..<piece.bytes.upperBound
            if piece.bytes.isEmpty {
                self.pieces.removeFirst()
                self.blob = nil
            } else {
                self.pieces[self.pieces.startIndex] = piece
            }
            return chunk
        }
    }
}
