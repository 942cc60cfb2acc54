// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockServer
import PenstockStore

// What names content, held against the counts that its own rows have: content goes from place to place by the counts, so
// where they are wrong some would be left behind.

extension ContentsFields {
    /// The content that a version of an object or a part of an upload names, as often as it does, and of what size it says
    /// each is; none for rows of other tables.
    func namedContent() throws -> [(hash: BlobHash, sizeBytes: Int64)] {
        switch self.table.name {
        case "object_version":
            return try ObjectDetails(decoding: self.bytes("details")).parts.map { ($0.blob, $0.sizeBytes) }
        case "upload_part":
            guard let hash = BlobHash(bytes: try self.bytes("blob")) else { throw self.unreadable("blob") }
            return [(hash, try self.integer("size_bytes"))]
        default: return []
        }
    }
}

extension ContentsReader {
    /// Makes sure that no content is left behind that something names, where rows of content stay as they are.
    ///
    /// Takes memory for content alone that counts nothing, which is collected within hours.
    ///
    /// - Parameter advice: What to do about it, a sentence.
    /// - Throws: ``ServerError`` that names content which counts nothing and is named.
    func requireCounted(advice: String) throws {
        var uncounted: Set<BlobHash> = []
        try self.eachCount { hash, count in
            if count <= 0 { uncounted.insert(hash) }
        }
        guard !uncounted.isEmpty else { return }
        try self.eachNamedContent(unreadable: { _ in }) { hash in
            guard uncounted.contains(hash) else { return }
            throw ServerError(
                .unusable, "The content \(hash.hex) counts no row that names it, and there are some. \(advice)")
        }
    }

    /// Makes sure that all content counts exactly what names it, before rows of content are left out by the counts.
    ///
    /// Takes about a hundred bytes of memory for each content.
    ///
    /// - Parameter advice: What to do about it, a sentence.
    /// - Throws: ``ServerError`` that names content whose count is wrong, or that has no row.
    func requireExactCounts(advice: String) throws {
        var named: [BlobHash: Int64] = [:]
        try self.eachNamedContent(unreadable: { throw $0 }) { named[$0, default: 0] += 1 }
        try self.eachCount { hash, count in
            let actual = named.removeValue(forKey: hash) ?? 0
            guard actual == count else {
                throw ServerError(
                    .unusable,
                    "The content \(hash.hex) counts \(count) rows that name it, and there are \(actual). \(advice)")
            }
        }
        if let (hash, count) = named.min(by: { $0.key < $1.key }) {
            throw ServerError(
                .unusable, "The content \(hash.hex) has no row, and \(count) rows name it. \(advice)")
        }
    }

    private func eachCount(_ body: (BlobHash, Int64) throws -> Void) throws {
        for table in self.tables where table.name == "blob" {
            try self.read(table) { row in
                let fields = ContentsFields(row, of: table)
                guard let hash = BlobHash(bytes: try fields.bytes("hash")) else { throw fields.unreadable("hash") }
                try body(hash, try fields.integer("references"))
            }
        }
    }

    private func eachNamedContent(
        unreadable: (StoreError) throws -> Void, _ body: (BlobHash) throws -> Void
    ) throws {
        for table in self.tables where ["object_version", "upload_part"].contains(table.name) {
            try self.read(table, after: nil, unreadable: unreadable) { row in
                let fields = ContentsFields(row, of: table)
                let names: [(hash: BlobHash, sizeBytes: Int64)]
                do {
                    names = try fields.namedContent()
                } catch {
                    return try unreadable(StoreError(.corrupt, "\(fields.name) cannot be read: \(error)"))
                }
                for name in names { try body(name.hash) }
            }
        }
    }
}
