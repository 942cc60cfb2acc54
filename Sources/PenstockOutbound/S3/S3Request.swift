// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import NIOHTTP1
package import PenstockSigning

/// One request to an S3-compatible store, before it is signed. It may be sent several times.
package struct S3Request: Sendable {
    /// What is sent with it.
    package enum Body: Sendable {
        case none
        case bytes([UInt8])
        case stream(S3Content)

        var hash: PayloadHash {
            switch self {
            case .none: .empty
            case .bytes(let bytes): PayloadHash(of: bytes)
            case .stream(let content): content.hash
            }
        }

        var sizeBytes: Int64 {
            switch self {
            case .none: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .stream(let content): content.range.upperBound - content.range.lowerBound
            }
        }
    }

    package var method: HTTPMethod
    /// `nil` for the service itself.
    package var bucket: String?
    /// `nil` for the bucket itself.
    package var key: String?
    /// Names and values, not encoded; a name without a value has `nil`.
    package var query: [(name: String, value: String?)] = []
    package var headers: [(name: String, value: String)] = []
    package var body = Body.none
    /// What the store copies before it answers; it is given time for it.
    package var copiedBytes: Int64 = 0
    /// Whether the body of an answer that is a success is left to be read piece by piece.
    package var streamsAnswer = false

    package init(_ method: HTTPMethod, bucket: String?, key: String? = nil) {
        self.method = method
        self.bucket = bucket
        self.key = key
    }

    /// Path and query beneath the endpoint's own path, which ends with a slash.
    func target(beneath path: String) -> String {
        var target = path + Self.encode(self.bucket ?? "", keepingSlashes: false)
        if let key = self.key { target += "/" + Self.encode(key, keepingSlashes: true) }
        for (index, item) in self.query.enumerated() {
            target += (index == 0 ? "?" : "&") + Self.encode(item.name, keepingSlashes: false)
            target += "=" + Self.encode(item.value ?? "", keepingSlashes: false)
        }
        return target
    }

    private static func encode(_ text: String, keepingSlashes: Bool) -> String {
        String(decoding: URIEncoding.encode(text.utf8, keepingSlashes: keepingSlashes), as: UTF8.self)
    }
}

/// A run of bytes to be sent, read piece by piece, as often as the request is.
package struct S3Content: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer
    /// The most bytes of one piece.
    package static let pieceSizeBytes: Int64 = 256 * 1024

    package let range: Range<Int64>
    /// Of the bytes in the range.
    package let hash: PayloadHash
    private let read: @Sendable (_ offset: Int64, _ count: Int) async throws -> ByteBuffer

    package init(
        range: Range<Int64>, hash: PayloadHash,
        read: @escaping @Sendable (_ offset: Int64, _ count: Int) async throws -> ByteBuffer
    ) {
        self.range = range
        self.hash = hash
        self.read = read
    }

    package func makeAsyncIterator() -> Iterator { Iterator(rest: self.range, read: self.read) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var rest: Range<Int64>
        fileprivate let read: @Sendable (_ offset: Int64, _ count: Int) async throws -> ByteBuffer

        package mutating func next() async throws -> ByteBuffer? {
            guard !self.rest.isEmpty else { return nil }
            let count = Swift.min(S3Content.pieceSizeBytes, Int64(self.rest.count))
            let piece = try await self.read(self.rest.lowerBound, Int(count))
            self.rest = self.rest.lowerBound + count..<self.rest.upperBound
            return piece
        }
    }
}
