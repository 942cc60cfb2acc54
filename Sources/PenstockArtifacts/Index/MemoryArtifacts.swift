// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel

/// The rows of artifacts as a value, which a transaction copies, changes and puts back.
package struct MemoryArtifacts: Sendable {
    fileprivate var buckets: [String: BucketRow] = [:]
    /// Of each bucket the objects by ascending key.
    fileprivate var objects: [String: [MemoryObject]] = [:]
    fileprivate var uploads: [String: UploadRow] = [:]
    fileprivate var parts: [String: [Int: PartRow]] = [:]
    fileprivate var blobs: [BlobHash: BlobRow] = [:]
    fileprivate var condemned: [BlobName: CondemnedBlobRow] = [:]
    fileprivate var lastSequence: Int64 = 0

    package init() {}

    /// Where the key is in its bucket, or would be.
    fileprivate func position(of key: ObjectKey, in bucket: String) -> (index: Int, found: Bool) {
        let objects = self.objects[bucket] ?? []
        var range = 0..<objects.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if objects[middle].key < key {
                range = middle + 1..<range.upperBound
            } else {
                range = range.lowerBound..<middle
            }
        }
        return (range.lowerBound, range.lowerBound < objects.count && objects[range.lowerBound].key == key)
    }

    /// The objects with the prefix whose key is `from` or greater, in order.
    fileprivate func objects(in bucket: String, prefix: ObjectKey, from: ObjectKey) -> some Sequence<MemoryObject> {
        let start = self.position(of: max(prefix, from), in: bucket).index
        return (self.objects[bucket] ?? [])[start...].lazy.prefix { $0.key.hasPrefix(prefix) }
    }
}

private struct MemoryObject: Sendable {
    var key: ObjectKey
    /// From the oldest to the newest; never empty.
    var versions: [ObjectVersionRow]
}

/// A transaction on rows of artifacts in memory; conforming types add what lies outside the artifact store.
package protocol MemoryArtifactTransaction: ArtifactTransaction, AnyObject {
    /// The transaction's own copy.
    var artifacts: MemoryArtifacts { get set }
}

// MARK: - Buckets and versions

extension MemoryArtifactTransaction {
    package func bucket(_ name: String, for use: BucketUse) -> BucketRow? { self.artifacts.buckets[name] }

    package func buckets(in scope: Scope) -> [BucketRow] {
        self.artifacts.buckets.values.filter { $0.scope == scope }.sorted { $0.name < $1.name }
    }

    package func insertBucket(_ row: BucketRow) -> Bool {
        guard self.artifacts.buckets[row.name] == nil else { return false }
        self.artifacts.buckets[row.name] = row
        return true
    }

    package func updateBucket(_ row: BucketRow) { self.artifacts.buckets[row.name] = row }

    package func deleteBucket(_ name: String) { self.artifacts.buckets[name] = nil }

    package func bucketHasContent(_ name: String) -> Bool {
        self.artifacts.objects[name]?.isEmpty == false || self.artifacts.uploads.values.contains { $0.bucket == name }
    }

    package func lockKeys(_ keys: Set<ObjectKey>, in bucket: String) {}

    package func latestVersion(of key: ObjectKey, in bucket: String) -> ObjectVersionRow? {
        let (index, found) = self.artifacts.position(of: key, in: bucket)
        return found ? self.artifacts.objects[bucket]?[index].versions.last : nil
    }

    package func version(_ id: VersionID, of key: ObjectKey, in bucket: String) -> ObjectVersionRow? {
        let (index, found) = self.artifacts.position(of: key, in: bucket)
        return found ? self.artifacts.objects[bucket]?[index].versions.first { $0.versionID == id } : nil
    }

    package func insertVersion(_ row: ObjectVersionRow) throws {
        let existing = try self.version(row.versionID, of: row.key, in: row.bucket)
        precondition(existing == nil, "a version id is used once")
        self.artifacts.lastSequence += 1
        var row = row
        row.sequence = self.artifacts.lastSequence
        row.isLatest = true
        let (index, found) = self.artifacts.position(of: row.key, in: row.bucket)
        var objects = self.artifacts.objects[row.bucket] ?? []
        if found {
            objects[index].versions[objects[index].versions.count - 1].isLatest = false
            objects[index].versions.append(row)
        } else {
            objects.insert(MemoryObject(key: row.key, versions: [row]), at: index)
        }
        self.artifacts.objects[row.bucket] = objects
    }

    package func deleteVersion(_ id: VersionID, of key: ObjectKey, in bucket: String) {
        let (index, found) = self.artifacts.position(of: key, in: bucket)
        guard found, var objects = self.artifacts.objects[bucket] else { return }
        objects[index].versions.removeAll { $0.versionID == id }
        if objects[index].versions.isEmpty {
            objects.remove(at: index)
        } else {
            objects[index].versions[objects[index].versions.count - 1].isLatest = true
        }
        self.artifacts.objects[bucket] = objects
    }

    package func latestVersions(in bucket: String, prefix: ObjectKey, from: ObjectKey, limit: Int) -> [ObjectVersionRow]
    {
        Array(
            self.artifacts.objects(in: bucket, prefix: prefix, from: from).lazy
                .compactMap { $0.versions.last }.filter { !$0.isDeleteMarker }.prefix(limit)
        )
    }

    package func versions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, below: Int64?, limit: Int
    ) -> [ObjectVersionRow] {
        Array(
            self.artifacts.objects(in: bucket, prefix: prefix, from: from).lazy
                .flatMap { $0.versions.reversed() }
                .filter { $0.key != from || $0.sequence < below ?? .max }.prefix(limit)
        )
    }
}

// MARK: - Uploads, blobs and surroundings

extension MemoryArtifactTransaction {
    package func upload(_ id: String, lock: Bool) -> UploadRow? { self.artifacts.uploads[id] }

    package func insertUpload(_ row: UploadRow) { self.artifacts.uploads[row.uploadID] = row }

    package func deleteUpload(_ id: String) {
        self.artifacts.uploads[id] = nil
        self.artifacts.parts[id] = nil
    }

    package func uploads(in bucket: String, prefix: ObjectKey, from: ObjectKey, after: String?, limit: Int)
        -> [UploadRow]
    {
        let matching = self.artifacts.uploads.values.filter {
            $0.bucket == bucket && $0.key.hasPrefix(prefix)
                && ($0.key > from || $0.key == from && $0.uploadID > after ?? "")
        }
        return Array(matching.sorted { ($0.key, $0.uploadID) < ($1.key, $1.uploadID) }.prefix(limit))
    }

    package func oldestUploads(after: String, limit: Int) -> [UploadRow] {
        let later = self.artifacts.uploads.values.filter { $0.uploadID > after }
        return Array(later.sorted { $0.uploadID < $1.uploadID }.prefix(limit))
    }

    package func part(_ number: Int, ofUpload id: String) -> PartRow? { self.artifacts.parts[id]?[number] }

    package func putPart(_ row: PartRow) { self.artifacts.parts[row.uploadID, default: [:]][row.number] = row }

    package func parts(ofUpload id: String, after: Int, limit: Int) -> [PartRow] {
        let parts = self.artifacts.parts[id, default: [:]].values.filter { $0.number > after }
        return Array(parts.sorted { $0.number < $1.number }.prefix(limit))
    }

    package func changeReferences(toBlob hash: BlobHash, sizeBytes: Int64, by count: Int64, at: Timestamp) {
        var row = self.artifacts.blobs[hash] ?? BlobRow(hash: hash, sizeBytes: sizeBytes, references: 0, changed: at)
        row.references += count
        row.changed = at
        precondition(row.references >= 0, "a reference is given up once, by the row that held it")
        self.artifacts.blobs[hash] = row
    }

    package func blob(_ hash: BlobHash) -> BlobRow? { self.artifacts.blobs[hash] }

    package func unreferencedBlobs(changedBefore: Timestamp, limit: Int) -> [BlobRow] {
        let rows = self.artifacts.blobs.values.filter { $0.references == 0 && $0.changed < changedBefore }
        return Array(rows.sorted { ($0.changed, $0.hash) < ($1.changed, $1.hash) }.prefix(limit))
    }

    package func forgetBlob(_ hash: BlobHash, changedBefore: Timestamp) -> Bool {
        guard let row = self.artifacts.blobs[hash], row.references == 0, row.changed < changedBefore else {
            return false
        }
        self.artifacts.blobs[hash] = nil
        return true
    }
}

// MARK: - Blobs that are objects of another store

extension MemoryArtifactTransaction {
    package func reserveBlob(_ hash: BlobHash, sizeBytes: Int64, generation: UniqueID, at: Timestamp) -> BlobRow {
        let new = BlobRow(hash: hash, sizeBytes: sizeBytes, references: 0, changed: at, generation: generation)
        var row = self.artifacts.blobs[hash] ?? new
        row.changed = at
        self.artifacts.blobs[hash] = row
        return row
    }

    package func condemnBlob(_ name: BlobName, changedBefore: Timestamp) throws -> Bool {
        guard let row = self.artifacts.blobs[name.hash], row.generation == name.generation,
            try self.forgetBlob(name.hash, changedBefore: changedBefore)
        else { return false }
        self.artifacts.condemned[name] = CondemnedBlobRow(name: name, sizeBytes: row.sizeBytes)
        return true
    }

    package func insertCondemnedBlob(_ row: CondemnedBlobRow) { self.artifacts.condemned[row.name] = row }

    package func condemnedBlobs(after: BlobName, limit: Int) -> [CondemnedBlobRow] {
        let rows = self.artifacts.condemned.values.filter { $0.name > after }
        return Array(rows.sorted { $0.name < $1.name }.prefix(limit))
    }

    package func deleteCondemnedBlob(_ name: BlobName) { self.artifacts.condemned[name] = nil }

    package func hasBlobs() -> Bool { !self.artifacts.blobs.isEmpty }
}
