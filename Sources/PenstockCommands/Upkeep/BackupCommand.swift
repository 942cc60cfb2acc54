// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockModel
import PenstockServer
import PenstockUpkeep

/// `penstock backup`: everything of one instant, in a directory of its own.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back up a store with its artifacts, while servers go on.",
        discussion: """
            The backup is a directory that is there whole or not at all. It has everything but the master key, which is \
            to be kept elsewhere: without it the secrets in a backup cannot be read.
            """
    )

    @OptionGroup var options: StoreOptions

    @Option(
        name: .customLong("to"), help: ArgumentHelp("Where the backup goes; not there yet.", valueName: "directory"))
    var target: String

    @Option(
        help: ArgumentHelp(
            "The other store that has the content of artifacts, as `serve` has it: copy it from there into the backup.",
            valueName: "place"))
    var artifacts: String?

    func run() async throws {
        try await Terminal.explaining {
            try self.options.requireStore()
            if let notice = try self.options.moveNotice() { throw ServerError(.configuration, notice) }
            var generator = SystemRandomNumberGenerator()
            let backup = Backup(
                store: self.options.store,
                content: try self.options.directory.content(in: self.artifacts),
                directory: self.target,
                now: SystemServiceClock.now,
                id: UniqueID.random(using: &generator)
            )
            let outcome = try await OwnThread.run { try backup.run($0) }
            let manifest = outcome.manifest
            let rows = manifest.tables.reduce(0) { $0 + $1.rows }
            Terminal.show(
                "\(rows) rows and \(manifest.blobs.count) blobs of \(manifest.blobs.bytes) bytes are in \(self.target)")
            if outcome.blobsElsewhere > 0 {
                Terminal.show(
                    """
                    \(outcome.blobsElsewhere) blobs are in another store and not in the backup: back up that store as \
                    well, or name it with --artifacts.
                    """
                )
            }
        }
    }
}
