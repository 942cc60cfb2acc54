// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel
import Synchronization

extension ArtifactStore {
    /// Blobs are collected in transactions of so many, so that writers wait only briefly.
    private static let collectionBatchSize = 64
    /// An upload that was neither completed nor aborted for so long is given up: its client is no more.
    package static let uploadGrace = Duration.days(7)

    /// Ends uploads that nobody completes, removes content that nothing has named for a while, and what crashed
    /// writers left behind.
    ///
    /// Safe beside any number of writers and other collectors. A blob's file is set aside inside the transaction that
    /// forgets its row, so a writer of the same content either comes first and is seen, or comes after and finds the file
    /// missing, and is told to try again; it is removed once that transaction is durable. A crash in between leaves a row
    /// without references, or a file without a row or aside, and the next collection ends it.
    ///
    /// An object of another store goes after the transaction that forgets its row and condemns its name. The name is
    /// used once, so whoever stores the same content from then on does so under another; a crash in between leaves the
    /// condemned name, and the next collection ends it.
    ///
    /// - Returns: How many blobs were removed.
    @discardableResult
    package func collectGarbage() async throws -> Int {
        try await self.blobs.removeStaleTemporaryFiles()
        try await self.abandonOldUploads()
        let cutoff = self.now() - BlobStore.unreferencedBlobGrace
        if case .objects(let objects) = self.blobs.place {
            try await self.condemnUnreferencedBlobs(cutoff)
            return try await self.removeCondemnedBlobs(from: objects)
        }
        try await self.settle(try await self.blobs.asideBlobs())
        var removed = try await self.collectUnreferencedBlobs(cutoff)
        for byte in UInt8.min...UInt8.max { removed += try await self.collectUnknownBlobs(firstByte: byte, cutoff) }
        return removed
    }

    /// Each in a transaction of its own, for it may have many parts.
    private func abandonOldUploads() async throws {
        let at = self.now()
        var last = ""
        while true {
            let oldest = try await self.index.readArtifacts { [last] transaction in
                try transaction.oldestUploads(after: last, limit: Self.collectionBatchSize)
            }
            let old = oldest.filter { $0.initiated < at - Self.uploadGrace }
            last = old.last?.uploadID ?? last
            for upload in old {
                try await self.index.withArtifacts { transaction in
                    _ = try transaction.bucket(upload.bucket, for: .writeBeneath)
                    // It may have been completed or aborted meanwhile.
                    guard let upload = try transaction.upload(upload.uploadID, lock: true) else { return }
                    try transaction.abandon(upload, at: at)
                }
            }
            if old.count < Self.collectionBatchSize { return }
        }
    }

    /// Blobs whose rows say that they are no longer named.
    private func collectUnreferencedBlobs(_ cutoff: Timestamp) async throws -> Int {
        var removed = 0
        while true {
            let (seen, gone) = try await self.forgetBlobs { transaction, setAside in
                let rows = try transaction.unreferencedBlobs(changedBefore: cutoff, limit: Self.collectionBatchSize)
                for row in rows where try transaction.forgetBlob(row.hash, changedBefore: cutoff) {
                    try setAside(row.hash)
                }
                return rows.count
            }
            removed += gone
            // Rows that another transaction just took up again are seen and stay.
            if seen < Self.collectionBatchSize || gone == 0 { return removed }
        }
    }

    /// Blobs without a row: their writers did not come to name them.
    private func collectUnknownBlobs(firstByte: UInt8, _ cutoff: Timestamp) async throws -> Int {
        var rest = try await self.blobs.settledBlobs(firstByte: firstByte)[...]
        var removed = 0
        while !rest.isEmpty {
            let batch = Array(rest.prefix(Self.collectionBatchSize))
            rest = rest.dropFirst(Self.collectionBatchSize)
            let unknown = try await self.index.readArtifacts { transaction in
                try batch.filter { try transaction.blob($0) == nil }
            }
            guard !unknown.isEmpty else { continue }
            removed += try await self.forgetBlobs { transaction, setAside in
                for hash in unknown where try transaction.blob(hash) == nil {
                    if try transaction.forgetUnnamed(hash, cutoff) { try setAside(hash) }
                }
            }
            .gone
        }
        return removed
    }

    // MARK: Files that are set aside

    /// Runs a transaction that forgets rows of blobs and sets their files aside, and removes these once it is durable.
    ///
    /// The lock of a row ends with the session that has it, and so without this process: where the database is cut off
    /// between the deletion and the file, a writer finds both and names the blob. The file is there to be put back then,
    /// and for as long as nobody does, readers find it.
    ///
    /// - Parameter body: May run several times. The closure sets the blob's file aside.
    /// - Returns: What the body returned, and how many files were removed.
    private func forgetBlobs<Value: Sendable>(
        _ body: @escaping @Sendable (any ArtifactTransaction, (BlobHash) throws -> Void) throws -> Value
    ) async throws -> (seen: Value, gone: Int) {
        let aside = Mutex<Set<BlobHash>>([])
        let (blobs, index) = (self.blobs, self.index)
        do {
            let (value, forgotten) = try await index.withArtifacts { transaction in
                var forgotten: [BlobHash] = []
                let value = try body(transaction) { hash in
                    aside.withLock { _ = $0.insert(hash) }
                    try blobs.setAside(hash)
                    forgotten.append(hash)
                }
                return (value, forgotten)
            }
            for hash in forgotten { try blobs.removeAside(hash) }
            try await self.settle(aside.withLock { $0.subtracting(forgotten) })
            return (value, forgotten.count)
        } catch {
            // What cannot be settled now the next collection settles.
            try? await self.settle(aside.withLock { $0 })
            throw error
        }
    }

    /// Puts back what is named, and removes what is not.
    private func settle(_ aside: some Collection<BlobHash> & Sendable) async throws {
        let (blobs, cutoff) = (self.blobs, self.now() - BlobStore.unreferencedBlobGrace)
        for hash in aside {
            let isForgotten = try await self.index.withArtifacts { transaction in
                if try transaction.forgetUnnamed(hash, cutoff) { return true }
                try blobs.putBack(hash)
                return false
            }
            if isForgotten { try blobs.removeAside(hash) }
        }
    }

    // MARK: Objects of another store

    /// So many objects are removed at once.
    private static let removalWidth = 8

    private func condemnUnreferencedBlobs(_ cutoff: Timestamp) async throws {
        while true {
            let (seen, gone) = try await self.index.withArtifacts { transaction in
                let rows = try transaction.unreferencedBlobs(changedBefore: cutoff, limit: Self.collectionBatchSize)
                let gone = try rows.filter { row in
                    guard let generation = row.generation else { return false }
                    let name = BlobName(hash: row.hash, generation: generation)
                    return try transaction.condemnBlob(name, changedBefore: cutoff)
                }
                return (rows.count, gone.count)
            }
            if seen < Self.collectionBatchSize || gone == 0 { return }
        }
    }

    /// A name is forgotten once its object is gone. What could not be removed stays condemned; where none of many could,
    /// the others are not tried.
    private func removeCondemnedBlobs(from objects: any BlobObjects) async throws -> Int {
        var (removed, last, failure) = (0, BlobName.least, (any Error)?.none)
        while true {
            let rows = try await self.index.readArtifacts { [last] transaction in
                try transaction.condemnedBlobs(after: last, limit: Self.collectionBatchSize)
            }
            let (gone, problem) = await Self.remove(rows, from: objects)
            if !gone.isEmpty {
                try await self.index.withArtifacts { transaction in
                    for name in gone { try transaction.deleteCondemnedBlob(name) }
                }
            }
            removed += gone.count
            last = rows.last?.name ?? last
            failure = failure ?? problem
            if rows.count < Self.collectionBatchSize || gone.isEmpty { break }
        }
        if let failure { throw failure }
        return removed
    }

    /// - Returns: The names whose objects are gone, by ascending name, and why one is not.
    private static func remove(
        _ rows: [CondemnedBlobRow], from objects: any BlobObjects
    ) async -> (gone: [BlobName], failure: (any Error)?) {
        await withTaskGroup(of: Result<BlobName, any Error>.self) { group in
            var (gone, failure, rest) = ([BlobName](), (any Error)?.none, rows[...])
            func removeNext() {
                guard let row = rest.popFirst() else { return }
                group.addTask {
                    do {
                        try await objects.remove(row.name, sizeBytes: row.sizeBytes)
                        return .success(row.name)
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for _ in 0..<Self.removalWidth { removeNext() }
            while let result = await group.next() {
                switch result {
                case .success(let name): gone.append(name)
                case .failure(let error): failure = error
                }
                removeNext()
            }
            return (gone.sorted(), failure)
        }
    }
}

extension ArtifactTransaction {
    /// Forgets the blob unless something names it, also where it has no row. One of its own makes whoever names the blob
    /// right now be waited for, or wait.
    fileprivate func forgetUnnamed(_ hash: BlobHash, _ cutoff: Timestamp) throws -> Bool {
        let past = Timestamp(millisecondsSinceEpoch: 0)
        try self.changeReferences(toBlob: hash, sizeBytes: 0, by: 0, at: past)
        return try self.forgetBlob(hash, changedBefore: cutoff)
    }
}
