// Copyright (c) Penstock contributors
// SPDX-License-Identifier: Apache-2.0

package import Crypto

/// The SHA-256 of a request's body, or of anything else that is compared by it.
package struct PayloadHash: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes.
    package let bytes: [UInt8]

    /// Of no bytes at all.
    package static let empty = Self(of: [])

    /// Hashes bytes that are at hand.
    package init(of body: some Sequence<UInt8>) {
        var hasher = SHA256()
        let hashed: Void? = body.withContiguousStorageIfAvailable { hasher.update(bufferPointer: .init($0)) }
        if hashed == nil { hasher.update(data: Array(body)) }
        self.bytes = Array(hasher.finalize())
    }

    /// Takes the digest of a body that was hashed as it arrived.
    package init(_ digest: SHA256Digest) {
        self.bytes = Array(digest)
    }

    /// Reads 64 hexadecimal digits of either case.
    package init?(hexadecimal text: some StringProtocol) {
        guard let bytes = Hex.decode(text.utf8), bytes.count == SHA256Digest.byteCount else { return nil }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        String(decoding: Hex.encode(self.bytes), as: UTF8.self)
    }
}

/// What a request says of its body's hash: the value of `x-amz-content-sha256`.
package enum PayloadDeclaration: Sendable, Hashable {
    /// The body is the one with this hash.
    case sha256(PayloadHash)
    /// The body is not part of the signature.
    case unsigned
    /// The body is `aws-chunked`, each chunk signed.
    case streamingSigned
    /// The body is `aws-chunked`, each chunk and the trailer signed.
    case streamingSignedTrailer
    /// The body is `aws-chunked` with a trailer, and none of it is signed.
    case streamingUnsignedTrailer

    /// Reads the header's value; nothing for one that is neither a hash nor a known keyword.
    package init?(headerValue: String) {
        switch headerValue {
        case "UNSIGNED-PAYLOAD": self = .unsigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD": self = .streamingSigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER": self = .streamingSignedTrailer
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER": self = .streamingUnsignedTrailer
        default:
            guard let hash = PayloadHash(hexadecimal: headerValue) else { return nil }
            self = .sha256(hash)
        }
    }

    /// The value to send in `x-amz-content-sha256` and to end a canonical request with.
    package var headerValue: String {
        switch self {
        case .sha256(let hash): hash.description
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .streamingSigned: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case .streamingSignedTrailer: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case .streamingUnsignedTrailer: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }

    /// Whether the body is framed as `aws-chunked` and must pass through ``AWSChunkedDecoder``.
    package var isStreaming: Bool {
        switch self {
        case .sha256, .unsigned: false
        case .streamingSigned, .streamingSignedTrailer, .streamingUnsignedTrailer: true
        }
    }
}
