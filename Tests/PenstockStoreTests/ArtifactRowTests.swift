// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import PenstockStore
import Testing

@Suite struct `Rows of artifacts in every store` {
    private func version(_ key: ObjectKey, _ version: String, isDeleteMarker: Bool = false) -> ObjectVersionRow {
        ObjectVersionRow(
            bucket: "b", key: key, versionID: VersionID(version), isDeleteMarker: isDeleteMarker, sizeBytes: 1,
            etag: "e", lastModified: at(1), details: ObjectDetails(metadata: [KeyedValue("a", "b")])
        )
    }

    private let bucket = BucketRow(name: "b", scope: scope, created: at(1))

    @Test(arguments: StoreUnderTest.allCases)
    func `A bucket's name is taken in all scopes`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            try await store.withArtifacts { [bucket] transaction throws in
                var bucket = bucket
                #expect(try transaction.insertBucket(bucket))
                #expect(try !transaction.insertBucket(bucket))
                bucket.versioning = .enabled
                try transaction.updateBucket(bucket)
                #expect(try transaction.bucket("b", for: .change) == bucket)
                #expect(try transaction.buckets(in: scope) == [bucket])
                #expect(try !transaction.bucketHasContent("b"))
                try transaction.deleteBucket("b")
                #expect(try transaction.bucket("b", for: .read) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `The newest version is the latest, whichever are deleted`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let key = ObjectKey("k\u{0}é")
            let rows = ["1", "2", "3"].map { self.version(key, $0) }
            try await store.withArtifacts { [bucket] transaction throws in
                _ = try transaction.insertBucket(bucket)
                for row in rows { try transaction.insertVersion(row) }
                func latest() throws -> String? { try transaction.latestVersion(of: key, in: "b")?.versionID.rawValue }
                #expect(try latest() == "3")
                try transaction.deleteVersion(VersionID("2"), of: key, in: "b")
                #expect(try latest() == "3")
                try transaction.deleteVersion(VersionID("3"), of: key, in: "b")
                #expect(try latest() == "1")
                #expect(try transaction.version(VersionID("1"), of: key, in: "b")?.details == rows[0].details)
                #expect(try transaction.bucketHasContent("b"))
                try transaction.deleteVersion(VersionID("1"), of: key, in: "b")
                #expect(try latest() == nil)
            }
        }
    }

    /// Each locks some of the keys, of which others lock some too, and writes those that have no version yet.
    @Test(arguments: StoreUnderTest.allCases)
    func `Of those who write a new key at once one is the first`(_ kind: StoreUnderTest) async throws {
        try await kind.withHandles { first, second in
            try await first.withArtifacts { [bucket] transaction throws in _ = try transaction.insertBucket(bucket) }
            let parts = (2..<10).map { divisor in
                Set((0..<200).filter { !$0.isMultiple(of: divisor) }.map { ObjectKey("k\($0)") })
            }
            let written = try await withThrowingTaskGroup(of: Int.self) { group in
                for (number, keys) in parts.enumerated() {
                    let store = number.isMultiple(of: 2) ? first : second
                    group.addTask {
                        try await store.withArtifacts { transaction throws in
                            try transaction.lockKeys(keys, in: "b")
                            let fresh = try keys.filter { try transaction.latestVersion(of: $0, in: "b") == nil }
                            for key in fresh { try transaction.insertVersion(self.version(key, "\(number)")) }
                            return fresh.count
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(written == parts.reduce(Set<ObjectKey>()) { $0.union($1) }.count)
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Listings page through keys as a sorted list does`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let keys: [ObjectKey] = (0..<40).map { (number: Int) -> ObjectKey in
                let bytes: [UInt8] = number % 2 == 0 ? [0x61, UInt8(number * 6)] : [0xFF, 0xFF, UInt8(number)]
                return ObjectKey(bytes: bytes)
            }
            let rows = keys.enumerated().flatMap { (index: Int, key: ObjectKey) -> [ObjectVersionRow] in
                [self.version(key, "1"), self.version(key, "2", isDeleteMarker: index % 5 == 0)]
            }
            try await store.withArtifacts { [bucket] transaction throws in
                _ = try transaction.insertBucket(bucket)
                for row in rows { try transaction.insertVersion(row) }
            }
            for prefix in [ObjectKey.first, ObjectKey(bytes: [0x61]), ObjectKey(bytes: [0xFF])] {
                let matching = keys.sorted().filter { $0.hasPrefix(prefix) }
                let deleted = Set(keys.indices.filter { $0 % 5 == 0 }.map { keys[$0] })
                let (latest, all) = try await store.readArtifacts { transaction throws in
                    var latest: [ObjectKey] = []
                    var from = ObjectKey.first
                    while true {
                        let page = try transaction.latestVersions(in: "b", prefix: prefix, from: from, limit: 3)
                        latest += page.map(\.key)
                        guard let last = page.last else { break }
                        from = last.key.successor
                    }
                    var all: [ObjectVersionRow] = []
                    while true {
                        let page = try transaction.versions(
                            in: "b", prefix: prefix, from: all.last?.key ?? .first, below: all.last?.sequence, limit: 3
                        )
                        guard !page.isEmpty else { return (latest, all) }
                        all += page
                    }
                }
                #expect(latest == matching.filter { !deleted.contains($0) })
                #expect(all.map(\.key) == matching.flatMap { [$0, $0] })
                #expect(all.map(\.versionID.rawValue) == matching.flatMap { _ in ["2", "1"] })
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Uploads and their parts are listed in order and go together`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let hash = try #require(BlobHash(bytes: [UInt8](repeating: 7, count: 32)))
            try await store.withArtifacts { [bucket] transaction throws in
                _ = try transaction.insertBucket(bucket)
                for (id, key) in [("u1", "b"), ("u2", "a"), ("u3", "b"), ("u4", "c")] {
                    let upload = UploadRow(
                        uploadID: id, bucket: "b", key: ObjectKey(key), initiated: at(1), details: ObjectDetails()
                    )
                    try transaction.insertUpload(upload)
                    #expect(try transaction.upload(id, lock: true) == upload)
                }
                func ids(
                    prefix: String = "", from: String = "", after: String? = nil, limit: Int = 9
                ) throws -> [String] {
                    try transaction.uploads(
                        in: "b", prefix: ObjectKey(prefix), from: ObjectKey(from), after: after, limit: limit
                    ).map(\.uploadID)
                }
                #expect(try ids() == ["u2", "u1", "u3", "u4"])
                #expect(try transaction.oldestUploads(after: "", limit: 3).map(\.uploadID) == ["u1", "u2", "u3"])
                #expect(try transaction.oldestUploads(after: "u1", limit: 2).map(\.uploadID) == ["u2", "u3"])
                #expect(try ids(prefix: "b") == ["u1", "u3"])
                #expect(try ids(from: "b", after: "u1", limit: 1) == ["u3"])
                for number in [3, 1, 2, 1] {
                    let part = PartRow(
                        uploadID: "u1", number: number, blob: hash, sizeBytes: 5, etag: "e",
                        checksum: ObjectChecksum(algorithm: .crc32, value: "v"), lastModified: at(2)
                    )
                    try transaction.putPart(part)
                    #expect(try transaction.part(number, ofUpload: "u1") == part)
                }
                #expect(try transaction.parts(ofUpload: "u1", after: 1, limit: 9).map(\.number) == [2, 3])
                try transaction.deleteUpload("u1")
                #expect(try transaction.parts(ofUpload: "u1", after: 0, limit: 9).isEmpty)
                #expect(try transaction.upload("u1", lock: false) == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A blob is forgotten once nothing refers to it for long enough`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let hash = try #require(BlobHash(bytes: [UInt8](repeating: 9, count: 32)))
            try await store.withArtifacts { transaction throws in
                try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: 2, at: at(1))
                try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: -1, at: at(2))
                #expect(try transaction.blob(hash) == BlobRow(hash: hash, sizeBytes: 5, references: 1, changed: at(2)))
                #expect(try !transaction.forgetBlob(hash, changedBefore: at(9)))
                try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: -1, at: at(3))
                #expect(try transaction.unreferencedBlobs(changedBefore: at(3), limit: 9).isEmpty)
                #expect(try transaction.unreferencedBlobs(changedBefore: at(4), limit: 9).map(\.hash) == [hash])
                #expect(try !transaction.forgetBlob(hash, changedBefore: at(3)))
                #expect(try transaction.forgetBlob(hash, changedBefore: at(4)))
                #expect(try !transaction.forgetBlob(hash, changedBefore: at(4)))
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `A blob keeps the generation that it was reserved with until it is condemned`(
        _ kind: StoreUnderTest
    ) async throws {
        try await kind.withStore { store in
            let hash = try #require(BlobHash(bytes: [UInt8](repeating: 9, count: 32)))
            let (one, two) = (UniqueID(high: 1, low: 2), UniqueID(high: .max, low: 3))
            let (first, second) = (BlobName(hash: hash, generation: one), BlobName(hash: hash, generation: two))
            try await store.withArtifacts { transaction throws in
                #expect(try !transaction.hasBlobs())
                let row = try transaction.reserveBlob(hash, sizeBytes: 5, generation: one, at: at(1))
                #expect(row == BlobRow(hash: hash, sizeBytes: 5, references: 0, changed: at(1), generation: one))
                #expect(try transaction.hasBlobs())
                let again = try transaction.reserveBlob(hash, sizeBytes: 5, generation: two, at: at(3))
                #expect(again == BlobRow(hash: hash, sizeBytes: 5, references: 0, changed: at(3), generation: one))
                try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: 1, at: at(4))
                #expect(try transaction.blob(hash)?.generation == one)
                #expect(try !transaction.condemnBlob(first, changedBefore: at(9)))
                try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: -1, at: at(5))
                #expect(try !transaction.condemnBlob(first, changedBefore: at(5)))
                #expect(try !transaction.condemnBlob(second, changedBefore: at(9)))
                #expect(try transaction.unreferencedBlobs(changedBefore: at(9), limit: 9).map(\.generation) == [one])
                #expect(try transaction.condemnBlob(first, changedBefore: at(9)))
                #expect(try !transaction.condemnBlob(first, changedBefore: at(9)))
                #expect(try transaction.blob(hash) == nil)
                // What names it now has no generation: its content is nowhere.
                try transaction.changeReferences(toBlob: hash, sizeBytes: 5, by: 1, at: at(6))
                #expect(try transaction.blob(hash)?.generation == nil)
            }
        }
    }

    @Test(arguments: StoreUnderTest.allCases)
    func `Objects to be removed are listed by name until they are`(_ kind: StoreUnderTest) async throws {
        try await kind.withStore { store in
            let names = try (0..<6).map { number in
                let hash = try #require(BlobHash(bytes: [UInt8](repeating: UInt8(number / 2 + 127), count: 32)))
                return BlobName(hash: hash, generation: UniqueID(high: number % 2 == 0 ? 1 : .max, low: 7))
            }
            try await store.withArtifacts { transaction throws in
                for name in names.reversed() + names {
                    try transaction.insertCondemnedBlob(CondemnedBlobRow(name: name, sizeBytes: 5))
                }
                let all = try transaction.condemnedBlobs(after: .least, limit: 9)
                #expect(all == names.map { CondemnedBlobRow(name: $0, sizeBytes: 5) })
                #expect(try transaction.condemnedBlobs(after: names[1], limit: 3).map(\.name) == Array(names[2...4]))
                try transaction.deleteCondemnedBlob(names[2])
                try transaction.deleteCondemnedBlob(names[2])
                #expect(try transaction.condemnedBlobs(after: names[1], limit: 2).map(\.name) == Array(names[3...4]))
            }
        }
    }
}
