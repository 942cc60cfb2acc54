// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What an upload reads, piece by piece.
protocol UploadSource {
    /// How much there is; nothing when only the end will tell.
    var sizeBytes: Int64? { get }

    /// The next bytes; fewer than asked for only at the end.
    mutating func next(_ count: Int) async throws -> [UInt8]
}

/// Bytes that are at hand.
struct BytesSource: UploadSource {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { self.rest = bytes[...] }

    var sizeBytes: Int64? { Int64(self.rest.count) }

    mutating func next(_ count: Int) async throws -> [UInt8] {
        defer { self.rest = self.rest.dropFirst(count) }
        return Array(self.rest.prefix(count))
    }
}

/// A file of this machine, which must stay as it is meanwhile.
struct FileSource: UploadSource {
    private let file: LocalFile
    private let size: Int64
    private var offset: Int64 = 0

    init(_ path: String) async throws {
        (self.file, self.size) = try await ArtifactError.telling("A file of the worker could not be read") {
            let file = try LocalFile.open(path, .reading)
            guard let size = try file.regularSize() else {
                throw LocalFileError(call: "read", path: path, errorNumber: EISDIR)
            }
            return (file, size)
        }
    }

    var sizeBytes: Int64? { self.size }

    mutating func next(_ count: Int) async throws -> [UInt8] {
        let (file, offset) = (self.file, self.offset)
        let expected = Int(min(Int64(count), self.size - offset))
        guard expected > 0 else { return [] }
        let bytes = try await ArtifactError.telling("A file of the worker could not be read") {
            try file.read(expected, at: offset)
        }
        guard bytes.count == expected else {
            throw ArtifactError(.file, "A file of the worker became shorter while it was uploaded")
        }
        self.offset += Int64(expected)
        return bytes
    }
}

/// Pieces as they come.
struct PiecesSource<Pieces: AsyncSequence>: UploadSource where Pieces.Element == [UInt8] {
    private var iterator: Pieces.AsyncIterator
    private var buffer: [UInt8] = []

    init(_ pieces: Pieces) { self.iterator = pieces.makeAsyncIterator() }

    var sizeBytes: Int64? { nil }

    mutating func next(_ count: Int) async throws -> [UInt8] {
        while self.buffer.count < count, let piece = try await self.iterator.next(isolation: #isolation) {
            self.buffer += piece
        }
        defer { self.buffer = Array(self.buffer.dropFirst(count)) }
        return Array(self.buffer.prefix(count))
    }
}
