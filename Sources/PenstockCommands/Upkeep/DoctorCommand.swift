// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockServer
import PenstockUpkeep

/// `penstock doctor`: is everything as it is promised to be?
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a store and its artifacts for everything that they promise.",
        discussion: """
            Nothing is changed without --repair, and servers may go on meanwhile. The status is 0 when all is well, and 1 \
            when there are errors or warnings.
            """
    )

    /// When there are errors or warnings.
    static let foundStatus: Int32 = 1

    @OptionGroup var options: StoreOptions

    @Option(
        help: ArgumentHelp("The master key, unless the data directory has it.", valueName: "file"))
    var masterKeyFile: String?

    @Option(
        help: ArgumentHelp(
            "The other store that has the content of artifacts, as `serve` has it: look at it there.",
            valueName: "place"))
    var artifacts: String?

    @Flag(help: "Put right what can be put right without guessing, while no server runs, and say each thing done.")
    var repair = false

    @Flag(help: "Compare the sizes of artifacts only, and do not read them.")
    var skipContent = false

    func run() async throws {
        try await Terminal.explaining {
            try self.options.requireStore()
            if let notice = try self.options.moveNotice() { Terminal.warn(notice) }
            let directory = self.options.directory
            let lock = self.repair ? try DataDirectory(directory.path, keepsPermissions: true) : nil
            let objects = try self.artifacts.map {
                try ServerConfiguration.foreignBlobs($0, option: "--artifacts")
            }
            let doctor = Doctor(
                store: self.options.store,
                blobs: directory.blobs,
                objects: objects,
                dataDirectory: directory,
                masterKey: try directory.masterKey(file: self.masterKeyFile),
                now: SystemServiceClock.now,
                readsContent: !self.skipContent
            )
            let repairs = self.repair
            let (findings, done) = try await OwnThread.run { work in
                let findings = try doctor.examine(work)
                return (findings, repairs ? try doctor.repair(findings) : [])
            }
            withExtendedLifetime(lock) {}
            for finding in findings { Terminal.show(TextTable.plain(finding.line)) }
            for line in done { Terminal.show(TextTable.plain(line)) }
            try self.conclude(findings, hasRepaired: repairs)
        }
    }

    private func conclude(_ findings: [Finding], hasRepaired: Bool) throws {
        let left = findings.filter { $0.severity != .note && !(hasRepaired && $0.repair != nil) }
        guard left.isEmpty else { throw ExitCode(Self.foundStatus) }
        Terminal.show(findings.isEmpty ? "All is as it is promised to be." : "All else is as it is promised to be.")
    }
}
