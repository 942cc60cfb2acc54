// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockArtifacts
import PenstockModel
import Testing

@Suite struct ListingTests {
    /// What a listing shows, worked out the slow way: roll up every key, drop repetitions.
    private static func expected(_ keys: [ObjectKey], _ query: ListingQuery) -> [ObjectKey] {
        var shown: [ObjectKey] = []
        for key in keys.sorted() where key.hasPrefix(query.prefix) {
            var entry = key
            let rest = String(decoding: key.bytes.dropFirst(query.prefix.bytes.count), as: UTF8.self)
            let delimiter = query.delimiter.description
            if !delimiter.isEmpty, let range = rest.firstRange(of: delimiter) {
                entry = ObjectKey(query.prefix.description + rest[..<range.upperBound])
            }
            if shown.last != entry { shown.append(entry) }
        }
        return shown
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `Pages of any size show what one long look would`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed)
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        let alphabet = ["a", "b", "/", "--", "-"]
        var keys = Set<ObjectKey>()
        for _ in 0..<60 {
            let length = Int.random(in: 1...6, using: &generator)
            keys.insert(key((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()))
        }
        for key in keys { try await fixture.put(key) }
        for key in keys.sorted().prefix(10) {
            _ = try await fixture.store.delete([Deletion(key, nil)], in: "bucket", as: owner)
        }
        let visible = keys.sorted().dropFirst(10)
        for prefix in ["", "a", "b/", "a--", "zzz"] {
            for delimiter in ["", "/", "--"] {
                let limit = Int.random(in: 1...7, using: &generator)
                let query = ListingQuery(prefix: key(prefix), delimiter: key(delimiter), limit: limit)
                var (live, all): ([ObjectKey], [ObjectKey]) = ([], [])
                var marker: ObjectKey?
                while true {
                    let page = try await fixture.store.objects(in: "bucket", query, after: marker, as: owner)
                    #expect(page.rows.count + page.commonPrefixes.count <= limit)
                    live += (page.rows.map(\.key) + page.commonPrefixes).sorted()
                    guard page.isTruncated else { break }
                    marker = page.last
                }
                #expect(live == Self.expected(Array(visible), query))
                var version: VersionID?
                marker = nil
                while true {
                    let page = try await fixture.store.versions(
                        in: "bucket", query, after: marker, version: version, as: owner
                    )
                    all += (page.rows.map(\.key) + page.commonPrefixes).sorted()
                    guard page.isTruncated else { break }
                    marker = page.last
                    version = page.rows.last.flatMap { $0.key == page.last ? $0.versionID : nil }
                }
                // A deleted key has two versions, and each is a row unless they are rolled up.
                let expected = Self.expected(Array(keys), query).flatMap { entry in
                    keys.contains(entry) && !visible.contains(entry) && !all.isEmpty
                        && !Self.isRolledUp(entry, query) ? [entry, entry] : [entry]
                }
                #expect(all == expected)
            }
        }
    }

    private static func isRolledUp(_ entry: ObjectKey, _ query: ListingQuery) -> Bool {
        !query.delimiter.bytes.isEmpty
            && ObjectKey(bytes: entry.bytes.dropFirst(query.prefix.bytes.count)).description
                .contains(query.delimiter.description)
    }

    @Test func `A common prefix costs one leap, and is not shown again after itself`() async throws {
        let fixture = try await Fixture.withBucket()
        for name in ["a/1", "a/2", "a/3", "b", "c/1"] { try await fixture.put(key(name)) }
        let query = ListingQuery(delimiter: key("/"), limit: 1)
        let first = try await fixture.store.objects(in: "bucket", query, as: owner)
        #expect(first.commonPrefixes == [key("a/")] && first.isTruncated)
        let second = try await fixture.store.objects(in: "bucket", query, after: first.last, as: owner)
        #expect(second.rows.map(\.key) == [key("b")] && second.isTruncated)
        let third = try await fixture.store.objects(in: "bucket", query, after: second.last, as: owner)
        #expect(third.commonPrefixes == [key("c/")] && !third.isTruncated)
        // A marker within a prefix leaves the rest of that prefix to be shown.
        let within = try await fixture.store.objects(in: "bucket", query, after: key("a/2"), as: owner)
        #expect(within.commonPrefixes == [key("a/")])
        let nothing = try await fixture.store.objects(in: "bucket", ListingQuery(limit: 0), as: owner)
        #expect(nothing.rows.isEmpty && !nothing.isTruncated)
    }

    @Test func `Deleting versions page by page deletes them all`() async throws {
        let fixture = try await Fixture.withBucket(versioning: .enabled)
        for number in 0..<7 { try await fixture.put(key("k"), "\(number)") }
        try await fixture.put(key("l"))
        var (marker, version): (ObjectKey?, VersionID?)
        while true {
            let page = try await fixture.store.versions(
                in: "bucket", ListingQuery(limit: 3), after: marker, version: version, as: owner
            )
            _ = try await fixture.store.delete(
                page.rows.map { Deletion($0.key, $0.versionID) }, in: "bucket", as: owner)
            guard page.isTruncated else { break }
            (marker, version) = (page.last, page.rows.last?.versionID)
        }
        try await fixture.store.deleteBucket("bucket", as: owner)
    }
}
