// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import PenstockModel

/// What a listing shows, and how.
package struct ListingQuery: Sendable, Hashable {
    package var prefix: ObjectKey
    /// Keys that have it after the prefix are shown once, as what they have in common up to it; empty for none.
    package var delimiter: ObjectKey
    /// Rows and common prefixes together; cut at ``ArtifactStore/maximumPageSize``.
    package var limit: Int

    package init(
        prefix: ObjectKey = .first, delimiter: ObjectKey = .first, limit: Int = ArtifactStore.maximumPageSize
    ) {
        self.prefix = prefix
        self.delimiter = delimiter
        self.limit = min(max(limit, 0), ArtifactStore.maximumPageSize)
    }

    /// The key up to and with the first delimiter after the prefix; `nil` when there is none.
    func commonPrefix(of key: ObjectKey) -> ObjectKey? {
        let pattern = self.delimiter.bytes
        guard !pattern.isEmpty, key.hasPrefix(self.prefix), key.bytes.count >= pattern.count else { return nil }
        var start = self.prefix.bytes.count
        while start + pattern.count <= key.bytes.count {
            let end = start + pattern.count
            if key.bytes[start..<end].elementsEqual(pattern) { return ObjectKey(bytes: key.bytes[..<end]) }
            start += 1
        }
        return nil
    }

    /// Where a listing goes on after this key, which may be a common prefix that an earlier page ended with.
    func start(after marker: ObjectKey) -> ObjectKey? {
        self.commonPrefix(of: marker) == marker ? marker.endOfPrefix : marker.successor
    }
}

/// One page of a listing.
package struct ListingPage<Row: Sendable>: Sendable {
    /// By key.
    package var rows: [Row] = []
    /// By key too; rows and these would be one sequence if they were one kind.
    package var commonPrefixes: [ObjectKey] = []
    /// There is more than the page holds.
    package var isTruncated = false
    /// The last key or common prefix of the page; `nil` when it is empty.
    package var last: ObjectKey?
}

extension ArtifactStore {
    /// Objects by key, those that are not deleted, after the marker.
    package func objects(
        in bucket: String, _ query: ListingQuery, after marker: ObjectKey? = nil, as caller: Caller
    ) async throws -> ListingPage<ObjectVersionRow> {
        try await self.index.readArtifacts { transaction in
            _ = try transaction.ownBucket(bucket, for: .read, caller)
            let start = marker.map { query.start(after: $0) } ?? .first
            return try query.page(from: start, key: \.key) { from, last, limit in
                let next = last?.key.successor ?? from
                return try transaction.latestVersions(in: bucket, prefix: query.prefix, from: next, limit: limit)
            }
        }
    }

    /// Versions and delete markers by key, the newest first.
    ///
    /// - Parameters:
    ///   - marker: Keys up to this one are left out.
    ///   - versionMarker: Of the marker's key itself, what is older than this version is shown; all, when that version
    ///     is gone (a client that deletes page by page has deleted all that came before).
    package func versions(
        in bucket: String,
        _ query: ListingQuery,
        after marker: ObjectKey? = nil,
        version versionMarker: VersionID? = nil,
        as caller: Caller
    ) async throws -> ListingPage<ObjectVersionRow> {
        try await self.index.readArtifacts { transaction in
            _ = try transaction.ownBucket(bucket, for: .read, caller)
            var start = marker.map { query.start(after: $0) } ?? .first
            var below: Int64?
            if let marker, let versionMarker {
                start = marker
                below = try transaction.version(versionMarker, of: marker, in: bucket)?.sequence
            }
            return try query.page(from: start, key: \.key) { from, last, limit in
                try transaction.versions(
                    in: bucket, prefix: query.prefix, from: last?.key ?? from,
                    below: last?.sequence ?? (from == start ? below : nil), limit: limit
                )
            }
        }
    }

    /// Multipart uploads by key, the oldest first.
    ///
    /// - Parameters:
    ///   - marker: Keys up to this one are left out.
    ///   - uploadMarker: Of the marker's key itself, uploads that began after this one are shown.
    package func uploads(
        in bucket: String,
        _ query: ListingQuery,
        after marker: ObjectKey? = nil,
        upload uploadMarker: String? = nil,
        as caller: Caller
    ) async throws -> ListingPage<UploadRow> {
        try await self.index.readArtifacts { transaction in
            _ = try transaction.ownBucket(bucket, for: .read, caller)
            let start: ObjectKey?
            if let marker, uploadMarker != nil {
                start = marker
            } else {
                start = marker.map { query.start(after: $0) } ?? .first
            }
            return try query.page(from: start, key: \.key) { from, last, limit in
                try transaction.uploads(
                    in: bucket, prefix: query.prefix, from: last?.key ?? from,
                    after: last?.uploadID ?? (from == start ? uploadMarker : nil), limit: limit
                )
            }
        }
    }
}

extension ListingQuery {
    private static let firstBatch = 16
    private static let largestBatch = ArtifactStore.maximumPageSize + 1

    /// Walks rows in order, and leaps over what a common prefix stands for, so that a page costs no more than its
    /// entries, however many keys lie beneath them.
    ///
    /// - Parameters:
    ///   - start: The first key to show; `nil` when there can be none.
    ///   - fetch: At most so many rows with the prefix: those after the given row, or else from the given key on.
    func page<Row: Sendable>(
        from start: ObjectKey?,
        key: (Row) -> ObjectKey,
        fetch: (_ from: ObjectKey, _ after: Row?, _ limit: Int) throws -> [Row]
    ) throws -> ListingPage<Row> {
        var page = ListingPage<Row>()
        guard self.limit > 0, var from = start else { return page }
        var count = 0
        var lastRow: Row?
        // Between two leaps there are often few rows, so reading begins small there.
        var batch = self.delimiter.bytes.isEmpty ? Self.largestBatch : Self.firstBatch
        while true {
            let limit = min(self.limit - count + 1, batch)
            let rows = try fetch(from, lastRow, limit)
            var leaped = false
            for row in rows {
                guard count < self.limit else {
                    page.isTruncated = true
                    return page
                }
                count += 1
                if let common = self.commonPrefix(of: key(row)) {
                    page.commonPrefixes.append(common)
                    page.last = common
                    guard let end = common.endOfPrefix else { return page }
                    (from, lastRow, leaped) = (end, nil, true)
                    break
                }
                page.rows.append(row)
                page.last = key(row)
                lastRow = row
            }
            if !leaped, rows.count < limit { return page }
            batch = leaped ? Self.firstBatch : min(batch * 2, Self.largestBatch)
        }
    }
}
