// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
package import PenstockArtifacts

/// Where the content of artifacts is, each blob by its hash.
///
/// Calls block. A directory is the only kind there is so far; what moves and checks content asks for nothing else.
package protocol BlobPlace: Sendable {
    /// `nil` when the blob is not there.
    func sizeBytes(of hash: BlobHash) throws -> Int64?

    /// Hands over the bytes of a blob that is there, piece by piece.
    func read(_ hash: BlobHash, _ body: (UnsafeRawBufferPointer) throws -> Void) throws

    /// Takes the bytes of a blob; it is there whole, or not at all. When `produce` throws it is not.
    func write(
        _ hash: BlobHash,
        _ produce: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws

    /// Returns once what was written survives a loss of power.
    func synchronize() throws
}

/// What is wrong with a blob.
package enum BlobDamage: Sendable, Hashable {
    case missing
    case wrongSize(actual: Int64, expected: Int64)
    case wrongContent

    package var text: String {
        switch self {
        case .missing: "is not there"
        case .wrongSize(let actual, let expected): "has \(actual) bytes instead of \(expected)"
        case .wrongContent: "does not have the content that its name says"
        }
    }
}

/// Ends the writing of a blob that turns out to be damaged.
private struct FoundDamage: Error { let damage: BlobDamage }

extension BlobPlace {
    /// Reads the blob whole; `nil` when it is what its row says.
    package func damage(of hash: BlobHash, sizeBytes: Int64) throws -> BlobDamage? {
        try self.verify(hash, sizeBytes) { _ in }
    }

    /// Takes a blob from another place, which is read while it is written.
    package func copy(_ hash: BlobHash, sizeBytes: Int64, from source: some BlobPlace) throws -> BlobDamage? {
        do {
            try self.write(hash) { write in
                if let damage = try source.verify(hash, sizeBytes, write) { throw FoundDamage(damage: damage) }
            }
            return nil
        } catch let damaged as FoundDamage {
            return damaged.damage
        }
    }

    private func verify(
        _ hash: BlobHash, _ expected: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> BlobDamage? {
        guard let size = try self.sizeBytes(of: hash) else { return .missing }
        guard size == expected else { return .wrongSize(actual: size, expected: expected) }
        var sum = SHA256()
        do {
            try self.read(hash) { bytes in
                sum.update(bufferPointer: bytes)
                try body(bytes)
            }
        } catch let error as FileError where error.isNotFound {
            return .missing
        }
        return BlobHash(bytes: sum.finalize()) == hash ? nil : .wrongContent
    }
}

/// The files of an artifact directory: `blobs/ab/cdef…`, and `incoming/` for what is being written.
package struct BlobDirectory: BlobPlace {
    package let path: String

    package init(_ path: String) { self.path = path }

    package var blobs: String { self.path + "/blobs" }
    package var incoming: String { self.path + "/incoming" }

    package func file(of hash: BlobHash) -> String { "\(self.folder(of: hash))/\(hash.hex.dropFirst(2))" }

    private func folder(of hash: BlobHash) -> String { "\(self.blobs)/\(hash.hex.prefix(2))" }

    package func sizeBytes(of hash: BlobHash) throws -> Int64? {
        try FileCalls.status(self.file(of: hash))?.sizeBytes
    }

    package func read(_ hash: BlobHash, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        try OpenFile.reading(self.file(of: hash)).eachPiece(body)
    }

    package func write(
        _ hash: BlobHash,
        _ produce: (_ write: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        for folder in [self.path, self.incoming, self.blobs, self.folder(of: hash)] {
            try FileCalls.makeDirectory(folder)
        }
        let draft = "\(self.incoming)/moving-\(hash.hex)"
        try FileCalls.remove(draft)
        do {
            let file = try OpenFile.creating(draft)
            try produce { try file.write($0) }
            try file.synchronize()
            try FileCalls.rename(draft, to: self.file(of: hash))
        } catch {
            try? FileCalls.remove(draft)
            throw error
        }
    }

    package func synchronize() throws {
        guard try FileCalls.status(self.blobs) != nil else { return }
        for folder in try FileCalls.names(in: self.blobs) {
            try FileCalls.synchronizeDirectory("\(self.blobs)/\(folder)")
        }
        for folder in [self.blobs, self.path] { try FileCalls.synchronizeDirectory(folder) }
    }

    /// Whether there is any blob.
    package func isEmpty() throws -> Bool {
        guard try FileCalls.status(self.blobs) != nil else { return true }
        return try FileCalls.names(in: self.blobs).allSatisfy {
            try FileCalls.names(in: "\(self.blobs)/\($0)").isEmpty
        }
    }
}

extension OpenFile {
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
