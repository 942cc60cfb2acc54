// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PenstockArtifacts
package import PenstockModel
import PenstockServer
import PenstockStore

/// Writes everything that a store and its artifacts hold at one instant into a directory of its own, while servers go on.
///
/// ```text
/// manifest.json       what the backup consists of
/// manifest.sha256     the hash of that
/// rows/01-pipeline…   the rows of a table
/// blobs/ab/cdef…      the content of artifacts
/// ```
///
/// The rows are read first, on one snapshot. Then the content that they name is copied: content that loses its last name
/// meanwhile stays for ``BlobStore/unreferencedBlobGrace``. The master key is left out.
///
/// Content of another store is copied as well where that is named, and rows then say that it is in files, as it is in the
/// backup; else it stays there, and rows say so.
package struct Backup: Sendable {
    /// What a backup has, and what not.
    package struct Outcome: Sendable, Hashable {
        package var manifest: BackupManifest
        /// How much content is in another store, and not in the backup.
        package var blobsElsewhere: Int
    }

    package let store: StorePlace
    package let content: ContentPlace
    /// Not there yet; its parent is.
    package let directory: String
    package let now: Timestamp
    /// Names the backup, and nothing else.
    package let id: UniqueID

    package init(store: StorePlace, content: ContentPlace, directory: String, now: Timestamp, id: UniqueID) {
        self.store = store
        self.content = content
        self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.now = now
        self.id = id
    }

    /// Runs until the backup is there whole and durable, under its name; or leaves nothing.
    ///
    /// - Throws: ``ServerError``.
    package func run(_ work: AsyncWork) throws -> Outcome {
        guard try FileCalls.status(self.directory) == nil else {
            throw ServerError(.configuration, "\(self.directory) is there already: a backup is a directory of its own.")
        }
        // Next to its place, so that renaming it is one step.
        let draft = "\(self.directory).\(self.id).unfinished"
        do {
            try FileCalls.makeDirectory(draft)
            let outcome = try self.write(to: draft, work)
            try FileCalls.rename(draft, to: self.directory)
            try FileCalls.synchronizeDirectory(self.directory.parentDirectory)
            return outcome
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            if let error = error as? FileError {
                throw ServerError(.unusable, "The backup cannot be written: \(error).")
            }
            throw error
        }
    }

    private func write(to draft: String, _ work: AsyncWork) throws -> Outcome {
        var manifest = BackupManifest(
            format: BackupManifest.currentFormat, id: self.id.description, created: self.now.text, schema: 0,
            masterKeyCheck: nil, tables: [], blobs: BackupManifest.Blobs(count: 0, bytes: 0))
        var names: BackupManifest.Table?
        try self.store.read { contents in
            try contents.requireReadable(self.store)
            manifest.schema = contents.schemaVersion
            try contents.requireCounted(
                advice: "The backup would not have it: stop the server, and run penstock doctor --repair first.")
            guard case .objects = self.content else { return try self.writeRows(of: contents, to: draft, &manifest) }
            try self.content.requireContent(of: contents, self.store, work)
            try self.writeRows(of: RelocatedContents(contents, to: .files), to: draft, &manifest)
            for table in contents.tables where table.name == "blob" {
                names = try Self.write(table, of: contents, to: Self.namesFile, in: draft) { _ in }
            }
        }
        let elsewhere = try self.copyBlobs(names, to: draft, &manifest, work)
        if names != nil { try FileCalls.remove("\(draft)/\(Self.namesFile)") }
        try manifest.write(to: draft)
        try FileCalls.synchronizeDirectory(draft)
        return Outcome(manifest: manifest, blobsElsewhere: elsewhere)
    }

    /// Where content is by the rows as they were; not there any more when the backup is whole.
    private static let namesFile = "names"

    private func writeRows(
        of contents: any ContentsReader, to draft: String, _ manifest: inout BackupManifest
    ) throws {
        try FileCalls.makeDirectory("\(draft)/rows")
        for (number, table) in zip(1..., contents.tables) {
            let file = "rows/\(number < 10 ? "0" : "")\(number)-\(table.name)"
            let written = try Self.write(table, of: contents, to: file, in: draft) { row in
                guard table.name == "setting" else { return }
                let fields = ContentsFields(row, of: table)
                guard try fields.text("name") == FirstStartSetting.masterKeyCheck else { return }
                manifest.masterKeyCheck = String(decoding: try fields.bytes("value"), as: UTF8.self)
            }
            manifest.tables.append(written)
        }
        try FileCalls.synchronizeDirectory("\(draft)/rows")
    }

    private static func write(
        _ table: ContentsTable, of contents: any ContentsReader, to file: String, in draft: String,
        _ look: (ContentsRow) throws -> Void
    ) throws -> BackupManifest.Table {
        let writer = try RowFileWriter("\(draft)/\(file)")
        try contents.read(table) { row in
            try writer.write(row)
            try look(row)
        }
        let sha256 = try writer.finish()
        return BackupManifest.Table(
            name: table.name, file: file, rows: writer.rows, bytes: writer.bytes, sha256: sha256)
    }

    /// By the rows that were just written, so that what is copied is what they name, however long it takes.
    ///
    /// - Parameter names: The rows that say where content is, if the backup's do not.
    /// - Returns: How much content is in another store, and was left there.
    private func copyBlobs(
        _ names: BackupManifest.Table?, to draft: String, _ manifest: inout BackupManifest, _ work: AsyncWork
    ) throws -> Int {
        let (source, target) = (self.content.blobs, BlobDirectory(draft))
        try FileCalls.makeDirectory(target.blobs)
        var (blobs, elsewhere) = (BackupManifest.Blobs(count: 0, bytes: 0), 0)
        do {
            try work.several { begin in
                try manifest.eachBlob(in: draft, of: names) { blob in
                    // Where nobody named the other store.
                    if names == nil, blob.generation != nil {
                        elsewhere += 1
                        return
                    }
                    try begin {
                        do {
                            guard let damage = try await target.take(blob, as: blob.named(nil), from: source) else {
                                return
                            }
                            throw Self.failure(blob, damage)
                        } catch {
                            throw ServerError(content: error, "copied", blob.hash) ?? error
                        }
                    }
                    blobs.count += 1
                    blobs.bytes += blob.sizeBytes
                }
            }
            try work.wait { try await target.synchronize() }
        } catch {
            throw ServerError(content: error, "copied") ?? error
        }
        if try FileCalls.status(target.incoming) != nil { try FileManager.default.removeItem(atPath: target.incoming) }
        manifest.blobs = blobs
        return elsewhere
    }

    private static func failure(_ blob: NamedBlob, _ damage: BlobDamage) -> ServerError {
        ServerError(
            .unusable,
            """
            The content \(blob.hash.hex) \(damage.text), and the backup was given up. penstock doctor tells whose it is; \
            content that was deleted less than six hours before this backup began is not lost this way.
            """
        )
    }
}

extension BackupManifest {
    /// The tables of the contents that the backup has.
    var contentsTables: [ContentsTable] { ContentsTable.all(inSchema: self.schema) }

    /// Hands over the content that the rows of the backup in a directory name, by ascending hash.
    ///
    /// - Parameter names: Other rows of it that are to be read instead.
    func eachBlob(in directory: String, of names: Table? = nil, _ body: (NamedBlob) throws -> Void) throws {
        guard let table = self.contentsTables.first(where: { $0.name == "blob" }),
            let file = names ?? self.tables.first(where: { $0.name == "blob" })
        else { return }
        try RowFileReader(directory: directory, table: file).read { row in
            if let blob = try NamedBlob(row, of: table) { try body(blob) }
        }
    }
}
