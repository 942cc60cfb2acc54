// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PenstockArtifacts
import PenstockModel

/// What a request for an object wants to be true of it.
struct Preconditions: Sendable, Hashable {
    var ifMatch: String?
    var ifNoneMatch: String?
    var ifModifiedSince: Timestamp?
    var ifUnmodifiedSince: Timestamp?

    enum Outcome: Sendable, Hashable { case proceed, notModified, failed }

    /// Those of the request, or with the prefix those of a copy's source.
    init(_ headers: HTTPFields, prefix: String = "") {
        func value(_ name: String) -> String? { headers[.s3(prefix + name)] }
        self.ifMatch = value("if-match")
        self.ifNoneMatch = value("if-none-match")
        self.ifModifiedSince = value("if-modified-since").flatMap(HTTPDate.parse)
        self.ifUnmodifiedSince = value("if-unmodified-since").flatMap(HTTPDate.parse)
    }

    /// A condition on the ETag outweighs the one on the date that goes with it.
    ///
    /// Source: RFC 9110, section 13.2.2.
    func evaluate(etag: String, lastModified: Timestamp) -> Outcome {
        // Dates of headers have whole seconds.
        let modified = lastModified.millisecondsSinceEpoch / 1000
        if let ifMatch {
            guard Self.contains(ifMatch, etag) else { return .failed }
        } else if let since = self.ifUnmodifiedSince, modified > since.millisecondsSinceEpoch / 1000 {
            return .failed
        }
        if let ifNoneMatch {
            if Self.contains(ifNoneMatch, etag) { return .notModified }
        } else if let since = self.ifModifiedSince, modified <= since.millisecondsSinceEpoch / 1000 {
            return .notModified
        }
        return .proceed
    }

    private static func contains(_ list: String, _ etag: String) -> Bool {
        list.split(separator: ",").contains { item in
            let tag = unquoted(item)
            return tag == "*" || tag == etag
        }
    }
}

/// An ETag without blanks, weakness and quotation marks.
func unquoted(_ etag: some StringProtocol) -> String {
    var text = etag.drop { $0 == " " }
    while text.last == " " { text = text.dropLast() }
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    if text.hasPrefix("\""), text.hasSuffix("\""), text.count >= 2 { return String(text.dropFirst().dropLast()) }
    return String(text)
}

extension WriteConditions {
    /// `If-None-Match: *` and `If-Match` of a write.
    init(_ headers: HTTPFields) throws {
        self.init(ifMatch: headers[.ifMatch].map { unquoted($0) })
        guard let value = headers[.ifNoneMatch] else { return }
        guard value == "*" else { throw S3Error.notImplemented("If-None-Match of a write with anything but *") }
        self.ifAbsent = true
    }
}
