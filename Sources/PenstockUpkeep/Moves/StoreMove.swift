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
    /// A table in both places.
    package struct Comparison: Sendable, Hashable {
        package var table: String
        package var sourceRows: Int
        package var targetRows: Int
        /// SHA-256 of the rows, hexadecimal digits.
        package var sourceHash: String
        package var targetHash: String

        package var isEqual: Bool { self.sourceRows == self.targetRows && self.sourceHash == self.targetHash }
    }

    package let source: StorePlace
    package let target: StorePlace
    package let sourceBlobs: any BlobPlace
    /// `nil` when the content stays where it is.
    package let targetBlobs: (any BlobPlace)?

    package init(
        from source: StorePlace, to target: StorePlace, sourceBlobs: any BlobPlace, targetBlobs: (any BlobPlace)?
    ) {
        self.source = source
        self.target = target
        self.sourceBlobs = sourceBlobs
        self.targetBlobs = targetBlobs
    }

    /// - Returns: What both places have by now, for each table; where something differs, servers are kept out of the
    ///   target.
    /// - Throws: ``ServerError``.
    package func run() throws -> [Comparison] {
        try self.source.read(keepsOut: true) { contents in
            try contents.requireReadable(self.source)
            let identity = try Self.identity(of: contents)
            let (target, progress) = try self.target.begin(source: identity, schema: contents.schemaVersion)
            try self.copyBlobs(of: contents)
            try RowMove(source: contents, target: target, place: self.target, progress: progress).run()
            let comparisons = try self.target.explaining { try Self.compare(contents, target) }
            if comparisons.allSatisfy(\.isEqual) { try self.target.explaining { try target.finish() } }
            return comparisons
        }
    }

    /// Tells one store from others: its master key and its first access key are those of no other.
    private static func identity(of contents: any ContentsReader) throws -> String {
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

    private func copyBlobs(of contents: any ContentsReader) throws {
        guard let targetBlobs else { return }
        do {
            for table in contents.tables where table.name == "blob" {
                try contents.read(table) { row in
                    guard let blob = try NamedBlob(row, of: table) else { return }
                    if try targetBlobs.sizeBytes(of: blob.hash) == blob.sizeBytes { return }
                    if let damage = try targetBlobs.copy(blob.hash, sizeBytes: blob.sizeBytes, from: self.sourceBlobs) {
                        throw ServerError(
                            .unusable,
                            "The content \(blob.hash.hex) \(damage.text). penstock doctor tells whose it is.")
                    }
                }
            }
            try targetBlobs.synchronize()
        } catch let error as FileError {
            throw ServerError(.unusable, "The content cannot be copied: \(error).")
        }
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
