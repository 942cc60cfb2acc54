// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
package import NIOCore
import NIOPosix
package import PenstockArtifacts

/// The files of an artifact directory: `blobs/ab/cdef…`, and `incoming/` for what is being written.
package struct BlobDirectory: BlobPlace {
    package let path: String

    /// Where the calls that block run.
    private static var threads: NIOThreadPool { .singleton }

    package init(_ path: String) { self.path = path }

    package var blobs: String { self.path + "/blobs" }
    package var incoming: String { self.path + "/incoming" }

    package func file(of hash: BlobHash) -> String { "\(self.folder(of: hash))/\(hash.hex.dropFirst(2))" }

    private func folder(of hash: BlobHash) -> String { "\(self.blobs)/\(hash.hex.prefix(2))" }

    package func location(of blob: NamedBlob) -> String { self.file(of: blob.hash) }

    package func sizeBytes(of blob: NamedBlob) async throws -> Int64? {
        let path = self.file(of: blob.hash)
        return try await Self.threads.runIfActive { try FileCalls.status(path)?.sizeBytes }
    }

    package func read(_ blob: NamedBlob, _ body: (ByteBuffer) async throws -> Void) async throws -> BlobDamage? {
        guard let size = try await self.sizeBytes(of: blob) else { return .missing }
        guard size == blob.sizeBytes else { return .wrongSize(actual: size, expected: blob.sizeBytes) }
        let (path, threads) = (self.file(of: blob.hash), Self.threads)
        var (sum, offset) = (SHA256(), Int64(0))
        do {
            let file = try await threads.runIfActive { try OpenFile.reading(path) }
            while true {
                let piece = try await threads.runIfActive { [offset] in try file.piece(at: offset) }
                guard piece.readableBytes > 0 else { break }
                piece.withUnsafeReadableBytes { sum.update(bufferPointer: $0) }
                try await body(piece)
                offset += Int64(piece.readableBytes)
            }
        } catch let error as FileError where error.isNotFound {
            return .missing
        }
        return BlobHash(bytes: sum.finalize()) == blob.hash ? nil : .wrongContent
    }

    package func take(
        _ blob: NamedBlob, as name: NamedBlob, from source: any BlobPlace
    ) async throws -> BlobDamage? {
        let threads = Self.threads
        let draft = "\(self.incoming)/moving-\(name.hash.hex)"
        let folders = [self.path, self.incoming, self.blobs, self.folder(of: name.hash)]
        let file = try await threads.runIfActive {
            for folder in folders { try FileCalls.makeDirectory(folder) }
            try FileCalls.remove(draft)
            return try OpenFile.creating(draft)
        }
        do {
            let damage = try await source.read(blob) { piece in
                try await threads.runIfActive { try piece.withUnsafeReadableBytes { try file.write($0) } }
            }
            let target = self.file(of: name.hash)
            try await threads.runIfActive {
                guard damage == nil else { return try FileCalls.remove(draft) }
                try file.synchronize()
                try FileCalls.rename(draft, to: target)
            }
            return damage
        } catch {
            try? await threads.runIfActive { try FileCalls.remove(draft) }
            throw error
        }
    }

    package func synchronize() async throws {
        let (path, blobs) = (self.path, self.blobs)
        try await Self.threads.runIfActive {
            guard try FileCalls.status(blobs) != nil else { return }
            for folder in try FileCalls.names(in: blobs) { try FileCalls.synchronizeDirectory("\(blobs)/\(folder)") }
            for folder in [blobs, path] { try FileCalls.synchronizeDirectory(folder) }
        }
    }
}

extension OpenFile {
    /// Some bytes from the offset on; none at the end.
    fileprivate func piece(at offset: Int64) throws -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: BlobStore.chunkSizeBytes)
        try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: BlobStore.chunkSizeBytes) { bytes in
            try self.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<BlobStore.chunkSizeBytes]), at: offset)
        }
        return buffer
    }

    /// Hands over the file from its beginning to its end.
    func eachPiece(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var buffer = [UInt8](repeating: 0, count: BlobStore.chunkSizeBytes)
        var offset: Int64 = 0
        while true {
            let count = try buffer.withUnsafeMutableBytes { try self.read(into: $0, at: offset) }
            guard count > 0 else { return }
            try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            offset += Int64(count)
        }
    }
}
