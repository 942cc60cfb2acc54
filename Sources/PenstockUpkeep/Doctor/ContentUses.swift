// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockStore

/// The versions of objects, and the parts of uploads, that have some content, in the words of whoever put them.
struct ContentUses {
    private var uses: [BlobHash: (names: [String], count: Int)]

    /// How many are named of what may be thousands.
    static let maximumNames = 3

    init(of hashes: Set<BlobHash>) {
        self.uses = Dictionary(uniqueKeysWithValues: hashes.map { ($0, (names: [], count: 0)) })
    }

    /// Looks through the rows. One that cannot be read names nothing; the look at rows has told of it.
    mutating func read(_ contents: any ContentsReader) throws {
        for table in contents.tables where ["object_version", "upload_part"].contains(table.name) {
            try contents.read(table, after: nil, unreadable: { _ in }) { row in
                let fields = ContentsFields(row, of: table)
                guard let named = try? fields.namedContent(), let name = try? Self.name(of: fields) else { return }
                for hash in Set(named.map(\.hash)) where self.uses[hash] != nil { self.add(name, to: hash) }
            }
        }
    }

    private mutating func add(_ name: String, to hash: BlobHash) {
        self.uses[hash]?.count += 1
        guard let count = self.uses[hash]?.count, count <= Self.maximumNames else { return }
        self.uses[hash]?.names.append(name)
    }

    private static func name(of fields: ContentsFields) throws -> String {
        guard fields.table.name == "object_version" else {
            return "part \(try fields.integer("number")) of the upload \(try fields.text("upload"))"
        }
        let key = ObjectKey(bytes: try fields.bytes("key"))
        return "object \(try fields.text("bucket"))/\(key) version \(try fields.text("version_id"))"
    }

    /// What has the content; `nil` where nothing does.
    func text(of hash: BlobHash) -> String? {
        guard let use = self.uses[hash], use.count > 0 else { return nil }
        let others = use.count - use.names.count
        return use.names.joined(separator: ", ") + (others > 0 ? " and \(others) more" : "")
    }
}
