// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
package import NIOCore
package import NIOPosix
package import PenstockModel

/// Content that was stored.
package struct StoredBlob: Sendable, Hashable {
    package var hash: BlobHash
    package var sizeBytes: Int64
    /// Of the content: what S3 makes ETags of.
    package var md5: [UInt8]
    /// Of the object that has it in another store; `nil` for a file.
    package var generation: UniqueID?
}

/// Content that has arrived whole in a temporary file and is stored nowhere yet; or that of another file, to be stored
/// elsewhere too.
package struct ReceivedBlob: Sendable {
    package let content: StoredBlob
    let file: OpenFile
    private let threads: NIOThreadPool

    fileprivate init(content: StoredBlob, file: OpenFile, threads: NIOThreadPool) {
        self.content = content
        self.file = file
        self.threads = threads
    }

    /// Takes the file as it is, and hashes it.
    package static func reading(_ path: String, threads: NIOThreadPool) async throws -> ReceivedBlob {
        let file = try await threads.runIfActive { try OpenFile.reading(path) }
        var (digests, sizeBytes, isWhole) = (BlobDigests(), Int64(0), false)
        while !isWhole {
            let count: Int
            (digests, count) = try await threads.runIfActive { [digests, sizeBytes] in
                var (digests, buffer) = (digests, [UInt8](repeating: 0, count: BlobStore.chunkSizeBytes))
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: sizeBytes) }
                buffer.withUnsafeBytes { digests.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                return (digests, count)
            }
            sizeBytes += Int64(count)
            isWhole = count < BlobStore.chunkSizeBytes
        }
        return ReceivedBlob(content: digests.content(sizeBytes: sizeBytes), file: file, threads: threads)
    }

    /// Opens it for reading.
    package func open() async throws -> OpenBlob {
        let path = self.file.path
        let file = try await self.threads.runIfActive { try OpenFile.reading(path) }
        return OpenBlob(file: file, threads: self.threads)
    }
}

/// What is computed of content while it passes.
private struct BlobDigests: Sendable {
    private var sha256 = SHA256()
    private var md5 = Insecure.MD5()

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        self.sha256.update(bufferPointer: bytes)
        self.md5.update(bufferPointer: bytes)
    }

    func content(sizeBytes: Int64) -> StoredBlob {
        guard let hash = BlobHash(bytes: self.sha256.finalize()) else {
            preconditionFailure("a SHA-256 has \(BlobHash.sizeBytes) bytes")
        }
        return StoredBlob(hash: hash, sizeBytes: sizeBytes, md5: Array(self.md5.finalize()))
    }
}

/// Takes the content of one blob. Used by one task.
package final class BlobWriter {
    private let file: OpenFile
    private let threads: NIOThreadPool
    private let limitBytes: Int64
    private var pending = ByteBuffer()
    private var digests = BlobDigests()
    package private(set) var sizeBytes: Int64 = 0

    init(file: OpenFile, threads: NIOThreadPool, limitBytes: Int64) {
        self.file = file
        self.threads = threads
        self.limitBytes = limitBytes
    }

    /// Adds bytes. Small pieces are gathered; returns when there is room for more, so that a slow disk slows its client.
    package func write(_ bytes: ByteBuffer) async throws {
        self.sizeBytes += Int64(bytes.readableBytes)
        guard self.sizeBytes <= self.limitBytes else {
            throw ArtifactError(.tooLarge, "the content exceeds \(self.limitBytes) bytes")
        }
        if self.pending.readableBytes == 0, bytes.readableBytes >= BlobStore.chunkSizeBytes {
            return try await self.flush(bytes)
        }
        self.pending.writeImmutableBuffer(bytes)
        if self.pending.readableBytes >= BlobStore.chunkSizeBytes {
            try await self.flush(self.pending)
            self.pending.clear()
        }
    }

    private func flush(_ bytes: ByteBuffer) async throws {
        self.digests = try await self.threads.runIfActive { [file, digests] in
            var digests = digests
            try bytes.withUnsafeReadableBytes { buffer in
                digests.update(buffer)
                try file.write(buffer)
            }
            return digests
        }
    }

    func finish() async throws -> ReceivedBlob {
        if self.pending.readableBytes > 0 { try await self.flush(self.pending) }
        let content = self.digests.content(sizeBytes: self.sizeBytes)
        return ReceivedBlob(content: content, file: self.file, threads: self.threads)
    }
}
