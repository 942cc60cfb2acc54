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

    /// - Returns: What both places have by now, for each table; where something differs, servers are kept out of the
    ///   target.
    /// - Throws: ``ServerError``.
    package func run(_ work: AsyncWork) throws -> [Comparison] {
        try self.source.read(keepsOut: true) { contents in
            try contents.requireReadable(self.source)
            let (rows, target) =
                switch self.content {
                case .stays: try self.moveRows(contents)
                case .copied(let from, let to): try self.moveAll(contents, from, to, work)
                }
            let comparisons = try self.target.explaining { try Self.compare(rows, target) }
            if comparisons.allSatisfy(\.isEqual) { try self.target.explaining { try target.finish() } }
            return comparisons
        }
    }

    private func moveRows(_ contents: any ContentsReader) throws -> (any ContentsReader, any ContentsTarget) {
        let (target, progress) = try self.target.begin(
            ContentsOrigin(source: try Self.name(of: contents)), schema: contents.schemaVersion)
        try RowMove(source: contents, target: target, place: self.target, progress: progress).run()
        return (contents, target)
    }

    private func moveAll(
        _ contents: any ContentsReader, _ from: ContentPlace, _ to: ContentPlace, _ work: AsyncWork
    ) throws -> (any ContentsReader, any ContentsTarget) {
        // Content of another store may stay there beside files that are copied.
        if case (.files, .files) = (from, to) {} else { try from.requireContent(of: contents, self.source, work) }
        let move = try ContentMove(
            contents, source: try Self.name(of: contents), from: from, to: to, store: self.target,
            receiving: self.receiving, work: work)
        try move.copy(contents, advice: "penstock doctor tells whose it is.")
        try move.moveRows(into: self.target)
        return (move.rows, move.target)
    }

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
