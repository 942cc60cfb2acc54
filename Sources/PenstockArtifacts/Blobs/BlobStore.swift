// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOPosix
package import PenstockModel

/// Bytes, each content once: as files of a directory, or as objects of another store.
///
/// Whatever keeps them, content arrives in a temporary file and is hashed on the way. As a file a blob is synced, renamed
/// to its name, and the directory synced, so that a reader never sees half of one and a blob that was reported stored is
/// there after a loss of power. Names are hashes: nothing that a client chose ever becomes part of a path. Several
/// processes may share the directory.
///
/// ```text
/// incoming/01890a5d…          being written
/// blobs/ab/cdef0123…          the blob whose hash is abcdef0123…
/// aside/abcdef0123…           a blob that is being forgotten: readers find it, writers do not
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

    /// What keeps the blobs.
    enum Place: Sendable {
        case files
        case objects(any BlobObjects)
    }

    let place: Place
    private let directory: String
    private let threads: NIOThreadPool

    /// Opens a store of objects elsewhere; the directory is for what is being received.
    ///
    /// - Parameters:
    ///   - directory: Its parent exists. It belongs to this process alone, or is shared; nothing in it needs to last.
    ///   - threads: Where the calls that block run.
    package init(receivingIn directory: String, threads: NIOThreadPool, objects: any BlobObjects) async throws {
        self.place = .objects(objects)
        self.directory = directory
        self.threads = threads
        let store = self
        try await threads.runIfActive {
            try FileCalls.makeDirectory(directory)
            try FileCalls.makeDirectory(store.path("incoming"))
        }
        try await self.removeStaleTemporaryFiles()
    }

    /// Opens a store of files, making the directory and what belongs into it, and removes what crashed writers left
    /// there.
    ///
    /// - Parameters:
    ///   - directory: Its parent exists.
    ///   - threads: Where the calls that block run.
    package init(directory: String, threads: NIOThreadPool) async throws {
        self.place = .files
        self.directory = directory
        self.threads = threads
        let store = self
        try await threads.runIfActive {
            try FileCalls.makeDirectory(directory)
            try FileCalls.makeDirectory(store.path("incoming"))
            try FileCalls.makeDirectory(store.path("aside"))
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

    private func asidePath(of hash: BlobHash) -> String { self.path("aside", hash.hex) }

    // MARK: Writing

    /// Takes what the first closure writes and hands it to the second, which stores it.
    ///
    /// Nothing is left of what was received when this returns or throws, nor when the task is cancelled.
    ///
    /// - Parameters:
    ///   - id: A name for the temporary file that no other writer uses.
    ///   - limitBytes: More than so many bytes throw ``ArtifactError`` with code `tooLarge`.
    ///   - produce: Writes the content, piece by piece.
    package func receive<Result>(
        id: UniqueID,
        limitBytes: Int64,
        _ produce: (BlobWriter) async throws -> Void,
        then keep: (ReceivedBlob) async throws -> Result
    ) async throws -> Result {
        let temporary = self.path("incoming", id.description)
        // Not awaited: the task may be cancelled, and the file is in nobody's way.
        func discard() { self.threads.submit { _ in try? FileCalls.remove(temporary) } }
        do {
            let file = try await self.threads.runIfActive { try OpenFile.creating(temporary) }
            let writer = BlobWriter(file: file, threads: self.threads, limitBytes: limitBytes)
            try await produce(writer)
            let result = try await keep(try await writer.finish())
            if case .objects = self.place { discard() }
            return result
        } catch {
            discard()
            throw error
        }
    }

    /// Stores what the closure writes, durably, in a file named by the hash of it.
    ///
    /// Nothing is left when the closure throws or the task is cancelled. Storing content that is there already changes
    /// nothing that readers could see.
    package func write(
        id: UniqueID,
        limitBytes: Int64,
        _ produce: (BlobWriter) async throws -> Void
    ) async throws -> StoredBlob {
        try await self.receive(id: id, limitBytes: limitBytes, produce) { try await self.publish($0) }
    }

    /// Gives what was received its name among the files.
    func publish(_ blob: ReceivedBlob) async throws -> StoredBlob {
        let hash = blob.content.hash
        let target = self.path(of: hash)
        let folder = self.path("blobs", String(hash.hex.prefix(2)))
        return try await self.threads.runIfActive {
            try self.publishing.synchronizeFile(blob.file)
            try self.publishing.rename(blob.file.path, target)
            try self.publishing.synchronizeDirectory(folder)
            return blob.content
        }
    }

    // MARK: Reading

    /// Opens the file of a blob; it stays readable while it is open, even when it is collected meanwhile.
    ///
    /// - Throws: ``ArtifactError`` with code `unavailable` when it is not there, which means that the directory lost it.
    package func open(_ hash: BlobHash) async throws -> OpenBlob {
        // It may be set aside, and put back, between one look and the next.
        for path in [self.path(of: hash), self.asidePath(of: hash), self.path(of: hash)] {
            do {
                return OpenBlob(
                    file: try await self.threads.runIfActive { try OpenFile.reading(path) }, threads: self.threads)
            } catch let error as FileError where error.isNotFound {
                continue
            }
        }
        throw ArtifactError.contentMissing
    }

    // MARK: Inside transactions of the index

    /// Whether the blob's file is there. Blocks for a moment; meant for the transaction that begins to reference it.
    func isPresent(_ hash: BlobHash) throws -> Bool { try FileCalls.status(self.path(of: hash)) != nil }

    /// Takes the blob's file away from writers. Blocks for a moment; meant for the transaction that forgets the blob's row.
    ///
    /// The file itself stays until that is known to be so: the transaction may be undone, without this process being told
    /// at once, and a writer may have named the blob meanwhile.
    func setAside(_ hash: BlobHash) throws {
        do throws(FileError) {
            try FileCalls.rename(self.path(of: hash), to: self.asidePath(of: hash))
        } catch  where error.isNotFound {
        }
    }

    /// Undoes ``setAside(_:)``. Blocks for a moment; meant for a transaction that has the blob's row locked.
    func putBack(_ hash: BlobHash) throws {
        do throws(FileError) {
            try FileCalls.rename(self.asidePath(of: hash), to: self.path(of: hash))
            try FileCalls.synchronizeDirectory(self.path("blobs", String(hash.hex.prefix(2))))
        } catch  where error.isNotFound {
        }
    }

    /// Removes what was set aside. Blocks for a moment.
    func removeAside(_ hash: BlobHash) throws { try FileCalls.remove(self.asidePath(of: hash)) }

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

    /// Blobs that were set aside, by this process now or by one that did not come to remove them.
    func asideBlobs() async throws -> [BlobHash] {
        let folder = self.path("aside")
        return try await self.threads.runIfActive { try FileCalls.names(in: folder).compactMap { BlobHash(hex: $0) } }
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
