// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
import PenstockArtifacts
import PenstockServer
import PenstockStore

/// Brings a backup into an empty place, after all of it was checked.
///
/// A restore that was cut off leaves a database that no server works with; the same restore goes on where it stopped.
package struct Restore: Sendable {
    package let backup: BackupContents
    package let store: StorePlace
    package let blobs: BlobDirectory
    /// The key that the backup's secrets are sealed under, if it is at hand.
    package let masterKey: MasterKey?

    package init(backup: BackupContents, store: StorePlace, blobs: BlobDirectory, masterKey: MasterKey?) {
        self.backup = backup
        self.store = store
        self.blobs = blobs
        self.masterKey = masterKey
    }

    /// - Throws: ``ServerError``; nothing was written when the backup is damaged, the key another one or the place not
    ///   empty.
    package func run() throws {
        if let masterKey, let check = self.backup.manifest.masterKeyCheck, check != masterKey.checkValue {
            throw ServerError(.unusable, "The master key is not the one that the backup was sealed under.")
        }
        try self.backup.verify()
        if case .sqlite(let path) = self.store, try FileCalls.status(path) == nil, try !self.blobs.isEmpty() {
            throw ServerError(
                .unusable, "\(self.blobs.path) has content already: a backup is restored into an empty place.")
        }
        let (target, progress) = try self.store.begin(
            source: "backup \(self.backup.manifest.id)", schema: self.backup.schemaVersion)
        // Servers of a shared database may share the content as well, which is then there already.
        try self.copyBlobs()
        try RowMove(source: self.backup, target: target, place: self.store, progress: progress).run()
        try self.store.explaining { try target.finish() }
    }

    private func copyBlobs() throws {
        do {
            try self.backup.manifest.eachBlob(in: self.backup.directory) { blob in
                if try self.blobs.sizeBytes(of: blob.hash) == blob.sizeBytes { return }
                if let damage = try self.blobs.copy(blob.hash, sizeBytes: blob.sizeBytes, from: self.backup.blobs) {
                    throw ServerError(.unusable, "The backup was damaged meanwhile: \(blob.hash.hex) \(damage.text).")
                }
            }
            try self.blobs.synchronize()
        } catch let error as FileError {
            throw ServerError(.unusable, "The content cannot be written: \(error).")
        }
    }
}
