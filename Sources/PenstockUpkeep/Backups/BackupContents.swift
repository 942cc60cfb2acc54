// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockServer
package import PenstockStore
import Synchronization

/// A backup that is there to be read.
package struct BackupContents: ContentsReader, Sendable {
    package let directory: String
    package let manifest: BackupManifest

    /// How many things that are wrong are told before the rest is only counted.
    private static let maximumTold = 20

    /// Reads the manifest.
    ///
    /// - Throws: ``ServerError`` when there is no backup that this program reads.
    package init(_ directory: String) throws {
        self.directory = directory
        do {
            self.manifest = try BackupManifest.read(from: directory)
        } catch let error as FileError {
            throw ServerError(.unusable, "The backup cannot be read: \(error).")
        }
        guard self.manifest.schema <= Schema.newest else {
            throw ServerError(
                .unusable,
                """
                The backup has schema \(self.manifest.schema), this program knows up to \(Schema.newest); use a newer one.
                """
            )
        }
    }

    package var blobs: BlobDirectory { BlobDirectory(self.directory) }

    // MARK: Checking

    /// Reads everything, rows and content, and changes nothing.
    ///
    /// - Throws: ``ServerError`` that names what is damaged, and where.
    package func verify(_ work: AsyncWork) throws {
        var damages: [String] = []
        var count = 0
        func note(_ text: String) {
            count += 1
            if damages.count < Self.maximumTold { damages.append("  \(text)") }
        }
        for table in self.manifest.contentsTables {
            guard let file = self.manifest.tables.first(where: { $0.name == table.name }) else {
                note("the manifest has no table \(table.name)")
                continue
            }
            do {
                try RowFileReader(directory: self.directory, table: file).read { row in
                    guard row.values.count == table.columns.count else {
                        throw BackupDamage(text: "\(file.file) has a row of another table")
                    }
                }
            } catch let damage as BackupDamage {
                note(damage.text)
            } catch let error as FileError {
                note("\(file.file) cannot be read: \(error)")
            }
        }
        for table in self.manifest.tables where !self.manifest.contentsTables.contains(where: { $0.name == table.name })
        {
            note("the manifest has a table \(table.name), which schema \(self.manifest.schema) does not have")
        }
        // What the content is to be is only known from rows that are whole.
        if count == 0 { count += try self.verifyBlobs(work, note) }
        guard count == 0 else {
            if count > damages.count { damages.append("  and \(count - damages.count) more") }
            throw ServerError(
                .unusable, "The backup is damaged, and nothing was restored:\n\(damages.joined(separator: "\n"))")
        }
    }

    /// The damaged content that is told, and how much there is.
    private struct DamagedContent {
        var count = 0
        /// That with the lowest hashes, of as many as are told.
        var told: [BlobHash: String] = [:]

        mutating func add(_ hash: BlobHash, _ text: String) {
            self.count += 1
            self.told[hash] = text
            guard self.told.count > BackupContents.maximumTold, let last = self.told.keys.max() else { return }
            self.told[last] = nil
        }
    }

    /// - Returns: How much damaged content there is beyond what was noted.
    private func verifyBlobs(_ work: AsyncWork, _ note: (String) -> Void) throws -> Int {
        let blobs = self.blobs
        let damaged = Mutex(DamagedContent())
        var found = BackupManifest.Blobs(count: 0, bytes: 0)
        try work.several { begin in
            try self.manifest.eachBlob(in: self.directory) { blob in
                // It is in another store, where it stayed.
                guard blob.generation == nil else { return }
                found.count += 1
                found.bytes += blob.sizeBytes
                try begin { [hash = blob.hash] in
                    let text: String
                    do {
                        guard let damage = try await blobs.damage(of: blob) else { return }
                        text = "blobs/\(hash.hex.prefix(2))/\(hash.hex.dropFirst(2)) \(damage.text)"
                    } catch let error as FileError {
                        text = "the content \(hash.hex) cannot be read: \(error)"
                    }
                    damaged.withLock { $0.add(hash, text) }
                }
            }
        }
        let outcome = damaged.withLock { $0 }
        for (_, text) in outcome.told.sorted(by: { $0.key < $1.key }) { note(text) }
        if found != self.manifest.blobs { note("the rows do not name as much content as the manifest says") }
        return outcome.count - outcome.told.count
    }

    // MARK: Rows

    package var schemaVersion: Int { self.manifest.schema }
    package var isUnfinished: Bool { false }

    package func read(
        _ table: ContentsTable,
        after key: [ContentsValue]?,
        unreadable: (StoreError) throws -> Void,
        _ body: (ContentsRow) throws -> Void
    ) throws {
        guard let file = self.manifest.tables.first(where: { $0.name == table.name }) else {
            throw ServerError(.unusable, "The backup has no table \(table.name).")
        }
        var isPast = key == nil
        do {
            try RowFileReader(directory: self.directory, table: file).read { row in
                if isPast { try body(row) } else { isPast = row.key(of: table) == key }
            }
        } catch let damage as BackupDamage {
            throw ServerError(.unusable, "The backup was damaged while it was read: \(damage.text)")
        }
    }

    package func selfCheck() throws -> [String] { [] }
}
