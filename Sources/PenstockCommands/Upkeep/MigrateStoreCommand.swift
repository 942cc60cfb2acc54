// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import PenstockServer
import PenstockUpkeep

/// `penstock migrate-store`: everything from one store into another.
struct MigrateStoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate-store",
        abstract:
            "Move everything from one store into an empty one: between SQLite, PostgreSQL, files and other stores.",
        discussion: """
            A store is sqlite:DIRECTORY, or the connection string of a PostgreSQL database. No server may run on either. \
            A move that was cut off is gone on with by the same command. In the end all rows of both are compared, and \
            only if they are equal servers start on the new one. Content in another store stays there unless \
            --from-artifacts names it; then it goes where --to-artifacts says, or into files of the target.
            """
    )

    @Option(name: .customLong("from"), help: ArgumentHelp("What is moved.", valueName: "store"))
    var source: String

    @Option(name: .customLong("to"), help: ArgumentHelp("Where it goes; empty.", valueName: "store"))
    var target: String

    @Option(
        help: ArgumentHelp(
            "The data directory whose artifacts belong to a PostgreSQL database that is moved, if they are files.",
            valueName: "directory")
    )
    var fromDataDir: String?

    @Option(
        help: ArgumentHelp(
            "The data directory into which artifacts go; by default they stay where they are if rows go to PostgreSQL.",
            valueName: "directory"))
    var toDataDir: String?

    @Option(
        help: ArgumentHelp(
            "The other store whose content is moved too, as `serve` has it.", valueName: "place"))
    var fromArtifacts: String?

    @Option(
        help: ArgumentHelp(
            "The other store into which content goes, s3://BUCKET/PREFIX?…, as `serve` then has it; an empty prefix.",
            valueName: "place"))
    var toArtifacts: String?

    private static let prefix = "sqlite:"

    func validate() throws {
        for (store, option) in [(self.source, "--from"), (self.target, "--to")] {
            guard store.hasPrefix(Self.prefix) else {
                try DatabaseOption.check(store, of: option, or: " \(Self.prefix)DIRECTORY,")
                continue
            }
            guard store != Self.prefix else { throw ValidationError("\(option) names no directory.") }
        }
        let isFromFile = self.source.hasPrefix(Self.prefix)
        if isFromFile, self.fromDataDir != nil {
            throw ValidationError("--from-data-dir goes with a PostgreSQL database; sqlite:DIRECTORY has its own.")
        }
        if self.target.hasPrefix(Self.prefix), self.toDataDir != nil {
            throw ValidationError("--to-data-dir goes with a PostgreSQL database; sqlite:DIRECTORY has its own.")
        }
        if self.toArtifacts != nil, !self.saysWhereContentIs { throw ValidationError(Self.unknownFiles) }
        if self.fromArtifacts != nil, self.sourcePath == nil, self.targetPath == nil {
            throw ValidationError("--to-data-dir must name a directory, for content on its way and for files.")
        }
        guard self.fromArtifacts == nil || self.fromArtifacts != self.toArtifacts else {
            throw ValidationError("--from-artifacts and --to-artifacts are the same; without them content stays there.")
        }
        guard self.source != self.target else { throw ValidationError("--from and --to are the same store.") }
    }

    private static let unknownFiles = "--from-data-dir must say where the artifacts of the PostgreSQL database are."

    /// Otherwise the content of a PostgreSQL database must be in another store, and stays there.
    private var saysWhereContentIs: Bool { self.sourcePath != nil || self.fromArtifacts != nil }

    func run() async throws {
        try await Terminal.explaining {
            let from = DataDirectoryFiles(self.sourcePath ?? self.targetPath ?? "")
            let to = DataDirectoryFiles(self.targetPath ?? from.path)
            let (source, target) = (self.place(self.source, from), self.place(self.target, to))
            let content = try self.content(from, to)
            try from.requireStore(source)
            let isKnown = self.saysWhereContentIs
            guard try await OwnThread.run({ _ in try isKnown || source.hasContentElsewhere() }) else {
                throw ServerError(.configuration, Self.unknownFiles)
            }
            let locks = try Set([from.path, to.path]).subtracting([""]).sorted().map { try DataDirectory($0) }
            let move = StoreMove(from: source, to: target, content: content, receiving: to.artifacts)
            let outcome = try await OwnThread.run { try move.run($0) }
            if outcome.isEqual {
                if case .sqlite = source { try from.noteMove(to: target.name) }
                if case .sqlite = target { try to.noteArrival() }
            }
            withExtendedLifetime(locks) {}
            try self.show(outcome)
        }
    }

    /// The data directory of what is moved; `nil` when it has none.
    private var sourcePath: String? { self.directory(of: self.source) ?? self.fromDataDir }

    /// That of where it goes, if it has one of its own.
    private var targetPath: String? { self.directory(of: self.target) ?? self.toDataDir }

    private func content(_ from: DataDirectoryFiles, _ to: DataDirectoryFiles) throws -> StoreMove.Content {
        guard self.fromArtifacts != nil || self.toArtifacts != nil || from.path != to.path else { return .stays }
        return .copied(
            from: try from.content(in: self.fromArtifacts, option: "--from-artifacts"),
            to: try to.content(in: self.toArtifacts, option: "--to-artifacts"))
    }

    private func show(_ outcome: StoreMove.Outcome) throws {
        var table = TextTable("table", "rows", "moved", "hash", "")
        for each in outcome.comparisons {
            table.add(
                each.table, "\(each.sourceRows)", "\(each.targetRows)", String(each.targetHash.prefix(16)),
                each.isEqual ? "equal" : "DIFFERS")
        }
        Terminal.show(table.text)
        guard outcome.isEqual else {
            throw ServerError(
                .unusable,
                """
                What was moved is not what is in the source by now, so no server starts on it: something else wrote to \
                one of them. Begin again with an empty target.
                """
            )
        }
        Terminal.show(
            outcome.sharesContent
                ? """
                All is moved. The source is as it was, but do not start a server on it again: both have the same content, \
                and each removes what it alone no longer names.
                """
                : "All is moved. The source is as it was; a server that starts on it again would go on by itself."
        )
    }

    /// `nil` for a PostgreSQL database.
    private func directory(of store: String) -> String? {
        store.hasPrefix(Self.prefix) ? String(store.dropFirst(Self.prefix.count)) : nil
    }

    private func place(_ store: String, _ directory: DataDirectoryFiles) -> StorePlace {
        store.hasPrefix(Self.prefix) ? .sqlite(path: directory.database) : .postgres(store)
    }
}
