// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The bytes of an object or a range of them, read once, piece by piece as somebody asks for more.
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
    private let first: (any BlobRun)?
    private let open: @Sendable (Piece) async throws -> any BlobRun

    /// Opens the first blob at once, so that missing content is known before anything was sent.
    init(
        parts: [ObjectPart], range: Range<Int64>, open: @escaping @Sendable (Piece) async throws -> any BlobRun
    ) async throws {
        self.pieces = Self.pieces(of: parts, in: range)
        self.sizeBytes = self.pieces.reduce(0) { $0 + Int64($1.bytes.count) }
        precondition(self.sizeBytes == Int64(range.count), "the range lies in the object")
        self.open = open
        if let first = self.pieces.first {
            self.first = try await open(first)
        } else {
            self.first = nil
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
        Iterator(rest: self.pieces.dropFirst(), reader: self.first?.makeReader(), open: self.open)
    }

    package struct Iterator: AsyncIteratorProtocol {
        /// The pieces after the one that is being read.
        private var rest: ArraySlice<Piece>
        private var reader: (any BlobReader)?
        private let open: @Sendable (Piece) async throws -> any BlobRun

        init(
            rest: ArraySlice<Piece>, reader: (any BlobReader)?,
            open: @escaping @Sendable (Piece) async throws -> any BlobRun
        ) {
            self.rest = rest
            self.reader = reader
            self.open = open
        }

        /// Some bytes, never none; ``BlobStore/chunkSizeBytes`` at most where a blob is a file.
        package mutating func next() async throws -> ByteBuffer? {
            while var reader = self.reader {
                if let chunk = try await reader.next() {
                    self.reader = reader
                    return chunk
                }
                self.reader = nil
                if let piece = self.rest.popFirst() { self.reader = try await self.open(piece).makeReader() }
            }
            return nil
        }
    }
}
