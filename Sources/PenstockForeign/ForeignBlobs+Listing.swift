// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import PenstockOutbound

extension ForeignBlobs {
    /// So many entries a page of a listing has at most, so that its document can be read whatever the keys are.
    private static let pageSize = 300
    /// A listing of more pages is not one that a store would make.
    private static let maximumPages = 100_000

    /// Keys beneath a prefix, with when they were written; with a delimiter what they begin with up to it, without.
    ///
    /// Source: Amazon S3 API Reference, ListObjectsV2.
    func keys(beneath prefix: String, delimiter: String? = nil) async throws -> [(key: String, time: String)] {
        var query: [(String, String?)] = [("list-type", "2"), ("prefix", prefix)]
        if let delimiter { query.append(("delimiter", delimiter)) }
        return try await self.pages(query, ["continuation-token": "NextContinuationToken"]) { answer in
            delimiter == nil
                ? Array(zip(answer.texts(of: "Key"), answer.texts(of: "LastModified")))
                : answer.texts(of: "Prefix").map { ($0, "") }
        }
        // Not every store heeds the prefix of every listing.
        .filter { $0.0.hasPrefix(prefix) }
    }

    /// Uploads that were neither completed nor aborted beneath a prefix, with when they began.
    ///
    /// Source: Amazon S3 API Reference, ListMultipartUploads.
    func uploads(beneath prefix: String) async throws -> [(key: String, uploadID: String, time: String)] {
        let markers = ["key-marker": "NextKeyMarker", "upload-id-marker": "NextUploadIdMarker"]
        return try await self.pages([("uploads", nil), ("prefix", prefix)], markers) { answer in
            zip(zip(answer.texts(of: "Key"), answer.texts(of: "UploadId")), answer.texts(of: "Initiated"))
                .map { ($0.0, $0.1, $1) }
        }
        .filter { $0.0.hasPrefix(prefix) }
    }

    /// What all pages of a listing have.
    ///
    /// - Parameter markers: Where the next page begins: parameters, and the elements of an answer that have their values.
    private func pages<Entry>(
        _ query: [(String, String?)], _ markers: [String: String], _ entries: (S3Answer) -> [Entry]
    ) async throws -> [Entry] {
        let size = query.contains { $0.0 == "uploads" } ? "max-uploads" : "max-keys"
        var (found, next) = ([Entry](), [(String, String?)]())
        for _ in 1...Self.maximumPages {
            var request = S3Request(.GET, bucket: self.bucket)
            request.query = query + [(size, "\(Self.pageSize)")] + next
            let answer = try await self.send(request)
            try self.require(answer.isSuccess, answer, to: "list what is there")
            found += entries(answer)
            guard answer.text(of: "IsTruncated") == "true" else { return found }
            next = markers.sorted { $0.key < $1.key }.compactMap { name, element in
                answer.text(of: element).map { (name, $0) }
            }
            guard !next.isEmpty else { break }
        }
        throw ForeignBlobFailure("\(self.place) made a listing without an end")
    }
}
