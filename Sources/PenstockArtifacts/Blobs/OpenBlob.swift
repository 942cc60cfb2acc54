// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix

/// A blob that is open for reading.
package struct OpenBlob: Sendable {
    private let file: OpenFile
    private let threads: NIOThreadPool

    init(file: OpenFile, threads: NIOThreadPool) {
        self.file = file
        self.threads = threads
    }

    /// Exactly `count` bytes from the offset; they are there, or the file was tampered with.
    package func read(at offset: Int64, count: Int) async throws -> ByteBuffer {
        try await self.threads.runIfActive { [file] in
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            let read = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { bytes in
                try file.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]), at: offset)
            }
            guard read == count else { throw ArtifactError(.unavailable, "the content of the object is cut short") }
            return buffer
        }
    }
}

/// Bytes of a blob that is a file.
struct FileRun: BlobRun {
    let blob: OpenBlob
    let bytes: Range<Int64>

    func makeReader() -> any BlobReader { Reader(blob: self.blob, bytes: self.bytes) }

    private struct Reader: BlobReader {
        let blob: OpenBlob
        var bytes: Range<Int64>

        mutating func next() async throws -> ByteBuffer? {
            guard !self.bytes.isEmpty else { return nil }
            let count = Int(min(Int64(BlobStore.chunkSizeBytes), Int64(self.bytes.count)))
            let chunk = try await self.blob.read(at: self.bytes.lowerBound, count: count)
            self.bytes = self.bytes.lowerBound + Int64(count)..<self.bytes.upperBound
            return chunk
        }
    }
}
