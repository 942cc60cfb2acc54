// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockSigning
import Testing

@testable import PenstockS3

@Suite(.onEachBlobStore) struct ListingOperationTests {
    private func bed(with keys: [String]) async throws -> Bed {
        let bed = try await Bed()
        for key in keys { try await bed.put(path("bucket", key), "x").expect(.ok) }
        return bed
    }

    private func keys(_ document: XMLElement) -> [String] {
        document.all("Contents").compactMap { $0["Key"]?.text }
    }

    private func prefixes(_ document: XMLElement) -> [String] {
        document.all("CommonPrefixes").compactMap { $0["Prefix"]?.text }
    }

    @Test func `A listing shows each object once, by the order of bytes`() async throws {
        let bed = try await self.bed(with: ["b", "a/2", "a/1", "B", "ä"])
        let v2 = try await bed.get("/bucket?list-type=2").expect(.ok).document
        #expect(v2.name == "ListBucketResult")
        #expect(self.keys(v2) == ["B", "a/1", "a/2", "b", "ä"])
        #expect(v2["KeyCount"]?.text == "5")
        #expect(v2["IsTruncated"]?.text == "false")
        #expect(v2["NextContinuationToken"] == nil)
        let first = try #require(v2["Contents"])
        #expect(first["Size"]?.text == "1")
        #expect(first["ETag"]?.text == "\"9dd4e461268c8034f5c8564e155c67a6\"")
        #expect(first["Owner"] == nil)
        let v1 = try await bed.get("/bucket").expect(.ok).document
        #expect(self.keys(v1) == self.keys(v2))
        #expect(v1["Contents"]?["Owner"]?["ID"]?.text == "000000000000")
        #expect(v1["Marker"]?.text == "")
        let owned = try await bed.get("/bucket?list-type=2&fetch-owner=true").document
        #expect(owned["Contents"]?["Owner"] != nil)
    }

    @Test func `Prefix and delimiter roll keys up`() async throws {
        let bed = try await self.bed(with: ["a/1", "a/2", "a/b/3", "c", "d/1"])
        let top = try await bed.get("/bucket?list-type=2&delimiter=%2F").document
        #expect(self.keys(top) == ["c"])
        #expect(self.prefixes(top) == ["a/", "d/"])
        #expect(top["KeyCount"]?.text == "3")
        let inside = try await bed.get("/bucket?list-type=2&delimiter=/&prefix=a/").document
        #expect(self.keys(inside) == ["a/1", "a/2"])
        #expect(self.prefixes(inside) == ["a/b/"])
        let flat = try await bed.get("/bucket?list-type=2&prefix=a/").document
        #expect(self.keys(flat) == ["a/1", "a/2", "a/b/3"])
    }

    @Test func `Pages of one go on where the last one ended, in both versions`() async throws {
        let bed = try await self.bed(with: ["a/1", "a/2", "b", "c/1", "d"])
        for (start, parameter, next) in [
            ("/bucket?list-type=2&delimiter=/&max-keys=1", "continuation-token", "NextContinuationToken"),
            ("/bucket?delimiter=/&max-keys=1", "marker", "NextMarker"),
        ] {
            var shown: [String] = []
            var target = start
            while true {
                let page = try await bed.get(target).expect(.ok).document
                shown += self.keys(page) + self.prefixes(page)
                guard page["IsTruncated"]?.text == "true" else { break }
                target = "\(start)&\(parameter)=\(encoded(try #require(page[next]?.text)))"
            }
            #expect(shown == ["a/", "b", "c/", "d"])
        }
    }

    @Test func `A listing starts after what the client names`() async throws {
        let bed = try await self.bed(with: ["a", "b", "c"])
        let page = try await bed.get("/bucket?list-type=2&start-after=a").document
        #expect(self.keys(page) == ["b", "c"])
        #expect(page["StartAfter"]?.text == "a")
        #expect(self.keys(try await bed.get("/bucket?marker=b").document) == ["c"])
    }

    @Test func `Keys that XML cannot carry come encoded when asked for`() async throws {
        let bed = try await self.bed(with: ["a b/\u{1}", "c&<d>"])
        let page = try await bed.get("/bucket?list-type=2&encoding-type=url&delimiter=/").document
        #expect(page["EncodingType"]?.text == "url")
        #expect(self.prefixes(page) == ["a%20b/"])
        #expect(self.keys(page) == ["c%26%3Cd%3E"])
        let plain = try await bed.get("/bucket?list-type=2").expect(.ok)
        #expect(plain.text.contains("<Key>a b/&#1;</Key>"))
        #expect(plain.text.contains("<Key>c&amp;&lt;d&gt;</Key>"))
    }

    @Test(arguments: [
        "list-type=2&max-keys=-1", "list-type=2&max-keys=x", "encoding-type=base64",
        "list-type=2&continuation-token=%21", "list-type=2&continuation-token=",
    ])
    func `Parameters that make no sense are refused`(_ query: String) async throws {
        let bed = try await self.bed(with: [])
        #expect(try await bed.get("/bucket?\(query)").refusal == "400 InvalidArgument")
    }

    @Test func `No keys are asked for, none are shown, and a page has at most 1,000`() async throws {
        let bed = try await self.bed(with: ["a"])
        let none = try await bed.get("/bucket?list-type=2&max-keys=0").expect(.ok).document
        #expect(none["KeyCount"]?.text == "0")
        #expect(none["IsTruncated"]?.text == "false")
        #expect(try await bed.get("/bucket?list-type=2&max-keys=5000").document["MaxKeys"]?.text == "1000")
    }
}

@Suite(.onEachBlobStore) struct VersionOperationTests {
    @Test func `Versions are kept, hidden by a delete marker, and each can be had`() async throws {
        let bed = try await Bed()
        try await bed.enableVersioning()
        let one = try #require(try await bed.put("/bucket/k", "1").expect(.ok)["x-amz-version-id"])
        let two = try #require(try await bed.put("/bucket/k", "2").expect(.ok)["x-amz-version-id"])
        let deleted = try await bed.send(.delete, "/bucket/k").expect(.noContent)
        let marker = try #require(deleted["x-amz-version-id"])
        #expect(deleted["x-amz-delete-marker"] == "true")
        #expect(Set([one, two, marker]).count == 3)

        let gone = try await bed.get("/bucket/k")
        #expect(gone.refusal == "404 NoSuchKey")
        #expect(gone["x-amz-delete-marker"] == "true")
        let asked = try await bed.get("/bucket/k?versionId=\(marker)")
        #expect(asked.refusal == "405 MethodNotAllowed")
        #expect(asked["Allow"] == "DELETE")
        #expect(try await bed.get("/bucket/k?versionId=\(one)").text == "1")
        #expect(try await bed.get("/bucket/k?versionId=\(two)")["x-amz-version-id"] == two)
        #expect(try await bed.get("/bucket/k?versionId=unknown").refusal == "404 NoSuchVersion")

        let undone = try await bed.send(.delete, "/bucket/k?versionId=\(marker)").expect(.noContent)
        #expect(undone["x-amz-delete-marker"] == "true")
        #expect(try await bed.get("/bucket/k").text == "2")
        try await bed.send(.delete, "/bucket/k?versionId=\(two)").expect(.noContent)
        #expect(try await bed.get("/bucket/k").text == "1")
    }

    @Test func `A listing of versions has markers among them, newest first, and goes on page by page`() async throws {
        let bed = try await Bed()
        try await bed.enableVersioning()
        var written: [String] = []
        for key in ["a", "a", "b"] {
            written.append(try #require(try await bed.put("/bucket/\(key)", key)["x-amz-version-id"]))
        }
        let marker = try #require(try await bed.send(.delete, "/bucket/a")["x-amz-version-id"])
        var target = "/bucket?versions&max-keys=1"
        var shown: [String] = []
        var latest: [String] = []
        while true {
            let page = try await bed.get(target).expect(.ok).document
            for row in page.children where row.name == "Version" || row.name == "DeleteMarker" {
                shown.append("\(row.name) \(row["VersionId"]?.text ?? "")")
                if row["IsLatest"]?.text == "true" { latest.append(row["VersionId"]?.text ?? "") }
            }
            guard page["IsTruncated"]?.text == "true" else { break }
            let key = try #require(page["NextKeyMarker"]?.text)
            let version = try #require(page["NextVersionIdMarker"]?.text)
            target = "/bucket?versions&max-keys=1&key-marker=\(key)&version-id-marker=\(version)"
        }
        #expect(
            shown == [
                "DeleteMarker \(marker)", "Version \(written[1])", "Version \(written[0])", "Version \(written[2])",
            ]
        )
        #expect(latest == [marker, written[2]])
    }

    @Test func `Without versioning the version is null`() async throws {
        let bed = try await Bed()
        try await bed.put("/bucket/k", "old").expect(.ok)
        let listed = try await bed.get("/bucket?versions").document
        #expect(listed["Version"]?["VersionId"]?.text == "null")
        try await bed.enableVersioning()
        try await bed.put("/bucket/k", "new").expect(.ok)
        #expect(try await bed.get("/bucket/k?versionId=null").text == "old")
        try await bed.enableVersioning("Suspended")
        #expect(try await bed.put("/bucket/k", "newer").expect(.ok)["x-amz-version-id"] == "null")
        #expect(try await bed.get("/bucket/k?versionId=null").text == "newer")
    }

    @Test func `Versions are deleted many at once, and a marker says so`() async throws {
        let bed = try await Bed()
        try await bed.enableVersioning()
        let one = try #require(try await bed.put("/bucket/k", "1")["x-amz-version-id"])
        let body = """
            <Delete><Object><Key>k</Key></Object><Object><Key>k</Key><VersionId>\(one)</VersionId></Object></Delete>
            """
        let answer = try await bed.send(.post, "/bucket?delete", .text(body)).expect(.ok).document
        let rows = answer.all("Deleted")
        #expect(rows.map { $0["VersionId"]?.text } == [nil, one])
        #expect(rows.map { $0["DeleteMarker"]?.text } == ["true", nil])
        let marker = try #require(rows.first?["DeleteMarkerVersionId"]?.text)
        try await bed.send(.delete, "/bucket/k?versionId=\(marker)").expect(.noContent)
        try await bed.send(.delete, "/bucket").expect(.noContent)
    }
}
