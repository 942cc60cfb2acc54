// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOPosix
import PenstockArtifacts
import PenstockForeign
import PenstockModel
import PenstockServer
import PenstockStore

/// A move into a database whose content may go elsewhere on the way, begun and ready for its content and rows.
struct ContentMove {
    let target: any ContentsTarget
    let progress: ContentsProgress
    /// The rows as the target is to have them.
    let rows: any ContentsReader
    private let from: any BlobPlace
    private let to: any BlobPlace
    /// Of what is put into another store.
    private let generation: UniqueID?
    /// Where ``generation`` is.
    private let objects: ForeignBlobs?
    private let work: AsyncWork

    /// Begins a move, or goes on with it.
    ///
    /// Content of another store has a name that is used once, so all that a move puts there has one generation, which is
    /// the identity of the database there as well, and which the target remembers from its first attempt on:
    /// 1. look whose the prefix is, which must be nobody's, or that of an earlier attempt of this move;
    /// 2. mark the target, which then has the identity, and no server starts on it;
    /// 3. mark the prefix, so that no other database takes it.
    /// A crash before 2 leaves nothing; after it the next attempt has the same identity.
    ///
    /// - Parameters:
    ///   - source: Names what is moved.
    ///   - from: Where content is; checked.
    ///   - receiving: A directory for what is on its way from one store to another.
    /// - Throws: ``ServerError``; where the prefix is another's, the target in use, or content of files named as an object
    ///   of another store, nothing was written.
    init(
        _ contents: any ContentsReader, source: String, from: ContentPlace, to: ContentPlace, store: StorePlace,
        receiving: String, work: AsyncWork
    ) throws {
        self.work = work
        self.from = from.blobs
        switch to {
        case .files(let directory):
            self.to = directory
            (self.generation, self.objects) = (nil, nil)
            let isElsewhere = if case .objects = from { true } else { false }
            (self.target, self.progress) = try store.begin(
                ContentsOrigin(source: source, content: isElsewhere ? .files : nil), schema: contents.schemaVersion)
            self.rows = isElsewhere ? RelocatedContents(contents, to: .files) : contents
        case .objects(let objects):
            if case .files = from { try Self.requireFiles(contents) }
            let identity: UniqueID
            (self.target, self.progress, identity) = try Self.begin(
                source, objects, store, schema: contents.schemaVersion, work)
            (self.generation, self.objects) = (identity, objects)
            self.rows = RelocatedContents(contents, to: .objects(identity: identity))
            if case .objects = from {
                self.to = BlobBucket(
                    objects,
                    receiving: try work.wait {
                        try await BlobStore(receivingIn: receiving, threads: .singleton, objects: objects)
                    })
            } else {
                self.to = BlobBucket(objects)
            }
        }
    }

    private static func begin(
        _ source: String, _ objects: ForeignBlobs, _ store: StorePlace, schema: Int, _ work: AsyncWork
    ) throws -> (any ContentsTarget, ContentsProgress, UniqueID) {
        guard schema >= RelocatedContents.leastSchemaOfObjects else {
            throw ServerError(
                .unusable,
                """
                The rows have schema \(schema), and only from \(RelocatedContents.leastSchemaOfObjects) on their content \
                can be in another store: start a server of this version on them once.
                """
            )
        }
        var generator = SystemRandomNumberGenerator()
        let fresh = UniqueID.random(using: &generator)
        let origin = ContentsOrigin(source: source, content: .objects(place: objects.place, identity: fresh))
        let begun = try store.begun().map { begun in try store.explaining { try origin.resuming(begun) } }
        let owner = try objects.owner(work)
        if begun == nil, let use = try store.use() {
            guard let owner, use.foreignIdentity == owner else {
                return try store.explaining { throw StoreError.targetNotEmpty }
            }
            throw ServerError(
                .unusable,
                """
                \(store.name) has its content in \(objects.place) already: the move is finished, and nothing is left to \
                do but to start a server on it.
                """.withCapital
            )
        }
        guard owner == nil || owner == begun?.identity?.description else {
            throw ServerError(
                .unusable,
                "\(objects.place) holds the content of another database, or of a move that was not finished.")
        }
        let (target, progress) = try store.begin(origin, schema: schema)
        guard let identity = progress.origin.identity else { preconditionFailure("objects have an identity") }
        if owner == nil { try objects.setOwner(identity.description, work) }
        return (target, progress, identity)
    }

    /// Content of files that a row names as an object is nowhere, so rows of it are not moved into another store.
    private static func requireFiles(_ contents: any ContentsReader) throws {
        try contents.eachBlob { blob in
            guard blob.generation != nil else { return }
            throw ServerError(
                .unusable,
                """
                The content \(blob.hash.hex) is named as an object of another store, and the rows have their content in \
                files: penstock doctor tells what can be done.
                """
            )
        }
    }

    /// Makes sure that the prefix is still that of this move, which two that began at once may both have found free.
    ///
    /// - Throws: ``ServerError`` when somebody else has marked it since.
    func requireOwnPrefix() throws {
        guard let objects, let generation else { return }
        guard try objects.owner(self.work) != generation.description else { return }
        throw ServerError(
            .unusable,
            """
            \(objects.place) was taken by another database while content was moved into it, so no server starts on what \
            was moved: begin anew with an empty database, and a prefix that nobody has.
            """
        )
    }

    // MARK: Content

    /// Copies the content that rows name, several at once, and reads each whole on its way. What an earlier attempt
    /// brought into another store is known by its name and size, and stays; so does a file that is what its name says.
    ///
    /// - Parameters:
    ///   - contents: As they are in the source.
    ///   - advice: What to do about damaged content, a sentence.
    /// - Throws: ``ServerError``, which names content that is damaged.
    func copy(_ contents: any ContentsReader, advice: String) throws {
        let (from, to) = (self.from, self.to)
        // Before the first attempt no object can be there under a name of its own.
        let (areFiles, isResumed) = (self.generation == nil, self.progress.isResumed)
        @Sendable func isThere(_ blob: NamedBlob) async throws -> Bool {
            if areFiles { return try await to.damage(of: blob) == nil }
            guard isResumed else { return false }
            return try await to.sizeBytes(of: blob) == blob.sizeBytes
        }
        do {
            try self.work.several { begin in
                try contents.eachBlob { blob in
                    // From files to files; content of a store that nobody named stays there.
                    if areFiles, from is BlobDirectory, blob.generation != nil { return }
                    let name = blob.named(self.generation)
                    try begin {
                        do {
                            guard try await !isThere(name) else { return }
                            guard let damage = try await to.take(blob, as: name, from: from) else { return }
                            throw ServerError(.unusable, "The content \(blob.hash.hex) \(damage.text). \(advice)")
                        } catch {
                            throw ServerError(content: error, "copied", blob.hash) ?? error
                        }
                    }
                }
            }
            try self.work.wait { try await to.synchronize() }
        } catch {
            throw ServerError(content: error, "copied") ?? error
        }
    }

    /// Moves the rows that are not there yet.
    func moveRows(into place: StorePlace) throws {
        try RowMove(source: self.rows, target: self.target, place: place, progress: self.progress).run()
    }
}

extension ContentsOrigin {
    fileprivate var identity: UniqueID? {
        if case .objects(_, let identity) = self.content { identity } else { nil }
    }
}

extension ContentsReader {
    /// Hands over the content that something names, by ascending hash.
    func eachBlob(_ body: (NamedBlob) throws -> Void) throws {
        for table in self.tables where table.name == "blob" {
            try self.read(table) { row in
                if let blob = try NamedBlob(row, of: table) { try body(blob) }
            }
        }
    }
}
