// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore

/// Holds versions of objects and parts of uploads against the counts of what names content.
struct ObjectExamination {
    private struct Name: Hashable {
        var bucket: String
        var key: [UInt8]
    }

    private(set) var findings: [Finding] = []
    private(set) var greatestSequence: Int64 = 0
    /// Content that has a row.
    private(set) var blobs: [BlobHash: BlobRow] = [:]
    /// How many versions and parts name content, and of what size they say it is.
    private var references: [BlobHash: (count: Int64, sizeBytes: Int64)] = [:]
    /// Whether the newest version of each key so far is its latest one.
    private var latest: [Name: Bool] = [:]

    mutating func read(_ fields: ContentsFields) throws {
        switch fields.table.name {
        case "bucket":
            _ = try fields.scope()
            guard BucketRow.Versioning(rawValue: try fields.text("versioning")) != nil else {
                throw fields.unreadable("versioning")
            }
        case "object_version":
            self.greatestSequence = max(self.greatestSequence, try fields.integer("sequence"))
            let name = Name(bucket: try fields.text("bucket"), key: try fields.bytes("key"))
            self.latest[name] = try fields.integer("is_latest") != 0
            for each in try fields.namedContent() { self.count(each.hash, each.sizeBytes) }
        case "upload": _ = try ObjectDetails(decoding: fields.bytes("details"))
        case "upload_part":
            _ = try fields.optionalBytes("checksum").map { try ObjectChecksum(decoding: $0) }
            for each in try fields.namedContent() { self.count(each.hash, each.sizeBytes) }
        case "blob":
            guard let hash = BlobHash(bytes: try fields.bytes("hash")) else { throw fields.unreadable("hash") }
            self.blobs[hash] = BlobRow(
                hash: hash,
                sizeBytes: try fields.integer("size_bytes"),
                references: try fields.integer("references"),
                changed: Timestamp(millisecondsSinceEpoch: try fields.integer("changed")),
                generation: try fields.isAbsent("generation") ? nil : try fields.id("generation")
            )
        default: break
        }
    }

    private mutating func count(_ hash: BlobHash, _ sizeBytes: Int64) {
        self.references[hash, default: (0, sizeBytes)].count += 1
    }

    /// - Parameter isElsewhere: Whether content is in another store, where a row that is made anew would name none of it.
    mutating func finish(isElsewhere: Bool) {
        let wrong = self.latest.filter { !$0.value }.keys.map {
            "\($0.bucket)/\(String(decoding: $0.key, as: UTF8.self))"
        }
        for object in wrong.sorted() {
            self.findings.append(
                Finding(
                    .wrongLatest, .error, "object \(object)", "has a newest version that is not its latest",
                    advice: "put the object again"))
        }
        for hash in Set(self.references.keys).union(self.blobs.keys).sorted() {
            let (named, row) = (self.references[hash], self.blobs[hash])
            let count = named?.count ?? 0
            guard row?.references != count else { continue }
            let size = row?.sizeBytes ?? named?.sizeBytes ?? 0
            let isLost = isElsewhere && row == nil
            self.findings.append(
                Finding(
                    .wrongReferenceCount, .error, "blob \(hash.hex)",
                    row.map { "counts \($0.references) rows that name it, and there are \(count)" }
                        ?? "has no row, and \(count) rows name it",
                    advice: isLost ? ContentExamination.advice : nil,
                    repair: isLost ? nil : .setReferences(hash, sizeBytes: size, count: count)))
            // Its file must be there for as long as something names it, whatever its row says.
            self.blobs[hash] = BlobRow(
                hash: hash, sizeBytes: size, references: count,
                changed: row?.changed ?? Timestamp(millisecondsSinceEpoch: 0), generation: row?.generation)
        }
    }
}
