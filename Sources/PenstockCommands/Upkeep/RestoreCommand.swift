// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockArtifacts
import PenstockServer
import PenstockUpkeep

/// `penstock restore`: a backup into an empty place.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a backup into an empty data directory, and an empty database.",
        discussion: """
            All of the backup is checked before anything is written. A restore that was cut off is gone on with by the \
            same command.
            """
    )

    @Option(name: .customLong("from"), help: ArgumentHelp("The backup.", valueName: "directory"))
    var source: String

    @OptionGroup var options: StoreOptions

    @Option(
        help: ArgumentHelp(
            "The master key of the backup; checked, and put into the data directory unless there is --database.",
            valueName: "file"))
    var masterKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "Bring the content of artifacts into another store, s3://BUCKET/PREFIX?…, as `serve` then has it.",
            valueName: "place"))
    var artifacts: String?

    @Flag(
        help: """
            Keep content that is there already of the database that the backup is of; no server may work with that one \
            any more.
            """)
    var keepContent = false

    func run() async throws {
        try await Terminal.explaining {
            let backup = try BackupContents(self.source)
            let directory = self.options.directory
            let content = try directory.content(in: self.artifacts)
            let key = try directory.masterKey(file: self.masterKeyFile)
            let lock = try DataDirectory(directory.path)
            let restore = Restore(
                backup: backup, store: self.options.store, content: content, masterKey: key,
                keepsContent: self.keepContent)
            try await OwnThread.run { try restore.run($0) }
            try self.putKey(into: directory)
            if case .sqlite = self.options.store { try directory.noteArrival() }
            withExtendedLifetime(lock) {}
            let rows = backup.manifest.tables.reduce(0) { $0 + $1.rows }
            Terminal.show(
                "\(rows) rows and \(backup.manifest.blobs.count) blobs of \(backup.manifest.created) are restored")
            if key == nil {
                Terminal.show("A server starts on them with the master key alone, which the backup does not have.")
            }
        }
    }

    /// Where an embedded server looks for it.
    private func putKey(into directory: DataDirectoryFiles) throws {
        guard self.options.database == nil, let file = self.masterKeyFile,
            try FileCalls.status(directory.masterKey) == nil, let text = try PrivateFile.read(file)
        else { return }
        try PrivateFile.write(text, to: directory.masterKey)
    }
}
