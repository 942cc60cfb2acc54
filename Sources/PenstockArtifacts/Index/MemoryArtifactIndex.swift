// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockModel
import Synchronization

/// An index that lives as long as its process: for tests, and the measure of what the databases must do.
///
/// A transaction works on a copy of the state, which replaces the state when the body returns.
package final class MemoryArtifactIndex: ArtifactIndex {
    /// What the index knows of jobs and has recorded for source actions; stands in for the tables of the other modules.
    package struct Surroundings: Sendable {
        package var dispatches: [JobID: Int] = [:]
        package var owed: [ObjectChange] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Lets credentials made for this dispatch of the job write; `nil` lets none.
    package func setDispatch(_ dispatch: Int?, of jobID: JobID) {
        self.state.withLock { $0.surroundings.dispatches[jobID] = dispatch }
    }

    /// The source events recorded so far, in order.
    package var owedSourceEvents: [ObjectChange] { self.state.withLock { $0.surroundings.owed } }

    package func withArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try self.state.withLock { state in
            let transaction = Transaction(state)
            let result = try body(transaction)
            state = transaction.state
            return result
        }
    }

    package func readArtifacts<Result: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction) throws -> Result
    ) async throws -> Result {
        try body(Transaction(self.state.withLock { $0 }))
    }
}

extension MemoryArtifactIndex {
    fileprivate struct Object: Sendable {
        var key: ObjectKey
        /// From the oldest to the newest; never empty.
        var versions: [ObjectVersionRow]
    }

    fileprivate struct State: Sendable {
        var buckets: [String: BucketRow] = [:]
        /// Of each bucket the objects by ascending key.
        var objects: [String: [Object]] = [:]
        var uploads: [String: UploadRow] = [:]
        var parts: [String: [Int: PartRow]] = [:]
        var blobs: [BlobHash: BlobRow] = [:]
        var lastSequence: Int64 = 0
        var surroundings = Surroundings()

        /// Where the key is in its bucket, or would be.
        func position(of key: ObjectKey, in bucket: String) -> (index: Int, found: Bool) {
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
        func objects(in bucket: String, prefix: ObjectKey, from: ObjectKey) -> some Sequence<Object> {
            let start = self.position(of: max(prefix, from), in: bucket).index
            return (self.objects[bucket] ?? [])[start...].lazy.prefix { $0.key.hasPrefix(prefix) }
        }
    }

    /// Used by the one thread that runs its body, under the index's lock or on a copy of its own.
    fileprivate final class Transaction: ArtifactTransaction {
        var state: State
        init(_ state: State) { self.state = state }
    }
}

// MARK: - Buckets and versions

extension MemoryArtifactIndex.Transaction {
    func bucket(_ name: String, for use: BucketUse) -> BucketRow? { self.state.buckets[name] }

    func buckets(in scope: Scope) -> [BucketRow] {
        self.state.buckets.values.filter { $0.scope == scope }.sorted { $0.name < $1.name }
    }

    func insertBucket(_ row: BucketRow) -> Bool {
        guard self.state.buckets[row.name] == nil else { return false }
        self.state.buckets[row.name] = row
        return true
    }

    func updateBucket(_ row: BucketRow) { self.state.buckets[row.name] = row }

    func deleteBucket(_ name: String) { self.state.buckets[name] = nil }

    func bucketHasContent(_ name: String) -> Bool {
        self.state.objects[name]?.isEmpty == false || self.state.uploads.values.contains { $0.bucket == name }
    }

    func lockKey(_ key: ObjectKey, in bucket: String) {}

    func latestVersion(of key: ObjectKey, in bucket: String) -> ObjectVersionRow? {
        let (index, found) = self.state.position(of: key, in: bucket)
        return found ? self.state.objects[bucket]?[index].versions.last : nil
    }

    func version(_ id: VersionID, of key: ObjectKey, in bucket: String) -> ObjectVersionRow? {
        let (index, found) = self.state.position(of: key, in: bucket)
        return found ? self.state.objects[bucket]?[index].versions.first { $0.versionID == id } : nil
    }

    func insertVersion(_ row: ObjectVersionRow) {
        precondition(self.version(row.versionID, of: row.key, in: row.bucket) == nil, "a version id is used once")
        self.state.lastSequence += 1
        var row = row
        row.sequence = self.state.lastSequence
        row.isLatest = true
        let (index, found) = self.state.position(of: row.key, in: row.bucket)
        var objects = self.state.objects[row.bucket] ?? []
        if found {
            objects[index].versions[objects[index].versions.count - 1].isLatest = false
            objects[index].versions.append(row)
        } else {
            objects.insert(.init(key: row.key, versions: [row]), at: index)
        }
        self.state.objects[row.bucket] = objects
    }

    func deleteVersion(_ id: VersionID, of key: ObjectKey, in bucket: String) {
        let (index, found) = self.state.position(of: key, in: bucket)
        guard found, var objects = self.state.objects[bucket] else { return }
        objects[index].versions.removeAll { $0.versionID == id }
        if objects[index].versions.isEmpty {
            objects.remove(at: index)
        } else {
            objects[index].versions[objects[index].versions.count - 1].isLatest = true
        }
        self.state.objects[bucket] = objects
    }

    func latestVersions(in bucket: String, prefix: ObjectKey, from: ObjectKey, limit: Int) -> [ObjectVersionRow] {
        Array(
            self.state.objects(in: bucket, prefix: prefix, from: from).lazy
                .compactMap { $0.versions.last }.filter { !$0.isDeleteMarker }.prefix(limit)
        )
    }

    func versions(
        in bucket: String, prefix: ObjectKey, from: ObjectKey, below: Int64?, limit: Int
    ) -> [ObjectVersionRow] {
        Array(
            self.state.objects(in: bucket, prefix: prefix, from: from).lazy
                .flatMap { $0.versions.reversed() }
                .filter { $0.key != from || $0.sequence < below ?? .max }.prefix(limit)
        )
    }
}

// MARK: - Uploads, blobs and surroundings

extension MemoryArtifactIndex.Transaction {
    func upload(_ id: String, lock: Bool) -> UploadRow? { self.state.uploads[id] }

    func insertUpload(_ row: UploadRow) { self.state.uploads[row.uploadID] = row }

    func deleteUpload(_ id: String) {
        self.state.uploads[id] = nil
        self.state.parts[id] = nil
    }

    func uploads(in bucket: String, prefix: ObjectKey, from: ObjectKey, after: String?, limit: Int) -> [UploadRow] {
        let matching = self.state.uploads.values.filter {
            $0.bucket == bucket && $0.key.hasPrefix(prefix)
                && ($0.key > from || $0.key == from && $0.uploadID > after ?? "")
        }
        return Array(matching.sorted { ($0.key, $0.uploadID) < ($1.key, $1.uploadID) }.prefix(limit))
    }

    func part(_ number: Int, ofUpload id: String) -> PartRow? { self.state.parts[id]?[number] }

    func putPart(_ row: PartRow) { self.state.parts[row.uploadID, default: [:]][row.number] = row }

    func parts(ofUpload id: String, after: Int, limit: Int) -> [PartRow] {
        let parts = self.state.parts[id, default: [:]].values.filter { $0.number > after }
        return Array(parts.sorted { $0.number < $1.number }.prefix(limit))
    }

    func changeReferences(toBlob hash: BlobHash, sizeBytes: Int64, by count: Int64, at: Timestamp) {
        var row = self.state.blobs[hash] ?? BlobRow(hash: hash, sizeBytes: sizeBytes, references: 0, changed: at)
        row.references += count
        row.changed = at
        precondition(row.references >= 0, "a reference is given up once, by the row that held it")
        self.state.blobs[hash] = row
    }

    func blob(_ hash: BlobHash) -> BlobRow? { self.state.blobs[hash] }

    func unreferencedBlobs(changedBefore: Timestamp, limit: Int) -> [BlobRow] {
        let rows = self.state.blobs.values.filter { $0.references == 0 && $0.changed < changedBefore }
        return Array(rows.sorted { ($0.changed, $0.hash) < ($1.changed, $1.hash) }.prefix(limit))
    }

    func forgetBlob(_ hash: BlobHash, changedBefore: Timestamp) -> Bool {
        guard let row = self.state.blobs[hash], row.references == 0, row.changed < changedBefore else { return false }
        self.state.blobs[hash] = nil
        return true
    }

    func jobAcceptsWrites(_ jobID: JobID, dispatch: Int) -> Bool {
        self.state.surroundings.dispatches[jobID] == dispatch
    }

    func oweSourceEvent(_ change: ObjectChange) { self.state.surroundings.owed.append(change) }
}
