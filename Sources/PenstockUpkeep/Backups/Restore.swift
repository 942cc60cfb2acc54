// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockAccess
import PenstockArtifacts
import PenstockForeign
import PenstockServer
import PenstockStore

/// Brings a backup into an empty place, after all of it was checked.
///
/// A restore that was cut off leaves a database that no server works with; the same restore goes on where it stopped.
package struct Restore: Sendable {
    package let backup: BackupContents
    package let store: StorePlace
    package let content: ContentPlace
    /// The key that the backup's secrets are sealed under, if it is at hand.
    package let masterKey: MasterKey?
    /// Whether content may be there already that servers of the lost database have used.
    package let keepsContent: Bool

    package init(
        backup: BackupContents, store: StorePlace, content: ContentPlace, masterKey: MasterKey?, keepsContent: Bool
    ) {
        self.backup = backup
        self.store = store
        self.content = content
        self.masterKey = masterKey
        self.keepsContent = keepsContent
    }

    /// - Throws: ``ServerError``; nothing was written when the backup is damaged, the key another one or the place not
    ///   empty.
    package func run(_ work: AsyncWork) throws {
        if let masterKey, let check = self.backup.manifest.masterKeyCheck, check != masterKey.checkValue {
            throw ServerError(.unusable, "The master key is not the one that the backup was sealed under.")
        }
        try self.backup.verify(work)
        try self.requireRoom()
        let move = try ContentMove(
            self.backup, source: "backup \(self.backup.manifest.id)", from: .files(self.backup.blobs), to: self.content,
            store: self.store, receiving: self.backup.directory, work: work)
        // Servers of a shared database may share the content as well, which is then there already.
        try move.copy(self.backup, advice: "The backup was damaged meanwhile.")
        try move.moveRows(into: self.store)
        try move.requireOwnPrefix()
        try self.store.explaining { try move.target.finish() }
    }

    /// Content may be there from a restore that was cut off, which has made the database; or, of a fleet that lost its
    /// database, all of it.
    private func requireRoom(in directory: ArtifactMark) throws {
        try directory.requireNoOther(than: self.backup.fileIdentity())
        if case .sqlite(let path) = self.store, try FileCalls.status(path) == nil, try directory.hasContent() {
            throw ServerError(
                .unusable, "\(directory.directory) has content already: a backup is restored into an empty place.")
        }
        guard try self.keepsContent || directory.owner() == nil else {
            throw ServerError(
                .unusable,
                """
                \(directory.directory) has the content of the database that the backup is of. Servers on both would \
                remove each other's: restore into an empty directory, or, if no server works with that database any \
                more, say --keep-content.
                """)
        }
    }

    private func requireRoom() throws {
        switch self.content {
        case .files(let blobs):
            try self.requireRoom(in: ArtifactMark(of: blobs.path))
        case .objects(let objects):
            guard try self.backup.foreignIdentity() == nil else {
                throw ServerError(
                    .configuration,
                    """
                    The backup has no content that could be brought into \(objects.place): it stayed in another store. \
                    Restore it without naming one, and start the server with the store that has it.
                    """
                )
            }
            guard self.backup.schemaVersion >= RelocatedContents.leastSchemaOfObjects else {
                throw ServerError(
                    .unusable,
                    """
                    The backup has schema \(self.backup.schemaVersion), and only from \
                    \(RelocatedContents.leastSchemaOfObjects) on content can be in another store: restore it into files, \
                    start a server of this version on them once, and take them there with migrate-store.
                    """
                )
            }
            try self.backup.requireCounted(
                advice: "Such content is not in the backup: restore it into files, and see what penstock doctor says.")
        }
    }
}
