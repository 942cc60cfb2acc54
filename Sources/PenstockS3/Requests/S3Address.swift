// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import PenstockArtifacts

/// What a request is about: the service, a bucket, or an object.
package struct S3Address: Sendable, Hashable {
    /// `nil` for the service.
    package var bucket: String?
    /// `nil` for the bucket.
    package var key: ObjectKey?

    /// Reads the address of a request.
    ///
    /// The bucket is the first part of the path, or what precedes one of the host names that the operator configured.
    /// The key is the rest of the path, its escapes decoded once; every further slash is part of it.
    ///
    /// - Parameters:
    ///   - path: As sent.
    ///   - host: With or without a port.
    /// - Throws: ``S3Error`` when the path is not the encoded form of UTF-8.
    package init(path: String, host: String, virtualHosts: [String]) throws {
        let name = host.prefix { $0 != ":" }.lowercased()
        var rest = path.utf8.first == UInt8(ascii: "/") ? Array(path.utf8.dropFirst()) : Array(path.utf8)
        let parent = virtualHosts.map { ".\($0.lowercased())" }.first { name.hasSuffix($0) && name.count > $0.count }
        if let parent {
            self.bucket = String(name.dropLast(parent.count))
        } else {
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            let bucket = try Self.text(rest[..<end])
            self.bucket = bucket.isEmpty ? nil : bucket
            rest = Array(rest[end...].dropFirst())
        }
        let key = try Self.text(rest[...])
        self.key = key.isEmpty ? nil : ObjectKey(key)
        if self.bucket == nil, self.key != nil { throw Self.unreadable }
    }

    private static func text(_ encoded: ArraySlice<UInt8>) throws -> String {
        guard let text = PercentEncoding.text(encoded) else { throw Self.unreadable }
        return text
    }

    private static let unreadable = S3Error("InvalidURI", 400, "Couldn't parse the specified URI.")
}

/// The parameters of a request's query, decoded, in the order sent.
package struct S3Query: Sendable, Hashable {
    private let items: [(name: String, value: String)]

    package static func == (left: Self, right: Self) -> Bool {
        left.items.elementsEqual(right.items) { $0 == $1 }
    }

    package func hash(into hasher: inout Hasher) {
        for item in self.items {
            hasher.combine(item.name)
            hasher.combine(item.value)
        }
    }

    /// - Throws: ``S3Error`` when a name or a value is not the encoded form of UTF-8.
    package init(_ query: String?) throws {
        self.items = try (query ?? "").utf8.split(separator: UInt8(ascii: "&")).map { item in
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = parts.map { part in
                PercentEncoding.text(part.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 })
            }
            guard let name = texts[0] else { throw Self.unreadable }
            guard texts.count == 2 else { return (name, "") }
            guard let value = texts[1] else { throw Self.unreadable }
            return (name, value)
        }
    }

    /// The value of the first parameter with this name; empty for one without a value.
    package subscript(name: String) -> String? { self.items.first { $0.name == name }?.value }

    /// The value of a parameter that names what this service gave a name to: a version, or an upload.
    ///
    /// - Throws: ``S3Error`` for a value with NUL, which no such name has and not every database takes for text.
    package func identifier(_ name: String) throws -> String? {
        guard let value = self[name] else { return nil }
        guard !value.utf8.contains(0) else {
            throw S3Error.invalidArgument(
                name, PercentEncoding.encode(Array(value.utf8)), "The value of \(name) holds the character NUL")
        }
        return value
    }

    package func contains(_ name: String) -> Bool { self.items.contains { $0.name == name } }

    /// The names, in the order sent.
    package var names: [String] { self.items.map(\.name) }

    private static let unreadable = S3Error("InvalidURI", 400, "Couldn't parse the specified URI.")
}
