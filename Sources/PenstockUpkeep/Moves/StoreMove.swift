// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import Crypto
import PenstockArtifacts
import PenstockServer
import PenstockStore

/// Brings everything from one store into another, empty one, of the other kind or the same, while no server works with
/// either.
///
/// A move that was cut off leaves a database that no server works with; the same move goes on where it stopped.
package struct StoreMove: Sendable {
    /// A table in both places, as the target is to have it.
    package struct Comparison: Sendable, Hashable {
        package var table: String
        package var sourceRows: Int
        package var targetRows: Int
        /// SHA-256 of the rows, hexadecimal digits.
        package var sourceHash: String
        package var targetHash: String

        package var isEqual: Bool { self.sourceRows == self.targetRows && self.sourceHash == self.targetHash }
    }

    /// What was moved.
    package struct Outcome: Sendable, Hashable {
        /// What both places have by now, for each table.
        package var comparisons: [Comparison]
        /// Whether rows of both name the same content in one place, which a server on either would remove for both.
        package var sharesContent: Bool

        package var isEqual: Bool { self.comparisons.allSatisfy(\.isEqual) }
    }

    /// What becomes of content.
    package enum Content: Sendable {
        /// It is where it was.
        case stays
        /// Where the one is a store and the other is not, or is another one, rows change on the way.
        case copied(from: ContentPlace, to: ContentPlace)
    }

    package let source: StorePlace
    package let target: StorePlace
    package let content: Content
    /// A directory for what is on its way from one store to another.
    package let receiving: String

    package init(from source: StorePlace, to target: StorePlace, content: Content, receiving: String) {
        self.source = source
        self.target = target
        self.content = content
        self.receiving = receiving
    }

    /// - Returns: What was moved; where something differs, servers are kept out of the target.
    /// - Throws: ``ServerError``.
    package func run(_ work: AsyncWork) throws -> Outcome {
        try self.source.read(keepsOut: true) { contents in
            try contents.requireReadable(self.source)
            switch self.content {
            case .stays:
                let target = try self.moveRows(contents)
                return try self.finish(contents, target, sharesContent: true)
            case .copied(let from, let to):
                let move = try self.moveAll(contents, from, to, work)
                let isOfFiles = if case (.files, .files) = (from, to) { true } else { false }
                return try self.finish(
                    move.rows, move.target, sharesContent: isOfFiles && contents.foreignIdentity() != nil,
                    unless: move.requireOwnPrefix)
            }
        }
    }

    /// - Parameter check: Throws when servers are to be kept out although all is equal.
    private func finish(
        _ rows: any ContentsReader, _ target: any ContentsTarget, sharesContent: Bool,
        unless check: () throws -> Void = {}
    ) throws -> Outcome {
        let comparisons = try self.target.explaining { try Self.compare(rows, target) }
        let outcome = Outcome(comparisons: comparisons, sharesContent: sharesContent)
        if outcome.isEqual {
            try check()
            try self.target.explaining { try target.finish() }
        }
        return outcome
    }

    private func moveRows(_ contents: any ContentsReader) throws -> any ContentsTarget {
        let (target, progress) = try self.target.begin(
            ContentsOrigin(source: try Self.name(of: contents)), schema: contents.schemaVersion)
        try RowMove(source: contents, target: target, place: self.target, progress: progress).run()
        return target
    }

    private func moveAll(
        _ contents: any ContentsReader, _ from: ContentPlace, _ to: ContentPlace, _ work: AsyncWork
    ) throws -> ContentMove {
        if case .files(let blobs) = to {
            try ArtifactMark(of: blobs.path).requireNoOther(than: contents.fileIdentity())
        }
        if case (.files, .files) = (from, to) {
            // Content of another store may stay there beside files that are copied.
            try contents.requireCounted(advice: Self.repairAdvice)
        } else {
            try from.requireContent(of: contents, self.source, work)
            try contents.requireExactCounts(advice: Self.repairAdvice)
        }
        let move = try ContentMove(
            contents, source: try Self.name(of: contents), from: from, to: to, store: self.target,
            receiving: self.receiving, work: work)
        try move.copy(contents, advice: "penstock doctor tells whose it is.")
        try move.moveRows(into: self.target)
        return move
    }

    private static let repairAdvice = "Run penstock doctor --repair on the source first."

    /// Tells one store from others: its master key and its first access key are those of no other.
    private static func name(of contents: any ContentsReader) throws -> String {
        var hash = SHA256()
        for table in contents.tables where table.name == "setting" {
            try contents.read(table) { row in
                let fields = ContentsFields(row, of: table)
                let names = [FirstStartSetting.masterKeyCheck, FirstStartSetting.accessKeyID]
                if names.contains(try fields.text("name")) { hash.update(data: row.encoded()) }
            }
        }
        return "store \(hexadecimal(hash.finalize().prefix(16)))"
    }

    private static func compare(_ source: any ContentsReader, _ target: any ContentsTarget) throws -> [Comparison] {
        try target.read { moved in
            try source.tables.map { table in
                let (before, after) = (try source.digest(of: table), try moved.digest(of: table))
                return Comparison(
                    table: table.name, sourceRows: before.rows, targetRows: after.rows,
                    sourceHash: hexadecimal(before.finalize()), targetHash: hexadecimal(after.finalize()))
            }
        }
    }
}
