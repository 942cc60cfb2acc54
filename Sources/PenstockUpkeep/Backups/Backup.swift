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
package struct Backup: Sendable {
    package let store: StorePlace
    package let blobs: any BlobPlace
    /// Not there yet; its parent is.
    package let directory: String
    package let now: Timestamp
    /// Names the backup, and nothing else.
    package let id: UniqueID

    package init(store: StorePlace, blobs: any BlobPlace, directory: String, now: Timestamp, id: UniqueID) {
        self.store = store
        self.blobs = blobs
        self.directory = directory.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.now = now
        self.id = id
    }

    /// Runs until the backup is there whole and durable, under its name; or leaves nothing.
    ///
    /// - Throws: ``ServerError``.
    package func run() throws -> BackupManifest {
        guard try FileCalls.status(self.directory) == nil else {
            throw ServerError(.configuration, "\(self.directory) is there already: a backup is a directory of its own.")
        }
        // Next to its place, so that renaming it is one step.
        let draft = "\(self.directory).\(self.id).unfinished"
        do {
            try FileCalls.makeDirectory(draft)
            let manifest = try self.write(to: draft)
            try FileCalls.rename(draft, to: self.directory)
            try FileCalls.synchronizeDirectory(self.directory.parentDirectory)
            return manifest
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            if let error = error as? FileError {
                throw ServerError(.unusable, "The backup cannot be written: \(error).")
            }
            throw error
        }
    }

    private func write(to draft: String) throws -> BackupManifest {
        var manifest = BackupManifest(
            format: BackupManifest.currentFormat, id: self.id.description, created: self.now.text, schema: 0,
            masterKeyCheck: nil, tables: [], blobs: BackupManifest.Blobs(count: 0, bytes: 0))
        try self.store.read { contents in
            try contents.requireReadable(self.store)
            manifest.schema = contents.schemaVersion
            try self.writeRows(of: contents, to: draft, &manifest)
        }
        try self.copyBlobs(to: draft, &manifest)
        try manifest.write(to: draft)
        try FileCalls.synchronizeDirectory(draft)
        return manifest
    }

    private func writeRows(
        of contents: any ContentsReader, to draft: String, _ manifest: inout BackupManifest
    ) throws {
        try FileCalls.makeDirectory("\(draft)/rows")
        for (number, table) in zip(1..., contents.tables) {
            let file = "rows/\(number < 10 ? "0" : "")\(number)-\(table.name)"
            let writer = try RowFileWriter("\(draft)/\(file)")
            try contents.read(table) { row in
                try writer.write(row)
                if table.name == "setting" {
                    let fields = ContentsFields(row, of: table)
                    guard try fields.text("name") == FirstStartSetting.masterKeyCheck else { return }
                    manifest.masterKeyCheck = String(decoding: try fields.bytes("value"), as: UTF8.self)
                }
            }
            let sha256 = try writer.finish()
            manifest.tables.append(
                BackupManifest.Table(
                    name: table.name, file: file, rows: writer.rows, bytes: writer.bytes, sha256: sha256))
        }
        try FileCalls.synchronizeDirectory("\(draft)/rows")
    }

    /// By the rows that were just written, so that what is copied is what they name, however long it takes.
    private func copyBlobs(to draft: String, _ manifest: inout BackupManifest) throws {
        let target = BlobDirectory(draft)
        try FileCalls.makeDirectory(target.blobs)
        var count = 0
        var bytes: Int64 = 0
        try manifest.eachBlob(in: draft) { blob in
            if let damage = try target.copy(blob.hash, sizeBytes: blob.sizeBytes, from: self.blobs) {
                throw ServerError(
                    .unusable,
                    """
                    The content \(blob.hash.hex) \(damage.text), and the backup was given up. penstock doctor tells whose \
                    it is; content that was deleted less than six hours before this backup began is not lost this way.
                    """
                )
            }
            count += 1
            bytes += blob.sizeBytes
        }
        try target.synchronize()
        if try FileCalls.status(target.incoming) != nil { try FileManager.default.removeItem(atPath: target.incoming) }
        manifest.blobs = BackupManifest.Blobs(count: count, bytes: bytes)
    }
}

/// Content that rows name.
struct NamedBlob: Sendable, Hashable {
    let hash: BlobHash
    let sizeBytes: Int64

    /// `nil` for content that no row names, and for content that is in another store, which is kept there.
    init?(_ row: ContentsRow, of table: ContentsTable) throws {
        let fields = ContentsFields(row, of: table)
        guard try fields.integer("references") > 0 else { return nil }
        let canBeElsewhere = table.columns.contains { $0.name == "generation" }
        guard try !canBeElsewhere || fields.isAbsent("generation") else { return nil }
        guard let hash = BlobHash(bytes: try fields.bytes("hash")) else { throw fields.unreadable("hash") }
        self.hash = hash
        self.sizeBytes = try fields.integer("size_bytes")
    }
}

extension BackupManifest {
    /// The tables of the contents that the backup has.
    var contentsTables: [ContentsTable] { ContentsTable.all(inSchema: self.schema) }

    /// Hands over the content that the rows of the backup in a directory name, by ascending hash.
    func eachBlob(in directory: String, _ body: (NamedBlob) throws -> Void) throws {
        guard let table = self.contentsTables.first(where: { $0.name == "blob" }),
            let file = self.tables.first(where: { $0.name == "blob" })
        else { return }
        try RowFileReader(directory: directory, table: file).read { row in
            if let blob = try NamedBlob(row, of: table) { try body(blob) }
        }
    }
}
