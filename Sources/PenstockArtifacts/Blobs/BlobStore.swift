// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
package import NIOCore
package import NIOPosix
package import PenstockModel

/// Bytes as files of a directory, each named by the SHA-256 of its content.
///
/// A blob is written to a temporary file, synced, renamed to its name, and the directory synced, so that a reader never
/// sees half of one and a blob that was reported stored is there after a loss of power. Names are hashes: nothing that a
/// client chose ever becomes part of a path. Several processes may share the directory.
///
/// ```text
/// incoming/01890a5d…          being written
/// blobs/ab/cdef0123…          the blob whose hash is abcdef0123…
/// ```
package struct BlobStore: Sendable {
    /// Bytes are handed to and from the disk in pieces of this size.
    package static let chunkSizeBytes = 256 * 1024
    /// A temporary file that nobody wrote to for so long belongs to a process that is no more.
    package static let temporaryFileGrace = Duration.hours(24)
    /// A blob that no row names is kept for so long, for a writer may be about to name it.
    package static let unreferencedBlobGrace = Duration.hours(6)

    /// Tests put others in their place.
    var publishing = PublishingCalls()

    private let directory: String
    private let threads: NIOThreadPool

    /// Opens the store, making the directory and what belongs into it, and removes what crashed writers left there.
    ///
    /// - Parameters:
    ///   - directory: Its parent exists.
    ///   - threads: Where the calls that block run.
    package init(directory: String, threads: NIOThreadPool) async throws {
        self.directory = directory
        self.threads = threads
        let store = self
        try await threads.runIfActive {
            try FileCalls.makeDirectory(directory)
            try FileCalls.makeDirectory(store.path("incoming"))
            try FileCalls.makeDirectory(store.path("blobs"))
            for byte in UInt8.min...UInt8.max { try FileCalls.makeDirectory(store.path("blobs", hexadecimal([byte]))) }
            for path in [store.path("blobs"), directory] { try FileCalls.synchronizeDirectory(path) }
            // The directory itself may be new; its parent is somebody else's and need not be readable.
            try? FileCalls.synchronizeDirectory(store.path(".."))
        }
        try await self.removeStaleTemporaryFiles()
    }

    private func path(_ names: String...) -> String { self.directory + "/" + names.joined(separator: "/") }

    private func path(of hash: BlobHash) -> String {
        let hex = hash.hex
        return self.path("blobs", String(hex.prefix(2)), String(hex.dropFirst(2)))
    }

    // MARK: Writing

    /// Stores what the closure writes, durably, under the hash of it.
    ///
    /// Nothing is left when the closure throws or the task is cancelled. Storing content that is there already changes
    /// nothing that readers could see.
    ///
    /// - Parameters:
    ///   - id: A name for the temporary file that no other writer uses.
    ///   - limitBytes: More than so many bytes throw ``ArtifactError`` with code `tooLarge`.
    ///   - produce: Writes the content, piece by piece.
    package func write(
        id: UniqueID,
        limitBytes: Int64,
        _ produce: (BlobWriter) async throws -> Void
    ) async throws -> StoredBlob {
        let temporary = self.path("incoming", id.description)
        do {
            let file = try await self.threads.runIfActive { try OpenFile.creating(temporary) }
            let writer = BlobWriter(file: file, threads: self.threads, limitBytes: limitBytes)
            try await produce(writer)
            return try await self.publish(try await writer.finish(), file: file)
        } catch {
            // Not awaited: the task may be cancelled, and the file is in nobody's way.
            self.threads.submit { _ in try? FileCalls.remove(temporary) }
            throw error
        }
    }

    private func publish(_ blob: StoredBlob, file: OpenFile) async throws -> StoredBlob {
        let target = self.path(of: blob.hash)
        let folder = self.path("blobs", String(blob.hash.hex.prefix(2)))
        return try await self.threads.runIfActive {
            try self.publishing.synchronizeFile(file)
            try self.publishing.rename(file.path, target)
            try self.publishing.synchronizeDirectory(folder)
            return blob
        }
    }

    // MARK: Reading

    /// Opens a blob; it stays readable while it is open, even when it is collected meanwhile.
    ///
    /// - Throws: ``ArtifactError`` with code `unavailable` when it is not there, which means that the directory lost it.
    package func open(_ hash: BlobHash) async throws -> OpenBlob {
        let path = self.path(of: hash)
        do {
            return OpenBlob(
                file: try await self.threads.runIfActive { try OpenFile.reading(path) }, threads: self.threads)
        } catch let error as FileError where error.isNotFound {
            throw ArtifactError(.unavailable, "the content of the object is missing from the store")
        }
    }

    // MARK: Inside transactions of the index

    /// Whether the blob's file is there. Blocks for a moment; meant for the transaction that begins to reference it.
    func isPresent(_ hash: BlobHash) throws -> Bool { try FileCalls.status(self.path(of: hash)) != nil }

    /// Removes the blob's file. Blocks for a moment; meant for the transaction that forgets the blob's row.
    func remove(_ hash: BlobHash) throws { try FileCalls.remove(self.path(of: hash)) }

    // MARK: Upkeep

    /// Removes temporary files that nobody writes to any more.
    package func removeStaleTemporaryFiles() async throws {
        let folder = self.path("incoming")
        try await self.threads.runIfActive {
            for name in try self.oldNames(in: folder, grace: Self.temporaryFileGrace) {
                try FileCalls.remove("\(folder)/\(name)")
            }
        }
    }

    /// Blobs under this first byte whose files nobody wrote for ``unreferencedBlobGrace``.
    func settledBlobs(firstByte: UInt8) async throws -> [BlobHash] {
        let prefix = hexadecimal([firstByte])
        let folder = self.path("blobs", prefix)
        return try await self.threads.runIfActive {
            try self.oldNames(in: folder, grace: Self.unreferencedBlobGrace).compactMap { BlobHash(hex: prefix + $0) }
        }
    }

    /// Names of files that are older than the grace time by the file system's own clock, which may be another
    /// machine's: a file made now tells what it is.
    private func oldNames(in folder: String, grace: Duration) throws -> [String] {
        let names = try FileCalls.names(in: folder)
        guard !names.isEmpty else { return [] }
        let probe = self.path("incoming", ".clock-\(UInt64.random(in: .min ... .max))")
        _ = try OpenFile.creating(probe)
        defer { try? FileCalls.remove(probe) }
        guard let now = try FileCalls.status(probe)?.modifiedSeconds else { return [] }
        return try names.filter { name in
            guard let status = try FileCalls.status("\(folder)/\(name)") else { return false }
            return status.modifiedSeconds < now - grace.components.seconds
        }
    }
}

/// Content that was stored.
package struct StoredBlob: Sendable, Hashable {
    package var hash: BlobHash
    package var sizeBytes: Int64
    /// Of the content: what S3 makes ETags of.
    package var md5: [UInt8]
}

/// Takes the content of one blob. Used by one task.
package final class BlobWriter {
    private let file: OpenFile
    private let threads: NIOThreadPool
    private let limitBytes: Int64
    private var pending = ByteBuffer()
    private var digests = Digests()
    package private(set) var sizeBytes: Int64 = 0

    private struct Digests: Sendable {
        var sha256 = SHA256()
        var md5 = Insecure.MD5()
    }

    fileprivate init(file: OpenFile, threads: NIOThreadPool, limitBytes: Int64) {
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
                digests.sha256.update(bufferPointer: buffer)
                digests.md5.update(bufferPointer: buffer)
                try file.write(buffer)
            }
            return digests
        }
    }

    fileprivate func finish() async throws -> StoredBlob {
        if self.pending.readableBytes > 0 { try await self.flush(self.pending) }
        guard let hash = BlobHash(bytes: self.digests.sha256.finalize()) else {
            preconditionFailure("a SHA-256 has \(BlobHash.sizeBytes) bytes")
        }
        return StoredBlob(hash: hash, sizeBytes: self.sizeBytes, md5: Array(self.digests.md5.finalize()))
    }
}

/// A blob that is open for reading.
package struct OpenBlob: Sendable {
    private let file: OpenFile
    private let threads: NIOThreadPool

    fileprivate init(file: OpenFile, threads: NIOThreadPool) {
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
